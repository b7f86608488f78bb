package pick

import "reprieve/controller"

// Priority picks the leaf of lowest priority, the largest among equals. It
// compares level by level from the watched slice down: where two ways part,
// the groups there are compared, each with all that is in it, so that a group
// gains nothing by splitting into many leaves.
type Priority struct{}

// Name implements controller.Picker.
func (Priority) Name() string { return "priority" }

// Less implements controller.Picker.
func (Priority) Less(a, b *controller.Candidate) bool {
	la, lb := controller.Diverge(a, b)
	if la.Priority != lb.Priority {
		return la.Priority < lb.Priority
	}
	return la.FootprintBytes > lb.FootprintBytes
}
