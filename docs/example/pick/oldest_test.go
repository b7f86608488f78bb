package pick

import (
	"slices"
	"strconv"
	"testing"

	"reprieve/controller"
)

// Ensure the earlier group goes first, whatever its size and priority, and
// that two of the same age are equal.
func TestOldest_Less(t *testing.T) {
	early := controller.Score{Born: 4000, Priority: 100, FootprintBytes: 1}
	late := controller.Score{Born: 1 << 33, Priority: -1000, FootprintBytes: 1 << 40}
	for _, tt := range []struct {
		name string
		a, b controller.Score
		want bool
	}{
		{"made before", early, late, true},
		{"made after", late, early, false},
		{"itself", early, early, false},
		{"of the same age", early, controller.Score{Born: 4000}, false},
	} {
		if got := (Oldest{}).Less(&tt.a, &tt.b); got != tt.want {
			t.Errorf("%s: Less(%+v, %+v) = %v, want %v", tt.name, tt.a, tt.b, got, tt.want)
		}
	}
}

// workers are n leaf slices of a watched slice, each with as much memory, in
// pools of ten: the first pool was made last, and has the oldest leaf.
func workers(n int) []controller.Candidate {
	root := &controller.Level{Path: "/pool.slice"}
	all := make([]controller.Candidate, n)
	var pool *controller.Level
	for i := range all {
		if i%10 == 0 {
			path := root.Path + "/" + strconv.Itoa(i/10)
			pool = &controller.Level{Path: path, Score: controller.Score{Born: uint64(1000 + n - i)}}
		}
		c := &all[i]
		c.Unit, c.Inode = "worker"+strconv.Itoa(i), uint64(2000+i)
		c.UsageBytes = 64 << 20
		c.Score = controller.Score{Born: c.Inode, FootprintBytes: c.UsageBytes}
		leaf := &controller.Level{Path: pool.Path + "/" + c.Unit, Inode: c.Inode, UsageBytes: c.UsageBytes, Score: c.Score}
		c.Levels = []*controller.Level{root, pool, leaf}
	}
	return all
}

// Ensure two groups are compared where their ways part: the oldest leaf of the
// oldest pool goes first, and not the oldest leaf of all.
func TestOldest_Levels(t *testing.T) {
	all := workers(30)
	scale := controller.Scale{Order: controller.Order{Oldest{}}}
	scale.Set(all)
	scale.Rank(all)
	var got []string
	for _, c := range all[:11] {
		got = append(got, c.Unit)
	}
	var want []string
	for i := range 10 {
		want = append(want, "worker"+strconv.Itoa(20+i))
	}
	if want = append(want, "worker10"); !slices.Equal(got, want) {
		t.Errorf("the first to be stopped are %q, want %q", got, want)
	}
}

// Ensure age is known without a look at memory.stat: it is read of the one
// that is stopped, since it must free enough, and of nobody else.
func TestOldest_Reads(t *testing.T) {
	if got := choose(workers(10_000)); got != 1 {
		t.Errorf("memory.stat is read %d times, want once", got)
	}
}

// BenchmarkOldest tells what a choice of ten thousand costs beside its readings.
func BenchmarkOldest(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		all := workers(10_000)
		b.StartTimer()
		choose(all)
	}
}

// choose makes the choice as the daemon's worker does, and returns how often
// it reads memory.stat.
func choose(all []controller.Candidate) (reads int) {
	scale := controller.Scale{Order: controller.Order{Oldest{}}}
	scale.Set(all)
	for i := scale.Next(all); i >= 0; i = scale.Next(all) {
		all[i].Measured = true
		reads++
	}
	scale.Rank(all)
	return reads
}
