package dist_test

import (
	"archive/tar"
	"bytes"
	"debug/buildinfo"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Ensure the package is right: what is in it, whose it is, what it needs, and that a second build gives the same bytes.
func TestDeb(t *testing.T) {
	need(t, "dpkg-deb", "make", "go", "md5sum")
	sources(t)
	dir := t.TempDir()
	output(t, built, "make", "--silent", "deb", "DEBDIR="+dir)
	debs, err := filepath.Glob(filepath.Join(dir, "reprieve_1.2.0_*.deb"))
	if err != nil || len(debs) != 1 {
		t.Fatalf("make deb left %v, %v, want one package of version 1.2.0", debs, err)
	}
	deb, bin := debs[0], filepath.Join(dir, "bin")
	root := t.TempDir()
	output(t, nil, "dpkg-deb", "--raw-extract", deb, root)

	t.Run("files", func(t *testing.T) { checkFiles(t, root, bin) })
	t.Run("members", func(t *testing.T) { checkMembers(t, deb) })
	t.Run("sums", func(t *testing.T) { checkSums(t, root) })
	t.Run("control", func(t *testing.T) { checkControl(t, root) })
	t.Run("changelog", func(t *testing.T) { checkChangelog(t, root) })
	t.Run("licenses", func(t *testing.T) { checkLicenses(t, root, bin) })
	t.Run("again", func(t *testing.T) { checkAgain(t, deb) })
	t.Run("lintian", func(t *testing.T) {
		need(t, "lintian")
		if out, err := exec.Command("lintian", "--fail-on", "error,warning", "--allow-root", deb).CombinedOutput(); err != nil {
			t.Errorf("lintian: %v\n%s", err, out)
		}
	})
}

// checkFiles compares with what make install stages: all of that, manual pages compressed, and nothing else but the
// package's own files.
func checkFiles(t *testing.T, root, bin string) {
	stage := t.TempDir()
	output(t, nil, "make", "--silent", "install", "DESTDIR="+stage, "PREFIX=/usr", "BIN="+bin)
	var want, got []string
	for _, file := range list(t, stage) {
		if strings.HasPrefix(file, "usr/share/man/") && !strings.HasSuffix(file, ".gz") {
			file += ".gz"
		}
		want = append(want, file)
	}
	own := regexp.MustCompile(`^(DEBIAN/|usr/share/doc/reprieve/|usr/share/lintian/overrides/reprieve$|usr/lib/systemd/system-preset/)`)
	for _, file := range list(t, root) {
		if !own.MatchString(file) {
			got = append(got, file)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if len(want) < 10 {
		t.Errorf("make install stages %v, want all that is shipped", want)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files of the package: -make install +package\n%s", diff)
	}
	for _, file := range []string{"README.md", "docs/install.md", "docs/operator.md", "copyright", "changelog.gz"} {
		if _, err := os.Stat(filepath.Join(root, "usr/share/doc/reprieve", file)); err != nil {
			t.Error(err)
		}
	}
}

// checkMembers looks at owner, mode and time of everything in the package.
func checkMembers(t *testing.T, deb string) {
	program := regexp.MustCompile(`^\./usr/s?bin/[a-z-]+$`)
	members := 0
	archive := tar.NewReader(strings.NewReader(output(t, nil, "dpkg-deb", "--fsys-tarfile", deb)))
	for {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		members++
		want := int64(0o644)
		if h.Typeflag == tar.TypeDir || program.MatchString(h.Name) {
			want = 0o755
		}
		if h.Mode != want || h.Uid != 0 || h.Gid != 0 || h.Uname != "root" || h.Gname != "root" {
			t.Errorf("%s is %#o of %s:%s (%d:%d), want %#o of root:root (0:0)", h.Name, h.Mode, h.Uname, h.Gname, h.Uid, h.Gid, want)
		}
		if got := h.ModTime; !got.Equal(time.Unix(2524608000, 0)) {
			t.Errorf("%s is of %v, want SOURCE_DATE_EPOCH", h.Name, got)
		}
		if h.Typeflag != tar.TypeDir && strings.HasPrefix(h.Name, "./etc/") {
			t.Errorf("%s is shipped, want nothing in /etc: it is the administrator's, and no conffile is declared", h.Name)
		}
	}
	if members < 20 {
		t.Errorf("the package has %d members, want all", members)
	}
}

// checkSums has md5sum compare, and sees that no file is left out.
func checkSums(t *testing.T, root string) {
	cmd := exec.Command("md5sum", "--check", "--strict", "--quiet", "DEBIAN/md5sums")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("md5sum --check: %v\n%s", err, out)
	}
	var got, want []string
	for line := range strings.Lines(read(t, root, "DEBIAN/md5sums")) {
		_, file, _ := strings.Cut(strings.TrimSpace(line), "  ")
		got = append(got, file)
	}
	for _, file := range list(t, root) {
		if !strings.HasPrefix(file, "DEBIAN/") {
			want = append(want, file)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("md5sums: -files +sums\n%s", diff)
	}
}

func checkControl(t *testing.T, root string) {
	control := read(t, root, "DEBIAN/control")
	for _, want := range []string{
		"Package: reprieve", "Version: 1.2.0", "Maintainer: Ada Example <ada@example.org>", "Depends: systemd (>= 252)",
	} {
		if !strings.Contains(control, want+"\n") {
			t.Errorf("control has no line %q:\n%s", want, control)
		}
	}
	if other := regexp.MustCompile(`(?m)^(Pre-Depends|Recommends|Conflicts|Breaks|Replaces|#).*`).FindString(control); other != "" {
		t.Errorf("control has %q, want systemd and nothing else", other)
	}
	got := list(t, filepath.Join(root, "DEBIAN"))
	if diff := cmp.Diff([]string{"control", "md5sums", "postinst", "postrm", "prerm"}, got); diff != "" {
		t.Errorf("control files: -want +got\n%s", diff)
	}
	for _, script := range []string{"postinst", "prerm", "postrm"} {
		text := read(t, root, "DEBIAN/"+script)
		if left := regexp.MustCompile(`@\w+@`).FindString(text); left != "" {
			t.Errorf("%s still has %s", script, left)
		}
	}
	// That prerm stops all of them is in TestScripts; the slice is the last, since the stop of a slice takes what is in it along.
	if script := read(t, root, "DEBIAN/prerm"); !regexp.MustCompile(`deb-systemd-invoke stop .*reprieved\.service reprieve\.slice \|\|`).MatchString(script) {
		t.Errorf("prerm does not stop the service, then the slice:\n%s", script)
	}
}

func checkChangelog(t *testing.T, root string) {
	cmd := exec.Command("gzip", "-dc", filepath.Join(root, "usr/share/doc/reprieve/changelog.gz"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^reprieve \(1\.2\.0\) unstable; urgency=medium\n\n(  [* ] .{1,76}\n)+\n` +
		` -- Ada Example <ada@example\.org>  Sat, 01 Jan 2050 00:00:00 \+0000\n$`)
	if !want.Match(out) {
		t.Errorf("changelog = %q, want %s", out, want)
	}
}

// checkLicenses compares the stanzas of the copyright file with the modules that the programs were built from. A module that
// is new to a program brings a license that has to be in the package.
func checkLicenses(t *testing.T, root, bin string) {
	want := map[string]bool{"*": true, "go": true}
	for _, name := range programs(t) {
		info, err := buildinfo.ReadFile(filepath.Join(bin, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range info.Deps {
			want[m.Path] = true
		}
	}
	got := map[string]bool{}
	text := read(t, root, "usr/share/doc/reprieve/copyright")
	for _, match := range regexp.MustCompile(`(?m)^Files: (\S+)\nCopyright: .+\nLicense: (\S+)$`).FindAllStringSubmatch(text, -1) {
		got[match[1]] = true
		if !strings.Contains(text, "\n\nLicense: "+match[2]+"\n ") {
			t.Errorf("copyright has no text of the license %s", match[2])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("modules: -linked +copyright\n%s", diff)
	}
}

// checkAgain builds a second time, as another user's shell might.
func checkAgain(t *testing.T, deb string) {
	dir := t.TempDir()
	env := append(built[:len(built):len(built)], "TZ=Asia/Tokyo", "LC_ALL=C.UTF-8")
	output(t, env, "sh", "-c", "umask 077; exec make --silent deb DEBDIR="+dir)
	first, err := os.ReadFile(deb)
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(filepath.Join(dir, filepath.Base(deb)))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("a second build differs: %d bytes, then %d", len(first), len(second))
	}
}

// Ensure a version that would not be one of Debian's, or would lead out of the directory, is refused with what is allowed.
func TestDeb_Version(t *testing.T) {
	need(t, "dpkg-deb")
	for _, version := range []string{"v1.0", "1.0-1", "1:1.0", "1/../../x", "1 0"} {
		dir := t.TempDir()
		out, err := command(append(built[1:len(built):len(built)], "VERSION="+version), "dist/deb.sh", dir, dir).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "VERSION is \""+version+"\"; want a digit") {
			t.Errorf("deb.sh with VERSION=%q = %q, %v, want an error that tells what is allowed", version, out, err)
		}
	}
}

func read(t *testing.T, elem ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
