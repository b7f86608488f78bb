package report

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"reprieve/controller"
	"reprieve/memcg"
)

// Table renders a note's candidates, in their order, for people.
func Table(n controller.Note) string {
	var s strings.Builder
	w := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "UNIT\tPRIORITY\tFOOTPRINT\tUSAGE\tPREFERENCE\tWHY NOT")
	for i := range n.Candidates {
		c := &n.Candidates[i]
		bound := "<"
		if c.Measured {
			bound = ""
		}
		fmt.Fprintf(w, "%s\t%d\t%s%s\t%s\t%s\t%s\n", named(c), c.Score.Priority, bound, size(c.Score.FootprintBytes),
			size(c.UsageBytes), dash(preference(c)), dash(whyNot(c)))
	}
	if n.Others > 0 {
		fmt.Fprintf(w, "and %d more\n", n.Others)
	}
	w.Flush()
	return strings.TrimSuffix(s.String(), "\n")
}

// whyNot is why a candidate cannot be stopped, or "". It has sizes where
// Excluded has bytes.
func whyNot(c *controller.Candidate) string {
	why := c.Excluded()
	large := *c
	large.MinBytes = 0
	if why == "" || large.Excluded() != "" {
		return why
	}
	return fmt.Sprintf("below min (%s of %s)", size(c.Score.FootprintBytes), size(c.MinBytes))
}

// preference is what a candidate, or who owns it, asked for, or "".
func preference(c *controller.Candidate) string {
	var all []string
	if c.Preference != memcg.NoPreference {
		all = append(all, c.Preference.String())
	}
	if c.Tame {
		all = append(all, "avoid (name chosen by its user)")
	}
	if c.Forged {
		all = append(all, "xattr of its own ignored: not owned by root or the slice's owner")
	}
	return strings.Join(all, ", ")
}

// dash stands for nothing in a table.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
