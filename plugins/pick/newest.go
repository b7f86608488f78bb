package pick

import "reprieve/controller"

// Newest picks the group that was made last. It goes by the inode of the
// group's directory, which kernfs counts up (__kernfs_new_node in
// fs/kernfs/dir.c); the directory's times are no guide, kernfs sets them anew
// with each inode it makes. A unit that was restarted is new. Where ways part
// above the units, the groups there are compared.
type Newest struct{}

// Name returns "newest".
func (Newest) Name() string { return "newest" }

// Less reports whether a was made after b.
func (Newest) Less(a, b *controller.Score) bool { return a.Born > b.Born }
