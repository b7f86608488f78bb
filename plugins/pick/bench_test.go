package pick_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"reprieve/controller"
)

// shape is a slice as it might be found, and how often at most memory.stat may
// be read to choose.
type shape struct {
	name   string
	groups []group
	most   int
}

// shapes returns slices of sizes as they are common, most small and few large,
// a tenth to a half of each page cache; and one where all subtrees are alike,
// which is the worst: memory.stat of many must tell which is the largest.
func shapes() []shape {
	r := rand.New(rand.NewPCG(1, 2))
	mixed := func(n int) []group {
		all := leaves(n, "leaf", 0)
		for i := range all {
			all[i].usage = uint64(20*mib + r.ExpFloat64()*100*mib)
			all[i].cache = all[i].usage / 10 * (1 + r.Uint64N(5))
		}
		return all
	}
	hog := func(groups []group) []group {
		groups[len(groups)/2].usage, groups[len(groups)/2].cache = 4096*mib, 1024*mib
		return groups
	}
	nested := func(n, each int, times func() float64) []group {
		all := make([]group, n)
		for i := range all {
			all[i] = group{name: fmt.Sprintf("sub%d", i), priority: 100, below: mixed(each)}
			by := times()
			for j := range all[i].below {
				one := &all[i].below[j]
				one.usage, one.cache = uint64(by*float64(one.usage)), uint64(by*float64(one.cache))
			}
		}
		return all
	}
	return []shape{
		{"10 leaves, one large", hog(mixed(10)), 1},
		{"10 leaves", mixed(10), 4},
		{"10000 leaves, one large", hog(mixed(10_000)), 1},
		{"10000 leaves", mixed(10_000), 10},
		{"40 subtrees of 250", nested(40, 250, r.ExpFloat64), 500},
		{"40 subtrees of 25, alike", nested(40, 25, func() float64 { return 1 }), 500},
	}
}

// BenchmarkScale tells what a choice costs beside its readings, and how many
// memory.stat it needs.
func BenchmarkScale(b *testing.B) {
	for _, s := range shapes() {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			reads := 0
			for b.Loop() {
				b.StopTimer()
				w := newWorld(&controller.Scale{Order: largest, MinBytes: 16 * mib}, s.groups)
				b.StartTimer()
				w.choose()
				reads = w.reads
			}
			b.ReportMetric(float64(reads), "stats/op")
		})
	}
}
