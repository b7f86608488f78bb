package memcg

import (
	"bytes"
	"os"
	"strconv"
)

// maxUserWatches is how many inotify watches all processes of a user may have
// together: a hundredth of the memory's worth, and at least 8192 (fs/notify/inotify/inotify_user.c).
const maxUserWatches = "/proc/sys/fs/inotify/max_user_watches"

// watchesOf is how many of them a tree takes: half. systemd is the same user,
// has a watch of its own for each unit's group, and learns by it that the unit is empty.
// A file that is not there or makes no sense sets no bound: 0.
func watchesOf(file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil || n < 0 {
		return 0
	}
	return max(n/2, 1)
}

// Unwatched returns how many groups are descended into without a watch, since
// the host has too few (fs.inotify.max_user_watches): what is in them is known
// as it was when they were seen, or at the last Relist.
func (t *Tree) Unwatched() int { return len(t.blind) }

// Relist looks into the groups without a watch and tells what changed in them.
// One that can be watched by now is.
func (t *Tree) Relist(tell func(Change)) error {
	all := make([]*Node, 0, len(t.blind))
	for n := range t.blind {
		all = append(all, n)
	}
	for _, n := range all {
		if !n.blind || !n.There() {
			continue
		}
		n.blind = false
		delete(t.blind, n)
		for _, c := range n.Children() {
			if err := t.look(n, c.Name, tell); err != nil {
				return err
			}
		}
		if err := t.enter(n, tell); err != nil {
			return err
		}
	}
	return nil
}
