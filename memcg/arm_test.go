package memcg

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func hasMark(dir string) bool {
	_, err := unix.Getxattr(dir, armedXattr, nil)
	return err == nil
}

// Ensure arming and undoing it change what is ours and nothing else, with the
// file prepared and without.
func TestGroup_ArmDisarm(t *testing.T) {
	for _, tt := range []struct {
		name   string
		file   string // memory.oom.group, "" for none
		ours   bool   // the mark is there already
		armed  bool   // what Arm returns
		after  string // the file then, and after Disarm
		undone string
	}{
		{name: "free", file: "0", armed: true, after: "1", undone: "0"},
		{name: "somebody else's", file: "1", after: "1", undone: "1"},
		{name: "ours", file: "1", ours: true, armed: true, after: "1", undone: "0"},
		{name: "ours and reset by systemd", file: "0", ours: true, armed: true, after: "1", undone: "0"},
		{name: "the root"},
	} {
		for _, prepared := range []bool{false, true} {
			files := map[string]string{"a.slice/memory.current": "0\n"}
			if tt.file != "" {
				files["a.slice/memory.oom.group"] = tt.file + "\n"
			}
			root := plant(t, files)
			dir := filepath.Join(root, "a.slice")
			if tt.ours {
				setXattr(t, dir, armedXattr, "1")
			}
			g, err := Open(root, "/a.slice")
			if err != nil {
				t.Fatal(err)
			}
			if prepared {
				g.Release()
				g = opened(t, root, "/a.slice")
			} else {
				defer g.Release()
			}
			armed, err := g.Arm()
			if armed != tt.armed || err != nil || hasMark(dir) != tt.armed {
				t.Errorf("%s: Arm() = %v, %v, mark %v, want %v and a mark with it", tt.name, armed, err, hasMark(dir), tt.armed)
			}
			if set, ours, err := g.OOMGroup(); set != (tt.after == "1") || ours != tt.armed || err != nil {
				t.Errorf("%s: OOMGroup() = %v, %v, %v after Arm(), want %v, %v", tt.name, set, ours, err, tt.after == "1", tt.armed)
			}
			if undone, err := g.Disarm(); undone != tt.armed || err != nil || hasMark(dir) {
				t.Errorf("%s: Disarm() = %v, %v, mark %v, want %v and no mark", tt.name, undone, err, hasMark(dir), tt.armed)
			}
			if tt.file != "" && text(t, dir, "memory.oom.group") != tt.undone {
				t.Errorf("%s: memory.oom.group = %q after Disarm(), want %q", tt.name, text(t, dir, "memory.oom.group"), tt.undone)
			}
		}
	}
}

// Ensure a file that is not the kernel's arms nothing and leaves no mark.
func TestGroup_ArmMalformed(t *testing.T) {
	root := plant(t, map[string]string{"a.slice/memory.oom.group": "maybe\n"})
	if armed, err := opened(t, root, "/a.slice").Arm(); armed || err == nil || hasMark(filepath.Join(root, "a.slice")) {
		t.Errorf("Arm() = %v, %v, want false and an error, and no mark", armed, err)
	}
}

// Ensure a write that does not come about leaves no mark: the file can be read
// here and not written.
func TestGroup_ArmTakenBack(t *testing.T) {
	root := plant(t, map[string]string{"a.slice/memory.oom.group": "0\n"})
	g, err := Open(root, "/a.slice")
	if err != nil {
		t.Fatal(err)
	}
	defer g.Release()
	if g.fds[OOMGroup], err = unix.Open(filepath.Join(root, "a.slice/memory.oom.group"), unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
		t.Fatal(err)
	}
	var fe *FileError
	armed, err := g.Arm()
	if armed || !errors.As(err, &fe) || fe.Op != "write 1" || hasMark(filepath.Join(root, "a.slice")) {
		t.Errorf("Arm() = %v, %v, want false, the error of the write and no mark", armed, err)
	}
}

// Ensure a mark whose file went is taken off.
func TestGroup_DisarmAbsent(t *testing.T) {
	root := plant(t, map[string]string{"a.slice/memory.current": "0\n"})
	setXattr(t, filepath.Join(root, "a.slice"), armedXattr, "1")
	if undone, err := opened(t, root, "/a.slice").Disarm(); !undone || err != nil || hasMark(filepath.Join(root, "a.slice")) {
		t.Errorf("Disarm() = %v, %v, want true and no mark", undone, err)
	}
}

// Ensure the leftovers of a crash are undone in the whole tree, and only those.
func TestDisarmAll(t *testing.T) {
	root := plant(t, map[string]string{
		"memory.current":                               "0\n",
		"a.slice/memory.oom.group":                     "1\n",
		"a.slice/a-b.slice/x.service/memory.oom.group": "1\n",
		"a.slice/y.service/memory.oom.group":           "1\n", // not ours
		"b.slice/memory.oom.group":                     "0\n", // reset by systemd
		"bad.slice/memory.oom.group":                   "maybe\n",
		"c.slice/z.service/memory.oom.group":           "1\n",
	})
	for _, ours := range []string{"a.slice", "a.slice/a-b.slice/x.service", "b.slice", "bad.slice", "c.slice/z.service"} {
		setXattr(t, filepath.Join(root, ours), armedXattr, "1")
	}
	n, err := DisarmAll(root)
	if n != 4 || err == nil {
		t.Errorf("DisarmAll() = %v, %v, want 4 and the error of bad.slice", n, err)
	}
	for dir, want := range map[string]string{
		"a.slice": "0", "a.slice/a-b.slice/x.service": "0", "a.slice/y.service": "1", "b.slice": "0", "c.slice/z.service": "0",
	} {
		if got := text(t, root, dir, "memory.oom.group"); got != want || hasMark(filepath.Join(root, dir)) {
			t.Errorf("%s: memory.oom.group = %q, mark %v, want %q and none", dir, got, hasMark(filepath.Join(root, dir)), want)
		}
	}
	if !hasMark(filepath.Join(root, "bad.slice")) {
		t.Error("the mark of a group that was not disarmed is gone, want it kept for the next try")
	}
	if _, err := DisarmAll(filepath.Join(root, "nowhere")); err == nil {
		t.Error("DisarmAll() of no mount = nil, want an error")
	}
}

// Ensure a group that went needs nothing.
func TestGroup_DisarmGone(t *testing.T) {
	root := plant(t, map[string]string{"a.slice/memory.current": "0\n"})
	g := opened(t, root, "/a.slice")
	if err := os.RemoveAll(filepath.Join(root, "a.slice")); err != nil {
		t.Fatal(err)
	}
	if undone, err := g.Disarm(); undone || err != nil {
		t.Errorf("Disarm() = %v, %v of a group that is gone, want false", undone, err)
	}
}
