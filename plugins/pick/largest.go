// Package pick holds the pickers: each orders the candidates of a slice, the
// next to be stopped first. They are pure. What may not be stopped at all is
// not theirs to say.
package pick

import "reprieve/controller"

// Largest picks the leaf with the largest footprint: what its end gives back
// of memory and swap, as the cgroup-aware OOM killer compared groups.
type Largest struct{}

// Name implements controller.Picker.
func (Largest) Name() string { return "largest" }

// Less implements controller.Picker.
func (Largest) Less(a, b *controller.Candidate) bool {
	return a.FootprintBytes > b.FootprintBytes
}
