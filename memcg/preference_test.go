package memcg

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// setXattr needs user extended attributes in the test's temporary directory,
// as ext4, xfs, btrfs and tmpfs (6.6) have them.
func setXattr(t *testing.T, dir, name, value string) {
	t.Helper()
	if err := unix.Setxattr(dir, name, []byte(value), 0); err != nil {
		t.Fatalf("set %s on %s: %v (TMPDIR must lie on a file system with user extended attributes)", name, dir, err)
	}
}

// Ensure the attributes that systemd sets are read as systemd-oomd reads them.
func TestGroup_Preference(t *testing.T) {
	for _, tt := range []struct {
		name   string
		xattrs map[string]string
		want   Preference
	}{
		{"none", nil, NoPreference},
		{"others' attributes", map[string]string{"user.invocation_id": "1", "user.oomd_ooms": "1"}, NoPreference},
		{"avoid", map[string]string{"user.oomd_avoid": "1"}, Avoid},
		{"omit", map[string]string{"user.oomd_omit": "1"}, Omit},
		{"prefer", map[string]string{"user.oomd_prefer": "1"}, Prefer},
		{"all", map[string]string{"user.oomd_avoid": "1", "user.oomd_omit": "1", "user.oomd_prefer": "1"}, Omit},
		{"avoid over prefer", map[string]string{"user.oomd_avoid": "1", "user.oomd_prefer": "1"}, Avoid},
		{"a false one gives way", map[string]string{"user.oomd_omit": "0", "user.oomd_avoid": "no", "user.oomd_prefer": "on"}, Prefer},
		{"true", map[string]string{"user.oomd_omit": "true"}, Omit},
		{"upper case", map[string]string{"user.oomd_omit": "YES"}, Omit},
		{"one letter", map[string]string{"user.oomd_omit": "y", "user.oomd_avoid": "t"}, Omit},
		{"empty", map[string]string{"user.oomd_omit": ""}, NoPreference},
		{"a number", map[string]string{"user.oomd_omit": "2"}, NoPreference},
		{"a newline", map[string]string{"user.oomd_omit": "1\n"}, NoPreference},
		{"too long to be true", map[string]string{"user.oomd_omit": strings.Repeat("1", 100)}, NoPreference},
	} {
		root := plant(t, map[string]string{"a.service/memory.current": "0\n"})
		for name, value := range tt.xattrs {
			setXattr(t, filepath.Join(root, "a.service"), name, value)
		}
		got, owner, err := opened(t, root, "/a.service").Preference()
		if got != tt.want || owner != uint32(os.Geteuid()) || err != nil {
			t.Errorf("%s: Preference() = %v, %v, %v, want %v of %d", tt.name, got, owner, err, tt.want, os.Geteuid())
		}
	}
}

// Ensure an owner who sets more names than there is room for hides nothing.
func TestGroup_PreferenceManyNames(t *testing.T) {
	root := plant(t, map[string]string{"a.service/memory.current": "0\n"})
	dir := filepath.Join(root, "a.service")
	for i := range 15 {
		setXattr(t, dir, fmt.Sprintf("user.%0200d", i), "")
	}
	setXattr(t, dir, "user.oomd_omit", "1")
	g := opened(t, root, "/a.service")
	if _, err := unix.Flistxattr(g.Dir(), make([]byte, xattrListBytes)); err != unix.ERANGE {
		t.Fatalf("Flistxattr() = %v with %d bytes of room, want ERANGE", err, xattrListBytes)
	}
	if got, _, err := g.Preference(); got != Omit || err != nil {
		t.Errorf("Preference() = %v, %v, want omit", got, err)
	}
}

// Ensure a file system without such attributes has no preference: /proc has none.
func TestGroup_PreferenceUnsupported(t *testing.T) {
	if _, err := unix.Getxattr("/proc/self", armedXattr, nil); !xattrAbsent(err) {
		t.Fatalf("Getxattr(/proc/self) = %v, want an error that says there are none", err)
	}
	g, err := Open("/proc", "/sys")
	if err != nil {
		t.Fatal(err)
	}
	defer g.Release()
	if got, _, err := g.Preference(); got != NoPreference || err != nil {
		t.Errorf("Preference() = %v, %v, want none", got, err)
	}
}

// Ensure a group that went has no preference and no owner, but ErrGone.
func TestGroup_PreferenceGone(t *testing.T) {
	root := plant(t, map[string]string{"a.service/memory.current": "0\n"})
	g := opened(t, root, "/a.service")
	setXattr(t, filepath.Join(root, "a.service"), "user.oomd_prefer", "1")
	if err := os.RemoveAll(filepath.Join(root, "a.service")); err != nil {
		t.Fatal(err)
	}
	if got, _, err := g.Preference(); got != NoPreference || !IsGone(err) {
		t.Errorf("Preference() = %v, %v, want none and ErrGone", got, err)
	}
	if _, err := g.Owner(); !IsGone(err) {
		t.Errorf("Owner() = %v, want ErrGone", err)
	}
}

// Ensure only root and the owner of what is watched have a say.
func TestHonoured(t *testing.T) {
	for _, tt := range []struct {
		owner, watched uint32
		want           bool
	}{{0, 0, true}, {0, 1000, true}, {1000, 1000, true}, {1000, 0, false}, {1000, 1001, false}} {
		if got := Honoured(tt.owner, tt.watched); got != tt.want {
			t.Errorf("Honoured(%v, %v) = %v, want %v", tt.owner, tt.watched, got, tt.want)
		}
	}
}

// Ensure asking ten thousand leaves without attributes makes no garbage.
func TestGroup_PreferenceAllocations(t *testing.T) {
	root := plant(t, map[string]string{"a.service/cgroup.procs": ""})
	g := opened(t, root, "/a.service")
	if n := testing.AllocsPerRun(100, func() { _, _, _ = g.Preference() }); n > 1 {
		t.Errorf("Preference() allocates %v times, want at most the name of one file", n)
	}
}

func BenchmarkPreference(b *testing.B) {
	g, err := Open(b.TempDir(), "/")
	if err != nil {
		b.Fatal(err)
	}
	defer g.Release()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := g.Preference(); err != nil {
			b.Fatal(err)
		}
	}
}
