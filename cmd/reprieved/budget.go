package main

import "golang.org/x/sys/unix"

const (
	// readyLeaves is how many leaves, of all slices together, are open from when they
	// are seen. An open leaf costs the kernel some 15 KiB, and 60 KiB when all its
	// files have been read, and that is charged to the daemon's own group: 256
	// are 4 MiB in calm. It is also what a tick reads on the loop, a millisecond natively.
	readyLeaves = 256
	// moreLeaves is how many of the others may be open besides, for an episode.
	moreLeaves = 256
	// leafFds is what an open leaf takes: its directory and leafFiles.
	leafFds = 13
	// keptFds is what all else may need, of a limit on open files that is large
	// enough; of a smaller one a quarter is kept.
	keptFds = 1024
	// mostWitnesses is how many groups beside its way to the root tell a slice how others fare.
	mostWitnesses = 128
)

// slot is what an open leaf takes of the budget.
type slot int

const (
	noSlot slot = iota
	readySlot
	moreSlot
)

// budget is how many leaves may be open, and how many are.
type budget struct {
	most [moreSlot + 1]int
	used [moreSlot + 1]int
}

// newBudget divides what the limit on open files allows. Where it cannot be
// read the kernel's default for it, 1024, is assumed.
func newBudget(openFiles uint64) budget {
	kept := min(keptFds, openFiles/4)
	share := int(min((openFiles-kept)/leafFds/2, readyLeaves))
	var b budget
	b.most[readySlot], b.most[moreSlot] = share, share*moreLeaves/readyLeaves
	return b
}

// openFiles is the limit on open files (RLIMIT_NOFILE); the Go runtime has
// raised the soft one to the hard one.
func openFiles() uint64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	return limit.Cur
}

// take takes a slot and reports whether there was one.
func (b *budget) take(s slot) bool {
	if b.used[s] >= b.most[s] {
		return false
	}
	b.used[s]++
	return true
}

// give gives a slot back; noSlot is none.
func (b *budget) give(s slot) {
	if s != noSlot {
		b.used[s]--
	}
}
