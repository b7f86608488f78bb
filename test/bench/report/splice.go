package report

import (
	"fmt"
	"strings"
)

// The marks between which a document has what this program writes. All around them is written by hand.
const (
	begin = "<!-- bench: begin -->\n"
	end   = "<!-- bench: end -->\n"
)

// Splice returns the document with text between its marks. One that does not have both marks, once and in order, is an error.
func Splice(document, text string) (string, error) {
	head, rest, ok := strings.Cut(document, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 || strings.Contains(rest, begin) || strings.Contains(tail, end) {
		return "", fmt.Errorf("want the lines %q and %q, once each, in this order", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return head + begin + text + end + tail, nil
}
