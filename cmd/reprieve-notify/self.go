package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"reprieve/internal/reprieve1"
)

// self is who is told: a user, and the groups that this process is in, from the
// root down.
type self struct {
	uid    uint32
	groups []string
}

// readSelf reads the groups from /proc/self/cgroup:
//
//	0::/user.slice/user-1000.slice/user@1000.service/session.slice/reprieve-notify.service
func readSelf(path string, uid uint32) (self, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return self{}, fmt.Errorf("which group this is: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::/"); ok {
			return self{uid, strings.Split(group, "/")}, nil
		}
	}
	return self{}, fmt.Errorf("%s has no line that begins with 0::/; reprieve needs the unified hierarchy of control groups", path)
}

// owns reports whether an event is about a unit of this user's manager.
func (s self) owns(e reprieve1.Event) bool { return e.Unit != "" && e.UID != 0 && e.UID == s.uid }

// within reports whether an event is about a unit of the system's that all of this is in: user.slice, user@1000.service.
func (s self) within(e reprieve1.Event) bool {
	return e.Unit != "" && e.UID == 0 && slices.Contains(s.groups, e.Unit)
}
