package metrics

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Ensure docs/metrics.md explains every metric with its type, and no other.
func TestDocs_Metrics(t *testing.T) {
	var got, want []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(reprieve_\\w+)` \\| (\\w+) \\|").FindAllStringSubmatch(document(t, "metrics.md"), -1) {
		got = append(got, row[1]+" "+row[2])
	}
	for name, f := range families(t, render(t, sample())) {
		want = append(want, name+" "+strings.ToLower(f.GetType().String()))
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/metrics.md: -want +got\n%s", diff)
	}
}
