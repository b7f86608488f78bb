package controller

import "cmp"

// Far is what is known of a leaf that the shell does not keep open: it has more
// of them than descriptors.
type Far struct {
	Bytes  uint64 // memory and swap
	Gained uint64 // of it, since the episode began
}

// growth is what it gained where a grower may be held for it.
func (f Far) growth() uint64 {
	if f.Gained < leastGain {
		return 0
	}
	return f.Gained
}

// CompareFar orders far leaves as they are to be opened in an episode: who grew
// first, by how much, then the others by size.
func CompareFar(a, b Far) int {
	if order := cmp.Compare(b.growth(), a.growth()); order != 0 {
		return order
	}
	return cmp.Compare(b.Bytes, a.Bytes)
}

// Opens reports whether a far leaf is to be opened when so many of the places
// that an episode has for them are taken: whoever grew, and the largest as long
// as half of the places are left for those that grow later.
func (f Far) Opens(taken, places int) bool {
	return f.growth() > 0 || (f.Bytes > 0 && taken < places/2)
}
