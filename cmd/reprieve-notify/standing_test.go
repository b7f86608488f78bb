package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/internal/control"
	"reprieve/internal/reprieve1"
)

// cgroups makes a tree of files; names are below the mount.
func cgroups(t *testing.T, files map[string]string) (mount string) {
	t.Helper()
	mount = t.TempDir()
	for name, text := range files {
		path := filepath.Join(mount, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return mount
}

// Ensure a hold that is in force is taken for this user's where the limit is that of a group of the user's manager or around it, and
// nowhere else.
func TestStanding(t *testing.T) {
	const manager = "user.slice/user-1000.slice/user@1000.service/"
	mount := cgroups(t, map[string]string{
		"user.slice/memory.high":                                                        "max",
		"user.slice/memory.max":                                                         "536870912",
		"user.slice/user-1000.slice/cgroup.freeze":                                      "1",
		manager + "memory.high":                                                         "83886080",
		manager + "app.slice/a.scope/memory.high":                                       "41943040",
		manager + "app.slice/a.scope/cgroup.freeze":                                     "0",
		manager + "app.slice/free.scope/memory.high":                                    "max",
		manager + "app.slice/frozen.scope/memory.high":                                  "max",
		manager + "app.slice/frozen.scope/cgroup.freeze":                                "1",
		"user.slice/user-1001.slice/user@1001.service/app.slice/b.scope/memory.high":    "41943040",
		"user.slice/user-1001.slice/user@1001.service/app.slice/free.scope/memory.high": "41943040",
		"batch.slice/a.scope/memory.high":                                               "41943040",
	})
	const mark = 40 << 20
	for _, tt := range []struct {
		name string
		path string // of the watched slice
		hold control.Hold
		want string // whose: mine, system or ""
	}{
		{"an app", "/user.slice", control.Hold{Unit: "a.scope", By: "throttle", MarkBytes: mark}, "mine"},
		{"less than a page off", "/user.slice", control.Hold{Unit: "a.scope", By: "throttle", MarkBytes: mark + 1}, "mine"},
		{"by a slice further down", "/user.slice/user-1000.slice", control.Hold{Unit: "a.scope", By: "throttle", MarkBytes: mark}, "mine"},
		{"by the root", "/", control.Hold{Unit: "a.scope", By: "throttle", MarkBytes: mark}, "mine"},
		{"another mark", "/user.slice", control.Hold{Unit: "a.scope", By: "throttle", MarkBytes: 2 * mark}, ""},
		{"no mark", "/user.slice", control.Hold{Unit: "a.scope", By: "throttle"}, ""},
		{"another file", "/user.slice", control.Hold{Unit: "a.scope", By: "freeze"}, ""},
		{"a way that is not known", "/user.slice", control.Hold{Unit: "a.scope", By: "later", MarkBytes: mark}, ""},
		{"frozen", "/user.slice", control.Hold{Unit: "frozen.scope", By: "freeze"}, "mine"},
		{"another user's", "/user.slice", control.Hold{Unit: "b.scope", By: "throttle", MarkBytes: mark}, ""},
		{"another user's of the same name", "/user.slice", control.Hold{Unit: "free.scope", By: "throttle", MarkBytes: mark}, ""},
		{"root's of the same name", "/batch.slice", control.Hold{Unit: "a.scope", By: "throttle", MarkBytes: mark}, ""},
		{"a name that begins alike", "/user", control.Hold{Unit: "a.scope", By: "throttle", MarkBytes: mark}, ""},
		{"a slice around", "/user.slice", control.Hold{Unit: "user.slice", By: "raise", MarkBytes: 512 << 20}, "system"},
		{"the session", "/user.slice", control.Hold{Unit: "user-1000.slice", By: "freeze"}, "system"},
		{"the manager", "/user.slice", control.Hold{Unit: "user@1000.service", By: "throttle", MarkBytes: 80 << 20}, "system"},
		{"nobody", "/user.slice", control.Hold{Unit: "gone.scope", By: "throttle", MarkBytes: mark}, ""},
	} {
		status := control.Status{Slices: []control.Slice{
			{Unit: "calm.slice", Path: tt.path},
			{Unit: "w.slice", Path: tt.path, Episode: &control.Now{Episode: "7c0a", DeadlineUnixUsec: 110, Holds: []control.Hold{tt.hold}}},
		}}
		var want []reprieve1.Event
		if tt.want != "" {
			want = []reprieve1.Event{{Slice: "w.slice", Unit: tt.hold.Unit, Episode: "7c0a", DeadlineUnixUsec: 110}}
		}
		if tt.want == "mine" {
			want[0].UID = 1000
		}
		if diff := cmp.Diff(want, me().standing(mount, status)); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
		status.Observe = true
		if got := me().standing(mount, status); got != nil {
			t.Errorf("%s, observed: %v, want nothing", tt.name, got)
		}
	}
	outside := self{1000, []string{"user.slice", "user-1000.slice", "session-1.scope"}}
	status := control.Status{Slices: []control.Slice{{Unit: "user.slice", Path: "/user.slice", Episode: &control.Now{Holds: []control.Hold{{Unit: "a.scope", By: "throttle", MarkBytes: mark}}}}}}
	if got := outside.standing(mount, status); got != nil {
		t.Errorf("outside of the manager: %v, want nothing", got)
	}
}
