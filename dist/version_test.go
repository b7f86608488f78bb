package dist_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkout makes a repository by the steps given: "commit", "tag NAME", "edit" (a change that is not committed), "new" (a
// file that git does not know). Commits are a second apart.
func checkout(t *testing.T, steps []string) string {
	t.Helper()
	dir := t.TempDir()
	commits := 0
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		date := fmt.Sprintf("%d +0200", 1700000000+commits)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date,
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run("init", "-q")
	for _, step := range steps {
		switch verb, arg, _ := strings.Cut(step, " "); verb {
		case "commit":
			commits++
			write("file", fmt.Sprint(commits))
			run("add", "file")
			run("commit", "-q", "-m", "one")
		case "tag":
			run("tag", arg)
		case "edit":
			write("file", "edited")
		case "new":
			write("other", "")
		}
	}
	return dir
}

// Ensure the version is that of git, in a form that Debian takes; each row's comes before the next row's.
func TestVersion(t *testing.T) {
	need(t, "git", "dpkg")
	sources(t)
	steps := func(s ...string) []string { return s }
	before := "0"
	for _, tt := range []struct {
		steps []string
		want  string // HASH stands for the commit's
	}{
		{steps("commit"), "0.0~git20231114221321.HASH"},
		{steps("commit", "commit"), "0.0~git20231114221322.HASH"},
		{steps("commit", "commit", "edit"), "0.0~git20231114221322.HASH+dirty"},
		{steps("commit", "tag other", "commit", "commit"), "0.0~git20231114221323.HASH"},
		{steps("commit", "tag v1.3.0-rc1"), "1.3.0~rc1"},
		{steps("commit", "tag v1.3.0-rc1", "commit"), "1.3.0~rc1+git1.HASH"},
		{steps("commit", "tag v1.3.0"), "1.3.0"},
		{steps("commit", "tag v1.3.0", "new"), "1.3.0+dirty"},
		{steps("commit", "tag v1.3.0", "commit", "commit"), "1.3.0+git2.HASH"},
		{steps("commit", "tag v1.3.0", "commit", "tag v1.3.1"), "1.3.1"},
	} {
		dir := checkout(t, tt.steps)
		hash := strings.TrimSpace(output(t, nil, "git", "-C", dir, "rev-parse", "--short=7", "HEAD"))
		got := strings.TrimSpace(output(t, nil, "dist/version.sh", dir))
		if want := strings.ReplaceAll(tt.want, "HASH", hash); got != want {
			t.Errorf("version.sh after %q = %s, want %s", tt.steps, got, want)
		}
		// The hash of a commit is no order: rows with another one differ before it.
		if err := exec.Command("dpkg", "--compare-versions", before, "lt", got).Run(); err != nil {
			t.Errorf("%s does not come before %s", before, got)
		}
		before = got
	}
}

// Ensure a tree that is no checkout, or lies within that of something else, asks for a version.
func TestVersion_NoCheckout(t *testing.T) {
	need(t, "git")
	sources(t)
	within := filepath.Join(checkout(t, []string{"commit", "tag v9"}), "within")
	if err := os.Mkdir(within, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{t.TempDir(), within} {
		out, err := command(nil, "dist/version.sh", dir).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "give the version: make deb VERSION=") {
			t.Errorf("version.sh %s = %q, %v, want an error that asks for VERSION", dir, out, err)
		}
	}
}
