package dist_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The environment of a build that git is not asked for. The time is one that no file has yet: dpkg-deb itself makes younger
// files as old as that, and not the other way round.
var built = []string{"VERSION=1.2.0", "SOURCE_DATE_EPOCH=2524608000", "DEBFULLNAME=Ada Example", "DEBEMAIL=ada@example.org"}

// need skips a test for which a program is missing.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed", p)
		}
	}
}

// command prepares a program that is run in the root of the tree, with env over what the test has. What make tells those
// that it starts is left out: a make in here is one of its own.
func command(env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = ".."
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "MAKE") && !strings.HasPrefix(v, "MFLAGS=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// sources looks at all files of the tree, so that go test knows what the answer depends on, and does not take one from its
// cache when a script or a document has changed.
func sources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if d != nil && d.IsDir() && (path == "../.git" || path == "../build" || path == "../bin") {
			return filepath.SkipDir
		}
		if os.IsNotExist(err) { // somebody works in it
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// output runs a program and returns what it printed; one that fails ends the test.
func output(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := command(env, name, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

// stubs makes programs that write their name and arguments to the file calls, one line each, and fail where fails has
// their name.
func stubs(t *testing.T, calls string, fails string, names ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range names {
		text := "#!/bin/sh\necho " + name + " \"$@\" >>'" + calls + "'\n"
		if strings.Contains(" "+fails+" ", " "+name+" ") {
			text += "exit 1\n"
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// programs are the names of what cmd builds.
func programs(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob("../cmd/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("Glob(../cmd/*) = %v, %v, want the programs", dirs, err)
	}
	for i, dir := range dirs {
		dirs[i] = filepath.Base(dir)
	}
	return dirs
}

// packStubs makes a package of programs that do nothing, which takes no build of Go's, and returns its path.
func packStubs(t *testing.T, version string) string {
	t.Helper()
	bin := stubs(t, os.DevNull, "", programs(t)...)
	env := append(built[1:len(built):len(built)], "VERSION="+version)
	return strings.TrimSpace(output(t, env, "dist/deb.sh", bin, t.TempDir()))
}

// list returns the paths of all files below dir, links included, relative to it.
func list(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
