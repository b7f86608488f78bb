package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"reprieve/internal/control"
	"reprieve/internal/reprieve1"
)

// standing returns the holds in force that are this user's, each as it was told when it was made. A status names the unit that is held and
// not whose it is, and two users may have units of one name: it is this user's where a group of that name, in the user's
// manager or around it, has the limit of the hold. Mount is where the control groups are.
func (s self) standing(mount string, status control.Status) []reprieve1.Event {
	var all []reprieve1.Event
	for _, slice := range status.Slices {
		if status.Observe || slice.Episode == nil || !s.below(slice.Path) {
			continue
		}
		for _, h := range slice.Episode.Holds {
			if uid, ok := s.held(mount, h); ok {
				all = append(all, reprieve1.Event{
					Slice: slice.Unit, Unit: h.Unit, UID: uid, Episode: slice.Episode.Episode, DeadlineUnixUsec: uint64(max(slice.Episode.DeadlineUnixUsec, 0)),
				})
			}
		}
	}
	return all
}

// below reports whether this process is in a group or further down.
func (s self) below(path string) bool {
	return strings.HasPrefix("/"+strings.Join(s.groups, "/")+"/", strings.TrimSuffix(path, "/")+"/")
}

// held looks for the group of a hold: the user whose manager it belongs to is this one, or 0 where it is the system's, as in an event.
func (s self) held(mount string, h control.Hold) (uid uint32, ok bool) {
	dir, manager := mount, slices.Index(s.groups, fmt.Sprintf("user@%d.service", s.uid))
	for _, group := range s.groups[:manager+1] {
		dir = filepath.Join(dir, group)
		if group == h.Unit && limits(dir, h) {
			return 0, true
		}
	}
	if manager < 0 {
		return 0, false // It was started by something else: what is around is not known for the system's.
	}
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != dir && entry.Name() == h.Unit && limits(path, h) {
			ok = true
			return fs.SkipAll
		}
		return nil // A group that goes meanwhile is not held.
	})
	return s.uid, ok
}

// limits reports whether a group has the limit of a hold.
func limits(dir string, h control.Hold) bool {
	file, pages := map[string]string{"throttle": "memory.high", "raise": "memory.max", "freeze": "cgroup.freeze"}[h.By], uint64(os.Getpagesize())
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if h.By == "freeze" {
		return err == nil && n == 1
	}
	return err == nil && h.MarkBytes > 0 && n/pages == h.MarkBytes/pages // "max" is no number, and the kernel has whole pages
}
