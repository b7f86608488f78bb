package episodes

import (
	"os"
	"testing"
)

// many returns a store of n records of a realistic size, of two slices in turn. They are written without Store.Write, whose
// fsync would take minutes.
func many(b *testing.B, n int) Store {
	b.Helper()
	s := Store{Dir: b.TempDir()}
	for i := range n {
		r := record(i, []string{"batch.slice", "user.slice"}[i%2])
		text, err := encode(r)
		must(b, err)
		must(b, os.WriteFile(s.path(fileName(r.Slice, r.Episode, r.Began)), text, 0o644))
	}
	return s
}

// BenchmarkHistory is what `reprievectl history` reads of 10,000 records: the newest 20, and all of a slice or all.
func BenchmarkHistory(b *testing.B) {
	s := many(b, 10_000)
	for _, bench := range []struct {
		name   string
		filter Filter
		want   int
	}{
		{"Newest20", Filter{Newest: 20}, 20},
		{"Slice", Filter{Slice: "batch.slice", Newest: 10_000}, 5_000},
		{"All", Filter{}, 10_000},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				all, err := s.List(bench.filter)
				must(b, err)
				read := s.Summaries(all)
				if len(read) != bench.want || read[0].Err != nil {
					b.Fatalf("%d summaries, %v, want %d", len(read), read[0].Err, bench.want)
				}
			}
		})
	}
}

// BenchmarkWrite is what the daemon's worker does at the end of an episode, in a store that is full.
func BenchmarkWrite(b *testing.B) {
	s := many(b, DefaultMaxFiles)
	r := record(DefaultMaxFiles, "batch.slice")
	for b.Loop() {
		must(b, s.Write(r))
	}
}
