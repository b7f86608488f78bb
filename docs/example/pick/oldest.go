package pick

import "reprieve/controller"

// Oldest picks the group that was made first: of workers that leak a little
// with each job, the one that has leaked longest. It goes by the inode of the
// group's directory, which kernfs counts up (__kernfs_new_node in
// fs/kernfs/dir.c). A unit that was restarted is new. No two groups are of the
// same age, so that a picker listed after this one is never asked.
type Oldest struct{}

// Name returns "oldest".
func (Oldest) Name() string { return "oldest" }

// Less reports whether a was made before b.
func (Oldest) Less(a, b *controller.Score) bool { return a.Born < b.Born }
