package configs

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Ensure the files of a slice are those that systemd would read for a unit, in its order. systemd itself is asked:
// systemd-analyze verify names each file that has an unknown key, in the order in which it reads them. The units are
// services, since a slice brings its parents in; the rules are the same for all types.
func TestList_OrderIsThatOfSystemd(t *testing.T) {
	dirs := []string{"etc", "run", "local", "lib"}
	stems := []string{"a-b-c.TYPE", "a-b-.TYPE", "a-.TYPE", "TYPE"}
	random := rand.New(rand.NewPCG(1, 2))
	shadowed, masked := 0, 0
	for range 60 {
		ours, theirs := map[string]string{}, map[string]string{}
		add := func(dir, name, end, content string) {
			ours[dir+"/slices/"+strings.ReplaceAll(name, "TYPE", "slice")+end+".toml"] = content
			if end != "" {
				end += ".conf"
			}
			theirs[dir+"/"+strings.ReplaceAll(name, "TYPE", "service")+end] = content
		}
		add("lib", "a-b-c.TYPE", "", "x=1\n") // A service without a file is not loaded.
		for _, dir := range dirs {
			if random.IntN(4) == 0 {
				add(dir, "a-b-c.TYPE", "", "x=1\n")
			}
			for _, stem := range stems {
				for _, name := range []string{"10", "20", "5", "a"} {
					switch random.IntN(8) {
					case 0, 1:
						add(dir, stem, ".d/"+name, "x=1\n")
					case 2:
						add(dir, stem, ".d/"+name, "-> /dev/null")
						masked++
					}
				}
			}
		}
		got := orderOfOurs(t, tree(t, ours), dirs)
		shadowed += len(ours) - len(got)
		if diff := cmp.Diff(orderOfSystemd(t, tree(t, theirs), dirs), got); diff != "" {
			t.Errorf("files of a-b-c in %v: -systemd +got\n%s", theirs, diff)
		}
	}
	if shadowed <= masked || masked == 0 {
		t.Errorf("the trees had %d files that are not read, %d masks; want more of the first, and some", shadowed, masked)
	}
}

// orderOfOurs returns the files that this package reads for a-b-c.slice, without their ends.
func orderOfOurs(t *testing.T, root string, dirs []string) []string {
	t.Helper()
	var paths []string
	for _, dir := range dirs {
		paths = append(paths, filepath.Join(root, dir))
	}
	found := list(paths)
	var order []string
	for _, path := range append([]string{found.mains["a-b-c.slice"]}, found.sliceDropIns("a-b-c.slice")...) {
		if _, mask, err := readFile(path); err != nil {
			t.Fatal(err)
		} else if !mask {
			name := strings.ReplaceAll(strings.TrimPrefix(path, root+"/"), "/slices/", "/")
			order = append(order, strings.ReplaceAll(strings.TrimSuffix(name, ".toml"), "slice", "TYPE"))
		}
	}
	return order
}

// orderOfSystemd returns the files that systemd reads for a-b-c.service, without their ends.
func orderOfSystemd(t *testing.T, root string, dirs []string) []string {
	t.Helper()
	var paths []string
	for _, dir := range dirs {
		paths = append(paths, filepath.Join(root, dir))
	}
	cmd := exec.Command("systemd-analyze", "verify", "--man=no", "--generators=no", "a-b-c.service")
	cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+strings.Join(paths, ":"), "SYSTEMD_LOG_LEVEL=info")
	out, err := cmd.CombinedOutput()
	// "/tmp/x/lib/service.d/10.conf:1: Assignment outside of section, ignoring."
	said := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(root) + `/(.*?)(?:\.conf)?:1: Assignment outside of section`)
	var order []string
	for _, match := range said.FindAllStringSubmatch(string(out), -1) {
		order = append(order, strings.ReplaceAll(match[1], "service", "TYPE"))
	}
	if len(order) == 0 {
		t.Fatalf("systemd-analyze verify: %v, it named no file; it is in the Debian package systemd\n%s", err, out)
	}
	return order
}

// Ensure what is no file of ours is ignored, and what cannot be one is told.
func TestLoad_NamesOfFiles(t *testing.T) {
	_, root := load(t, map[string]string{
		"etc/README":                            "not TOML",
		"etc/reprieve.toml~":                    "not TOML",
		"etc/slices/.hidden.slice.toml":         "not TOML",
		"etc/slices/a.slice.toml.bak":           "not TOML",
		"etc/slices/notes/a.toml":               "not TOML",
		"etc/slices/a.slice.d/.10.toml":         "not TOML",
		"etc/slices/a.slice.d/10.conf":          "not TOML",
		"etc/slices/a.slice.d/10.toml.dpkg-old": "not TOML",
		"etc/slices/empty.slice.d/":             "",
	})
	set, err := Load(Options{Dirs: []string{filepath.Join(root, "etc"), filepath.Join(root, "missing")}})
	must(t, err)
	if files := set.Files(); len(files) != 0 {
		t.Errorf("Files() = %q, want none", files)
	}
	if diff := cmp.Diff([]string{"a.slice", "empty.slice"}, set.Named()); diff != "" {
		t.Errorf("Named(): -want +got\n%s", diff)
	}

	const allowedFile = "allowed: NAME.slice.toml for a slice, or a folder NAME.slice.d, PREFIX-.slice.d or slice.d with drop-ins"
	const allowedFolder = "allowed: NAME.slice.d, PREFIX-.slice.d, or slice.d for every slice"
	want := strings.Join([]string{
		"etc/slices/a--b.slice.toml: not the name of a slice, " + allowedFile,
		"etc/slices/a.slice.d/dir.toml: not a regular file",
		"etc/slices/a.slice.d/gone.toml: a link to nothing, or just removed: file does not exist",
		"etc/slices/a.slice.toml.d: not the name of a slice, " + allowedFolder,
		"etc/slices/a.toml: not the name of a slice, " + allowedFile,
		"etc/slices/user-.slice.toml: not the name of a slice, " + allowedFile,
		"run/slices: open: too many levels of symbolic links",
	}, "\n")
	got := loadErrors(t, map[string]string{
		"etc/slices/a.toml":              "",
		"etc/slices/a--b.slice.toml":     "",
		"etc/slices/user-.slice.toml":    "",
		"etc/slices/a.slice.toml.d/":     "",
		"etc/slices/a.slice.d/dir.toml/": "",
		"etc/slices/a.slice.d/gone.toml": "-> nowhere",
		"run/slices":                     "-> slices",
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Load: -want +got\n%s", diff)
	}
}

// Ensure a file is read up to its bound and not beyond, and a pipe is not waited for.
func TestReadFile_Bounds(t *testing.T) {
	dir := t.TempDir()
	for size, want := range map[int]error{maxFileBytes: nil, maxFileBytes + 1: ErrTooLarge} {
		path := filepath.Join(dir, fmt.Sprint(size))
		must(t, os.WriteFile(path, []byte(strings.Repeat("#", size)), 0o644))
		text, masked, err := readFile(path)
		if err != want || masked || err == nil && len(text) != size {
			t.Errorf("readFile of %d bytes = %d bytes, %v, %v, want %v", size, len(text), masked, err, want)
		}
	}
	pipe := filepath.Join(dir, "pipe")
	if out, err := exec.Command("mkfifo", pipe).CombinedOutput(); err != nil {
		t.Fatalf("mkfifo: %v: %s", err, out)
	}
	if _, masked, err := readFile(pipe); err != ErrNotRegular || masked {
		t.Errorf("readFile of a pipe = %v, %v, want %v", masked, err, ErrNotRegular)
	}
}
