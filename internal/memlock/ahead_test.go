package memlock

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Ensure gaps are what is not there behind a page that is, and no more than is looked ahead.
func TestGaps(t *testing.T) {
	const page, start = 0x1000, 0x10_0000
	gap := func(from, to uint64) mapping {
		return mapping{start: start + from*page, end: start + to*page, writable: true, path: "(memory of the runtime)"}
	}
	pages := func(n int, there ...int) []bool {
		all := make([]bool, n)
		for _, i := range there {
			all[i] = true
		}
		return all
	}
	for _, tt := range []struct {
		name  string
		pages []bool
		want  []mapping
	}{
		{"none there", pages(100), nil},
		{"all there", pages(3, 0, 1, 2), nil},
		{"to the end", pages(5, 1), []mapping{gap(2, 5)}},
		{"as far as is looked ahead", pages(100, 0, 1), []mapping{gap(2, 2+aheadPages)}},
		{"up to the next that is there", pages(10, 0, 4, 5), []mapping{gap(1, 4), gap(6, 10)}},
		{"anew behind each", pages(200, 10, 100), []mapping{gap(11, 11+aheadPages), gap(101, 101+aheadPages)}},
	} {
		m := mapping{start: start, end: start + uint64(len(tt.pages))*page}
		if diff := cmp.Diff(tt.want, gaps(m, tt.pages, page), cmp.AllowUnexported(mapping{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Ensure something is brought in, and not all that the runtime has mapped.
func TestFillAhead(t *testing.T) {
	first, err := FillAhead()
	if err != nil {
		t.Fatalf("FillAhead() = %v", err)
	}
	const most = 16 << 20
	if first == 0 || first > most {
		t.Errorf("FillAhead() = %d bytes, want some and at most %d", first, most)
	}
}
