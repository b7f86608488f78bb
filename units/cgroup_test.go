package units_test

import (
	"errors"
	"strings"
	"testing"

	"reprieve/units"
)

// Ensure FromCgroup can tell a unit of PID 1 from everything that looks like one.
func TestFromCgroup(t *testing.T) {
	for _, tt := range []struct {
		path, unit string
		ok         bool
	}{
		{"/", "-.slice", true},
		{"/init.scope", "init.scope", true},
		{"/batch.slice", "batch.slice", true},
		{"/batch.slice/batch-b.slice", "batch-b.slice", true},
		{"/batch.slice/batch-b.slice/batch-b-c.slice/x.service", "x.service", true},
		{"/system.slice/ssh@1-10.0.0.1.service", "ssh@1-10.0.0.1.service", true},
		{"/system.slice/dbus.socket", "dbus.socket", true},
		{"/system.slice/var-lib.mount", "var-lib.mount", true},
		{`/system.slice/dev-disk-by\x2duuid-1.swap`, `dev-disk-by\x2duuid-1.swap`, true},
		{"/user.slice/user-1000.slice/user@1000.service", "user@1000.service", true},
		{"/user.slice/user-1000.slice/session-2.scope", "session-2.scope", true},
		// Names that the kernel could take for its own files are escaped.
		{"/_memory.slice", "memory.slice", true},
		{"/_memory.slice/memory-a.slice", "memory-a.slice", true},
		{"/system.slice/__x.service", "_x.service", true},
		{"/system.slice/_cpu.service", "cpu.service", true},
		{"/memory.slice", "", false},
		{"/system.slice/_x.service", "", false},
		// Delegated: what is inside belongs to somebody else.
		{"/system.slice/x.service/inner", "", false},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice", "", false},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/ssh.service", "", false},
		{"/machine.slice/machine-deb.scope/system.slice/ssh.service", "", false},
		{"/system.slice/x.service/init.scope", "", false},
		// Made by hand: the unit of that name lives elsewhere, if at all.
		{"/batch-b.slice", "", false},
		{"/batch.slice/other.slice", "", false},
		{"/batch.slice/other.slice/x.service", "", false},
		{"/docker/x.service", "", false},
		{"/-.slice", "", false},
		{"/-.slice/x.service", "", false},
		{"/a--b.slice", "", false},
		// Not unit names.
		{"", "", false},
		{"batch.slice", "", false},
		{"/batch.slice/", "", false},
		{"//batch.slice", "", false},
		{"/docker", "", false},
		{"/system.slice/x.timer", "", false},
		{"/system.slice/.service", "", false},
		{"/system.slice/user@.service", "", false},
		{"/system.slice/@1.service", "", false},
		{"/system.slice/a b.service", "", false},
		{"/system.slice/" + strings.Repeat("x", 248) + ".service", "", false},
	} {
		unit, ok := units.FromCgroup(tt.path)
		if ok != tt.ok || ok && unit != tt.unit {
			t.Errorf("FromCgroup(%q) = %q, %v, want %q, %v", tt.path, unit, ok, tt.unit, tt.ok)
		}
	}
}

// Ensure SlicePath can follow systemd's rules for dashes and escapes.
func TestSlicePath(t *testing.T) {
	for _, tt := range []struct{ slice, path string }{
		{"-.slice", "/"},
		{"batch.slice", "/batch.slice"},
		{"batch-b.slice", "/batch.slice/batch-b.slice"},
		{"a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice"},
		{"io-a.slice", "/_io.slice/io-a.slice"},
		{`a\x2db.slice`, `/a\x2db.slice`},
	} {
		path, err := units.SlicePath(tt.slice)
		if err != nil || path != tt.path {
			t.Errorf("SlicePath(%q) = %q, %v, want %q, nil", tt.slice, path, err, tt.path)
		}
	}
	for _, slice := range []string{
		"", ".slice", "--.slice", "-a.slice", "a-.slice", "a--b.slice", "a.service",
		"a", "a/b.slice", "a@b.slice", "a\n.slice", strings.Repeat("a", 250) + ".slice",
	} {
		if path, err := units.SlicePath(slice); !errors.Is(err, units.ErrBadName) {
			t.Errorf("SlicePath(%q) = %q, %v, want ErrBadName", slice, path, err)
		}
	}
}

// Ensure IsSlice can tell a slice by its suffix.
func TestIsSlice(t *testing.T) {
	for unit, want := range map[string]bool{
		"-.slice": true, "a-b.slice": true, "a.service": false, "slice": false, "a.slice.service": false,
	} {
		if got := units.IsSlice(unit); got != want {
			t.Errorf("IsSlice(%q) = %v, want %v", unit, got, want)
		}
	}
}

// Ensure FromCgroup can take any string, and names only a unit whose parents
// are slices and whose own path is the one it was given.
func FuzzFromCgroup(f *testing.F) {
	for _, seed := range []string{
		"/", "", "/init.scope", "/batch.slice/batch-b.slice/x.service/inner", "/_memory.slice",
		"/system.slice/__x.service", "/user.slice/user-1000.slice/user@1000.service/app.slice/a.scope", "/a--b.slice",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		unit, ok := units.FromCgroup(path)
		if !ok || path == "/" {
			return
		}
		dir := path[:strings.LastIndexByte(path, '/')]
		if last := path[len(dir)+1:]; last != unit && last != "_"+unit {
			t.Errorf("FromCgroup(%q) = %q, which is not its last component", path, unit)
		}
		if own, err := units.SlicePath(unit); units.IsSlice(unit) && (err != nil || own != path) {
			t.Errorf("SlicePath(%q) = %q, %v, want %q", unit, own, err, path)
		}
		if parent, ok := units.FromCgroup(dir); dir != "" && (!ok || !units.IsSlice(parent)) {
			t.Errorf("FromCgroup(%q) = %q, but FromCgroup(%q) = %q, %v", path, unit, dir, parent, ok)
		}
	})
}

// Ensure SlicePath can be undone by FromCgroup.
func FuzzSlicePath(f *testing.F) {
	for _, seed := range []string{"-.slice", "a-b-c.slice", "memory-a.slice", "_x.slice", "a--b.slice"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, slice string) {
		path, err := units.SlicePath(slice)
		if err != nil {
			return
		}
		if unit, ok := units.FromCgroup(path); !ok || unit != slice {
			t.Errorf("FromCgroup(%q) = %q, %v, want %q, true", path, unit, ok, slice)
		}
	})
}
