package units_test

import (
	"fmt"
	"strings"
	"testing"

	"reprieve/units"
)

const root1000 = "/user.slice/user-1000.slice/user@1000.service"

// Ensure OfUser can tell a unit of a user manager from everything that looks like one.
func TestOfUser(t *testing.T) {
	for _, tt := range []struct {
		path, unit string
		uid        uint32
		ok         bool
	}{
		{root1000 + "/app.slice/app-gnome-x-12.scope", "app-gnome-x-12.scope", 1000, true},
		{root1000 + "/app.slice", "app.slice", 1000, true},
		{root1000 + "/app.slice/app-a.slice", "app-a.slice", 1000, true},
		{root1000 + "/app.slice/app-a.slice/x@1.service", "x@1.service", 1000, true},
		{root1000 + "/session.slice/dbus.socket", "dbus.socket", 1000, true},
		{root1000 + "/init.scope", "init.scope", 1000, true},
		{root1000 + "/_memory.slice/_cpu.service", "cpu.service", 1000, true},
		// A user manager runs user managers of nobody.
		{root1000 + "/user.slice", "user.slice", 1000, true},
		{"/user.slice/user-0.slice/user@0.service/app.slice/x.service", "x.service", 0, true},
		{"/user.slice/user-4294967294.slice/user@4294967294.service/x.slice", "x.slice", 4294967294, true},
		// PID 1's.
		{root1000, "", 0, false},
		{"/user.slice/user-1000.slice/session-2.scope", "", 0, false},
		{"/user.slice/user-1000.slice", "", 0, false},
		{"/system.slice/x.service", "", 0, false},
		{"/app.slice/x.service", "", 0, false},
		{"/", "", 0, false},
		{"", "", 0, false},
		// Not exactly a manager's root.
		{"/user.slice/user-1000.slice/user@1001.service/app.slice", "", 0, false},
		{"/user.slice/user-1000.slice/user@1000.scope/app.slice", "", 0, false},
		{"/user.slice/user-1000.slice/user@1000.servicex/app.slice", "", 0, false},
		{"/user.slice/user-01000.slice/user@01000.service/app.slice", "", 0, false},
		{"/user.slice/user-+1.slice/user@+1.service/app.slice", "", 0, false},
		{"/user.slice/user-.slice/user@.service/app.slice", "", 0, false},
		{"/user.slice/user-x.slice/user@x.service/app.slice", "", 0, false},
		{"/user.slice/user-4294967295.slice/user@4294967295.service/app.slice", "", 0, false},
		{"/user.slice/user-4294967296.slice/user@4294967296.service/app.slice", "", 0, false},
		{"/user.slice/user-1000-a.slice/user@1000.service/app.slice", "", 0, false},
		{"/user.slice/user@1000.service/app.slice", "", 0, false},
		{"/x.slice" + root1000 + "/app.slice", "", 0, false},
		{strings.TrimPrefix(root1000, "/") + "/app.slice", "", 0, false},
		// Not where that manager puts it.
		{root1000 + "/", "", 0, false},
		{root1000 + "//app.slice", "", 0, false},
		{root1000 + "/x.service", "", 0, false},
		{root1000 + "/x.scope", "", 0, false},
		{root1000 + "/-.slice", "", 0, false},
		{root1000 + "/app-a.slice", "", 0, false},
		{root1000 + "/app.slice/b.slice/x.service", "", 0, false},
		{root1000 + "/app.slice/x.service/inner", "", 0, false},
		{root1000 + "/app.slice/x.service/app.slice/y.service", "", 0, false},
		{root1000 + "/app.slice/x.timer", "", 0, false},
		{root1000 + "/memory.slice", "", 0, false},
	} {
		unit, uid, ok := units.OfUser(tt.path)
		if unit != tt.unit || uid != tt.uid || ok != tt.ok {
			t.Errorf("OfUser(%q) = %q, %d, %v, want %q, %d, %v", tt.path, unit, uid, ok, tt.unit, tt.uid, tt.ok)
		}
	}
}

// Ensure ManagerRoot can tell the root of a user manager.
func TestManagerRoot(t *testing.T) {
	for path, want := range map[string]bool{
		root1000: true,
		"/user.slice/user-0.slice/user@0.service": true,
		root1000 + "/":          false,
		root1000 + "/app.slice": false,
		root1000 + "x":          false,
		"/user.slice/user-1000.slice/user@1.service":  false,
		"/user.slice/user-1000.slice":                 false,
		"/user.slice/user-007.slice/user@007.service": false,
		"/a.slice/user-1000.slice/user@1000.service":  false,
		"": false,
	} {
		if got := units.ManagerRoot(path); got != want {
			t.Errorf("ManagerRoot(%q) = %v, want %v", path, got, want)
		}
	}
}

// Ensure OfUser can take any string, and names only a unit that FromCgroup finds
// below a manager's root, which is never one of PID 1.
func FuzzOfUser(f *testing.F) {
	for _, seed := range []string{
		"", "/", root1000, root1000 + "/", root1000 + "/init.scope", root1000 + "/app.slice/a.scope", root1000 + "/x.service",
		"/user.slice/user-01.slice/user@01.service/a.slice", "/user.slice/user-4294967295.slice/user@4294967295.service/a.slice",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		unit, uid, ok := units.OfUser(path)
		if !ok {
			return
		}
		root := fmt.Sprintf("/user.slice/user-%d.slice/user@%d.service", uid, uid)
		below, cut := strings.CutPrefix(path, root)
		if !cut || !units.ManagerRoot(root) {
			t.Fatalf("OfUser(%q) = %q, %d, but it does not begin with %q", path, unit, uid, root)
		}
		if got, ok := units.FromCgroup(below); !ok || got != unit {
			t.Errorf("OfUser(%q) = %q, but FromCgroup(%q) = %q, %v", path, unit, below, got, ok)
		}
		if pid1, ok := units.FromCgroup(path); ok {
			t.Errorf("OfUser(%q) = %q, and FromCgroup = %q, want one of the two", path, unit, pid1)
		}
	})
}
