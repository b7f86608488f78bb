package dist_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure dpkg installs, upgrades, removes and purges the package in a root of its own, where nothing runs: the links that
// enable units are as the presets and then the administrator have them, and a purge leaves only what the administrator wrote.
func TestLifecycle(t *testing.T) {
	need(t, "dpkg", "dpkg-deb", "make", "systemctl")
	sources(t)
	if os.Getuid() != 0 {
		t.Skip("dpkg gives the files to root: needs root")
	}
	root := t.TempDir()
	for _, dir := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates", "etc/systemd/system"} {
		makeDir(t, root, dir)
	}
	for _, file := range []string{"status", "available"} {
		makeFile(t, root, "var/lib/dpkg/"+file)
	}
	// systemd is not in that root; its systemctl is the host's.
	dpkg := func(args ...string) {
		t.Helper()
		output(t, nil, "dpkg", append([]string{"--root=" + root, "--log=/dev/null", "--force-depends", "--force-script-chrootless"}, args...)...)
	}
	const wanted = "etc/systemd/system/multi-user.target.wants/reprieved.service"
	expect := func(step string, there bool, files ...string) {
		t.Helper()
		for _, file := range files {
			if _, err := os.Lstat(filepath.Join(root, file)); (err == nil) != there {
				t.Errorf("%s: Lstat(/%s) = %v, want it to be there: %v", step, file, err, there)
			}
		}
	}
	old, next := packStubs(t, "1.0"), packStubs(t, "1.1")

	dpkg("--install", old)
	expect("first install", true, wanted, "etc/reprieve/slices", "usr/sbin/reprieved")

	// Disabled by the administrator, with a file of theirs, and records of the daemon's.
	if err := os.Remove(filepath.Join(root, wanted)); err != nil {
		t.Fatal(err)
	}
	makeFile(t, root, "etc/reprieve/slices/batch.slice.toml")
	makeDir(t, root, "var/lib/reprieve/episodes")
	makeFile(t, root, "var/lib/reprieve/episodes/one.json")
	makeDir(t, root, "run/reprieve/holds")
	dpkg("--install", next)
	expect("upgrade", false, wanted)

	dpkg("--remove", "reprieve")
	expect("removal", false, "usr/sbin/reprieved", "usr/lib/systemd/system/reprieved.service", "usr/lib/reprieve")
	expect("removal", true, "var/lib/reprieve/episodes/one.json", "etc/reprieve/slices/batch.slice.toml")
	dpkg("--install", next)
	expect("install after a removal", false, wanted)

	// Enabled again: the link goes with a purge, not before.
	output(t, nil, "systemctl", "--root="+root, "enable", "reprieved.service")
	dpkg("--remove", "reprieve")
	expect("second removal", true, wanted)
	dpkg("--purge", "reprieve")
	expect("purge", false, wanted, "var/lib/reprieve", "run/reprieve")
	var left []string
	for _, file := range list(t, root) {
		if !strings.HasPrefix(file, "var/lib/dpkg/") {
			left = append(left, file)
		}
	}
	if want := "etc/reprieve/slices/batch.slice.toml"; strings.Join(left, " ") != want {
		t.Errorf("a purge leaves %v, want %s alone", left, want)
	}

	// A preset of the administrator's comes before the package's.
	makeDir(t, root, "etc/systemd/system-preset")
	if err := os.WriteFile(filepath.Join(root, "etc/systemd/system-preset/10-none.preset"), []byte("disable *\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	dpkg("--install", next)
	expect("first install, disabled by a preset", false, wanted)
}

func makeDir(t *testing.T, root, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(root, name), 0o755); err != nil {
		t.Fatal(err)
	}
}

func makeFile(t *testing.T, root, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(root, name), nil, 0o644); err != nil {
		t.Fatal(err)
	}
}
