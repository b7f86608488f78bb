package dist_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Ensure each script, called as dpkg calls it, tells systemd what it should; and twice the same, since dpkg may call it again.
func TestScripts(t *testing.T) {
	need(t, "dpkg-deb", "make")
	sources(t)
	root := t.TempDir()
	output(t, nil, "dpkg-deb", "--raw-extract", packStubs(t, "1.0"), root)
	const (
		preset   = "systemctl preset reprieved.service"
		booted   = "systemd-notify --booted"
		reload   = "systemctl daemon-reload"
		catalog  = "journalctl --update-catalog"
		restart  = "deb-systemd-invoke restart reprieved.service"
		released = "reprieved -release"
	)
	for _, tt := range []struct {
		name  string
		call  string
		env   string
		fails string // programs that exit with 1
		want  []string
		code  int
	}{
		{name: "first install", call: "postinst configure ", want: []string{preset, booted, reload, catalog, restart}},
		{name: "upgrade", call: "postinst configure 0.9", want: []string{booted, reload, catalog, restart}},
		{name: "failed removal", call: "postinst abort-remove", want: []string{booted, reload, catalog, restart}},
		{name: "masked beforehand", call: "postinst configure ", fails: "systemctl",
			want: []string{preset, booted, reload, catalog, restart}},
		{name: "does not start", call: "postinst configure 0.9", fails: "deb-systemd-invoke",
			want: []string{booted, reload, catalog, restart}},
		{name: "an image", call: "postinst configure ", fails: "systemd-notify", want: []string{preset, booted}},
		{name: "another root", call: "postinst configure ", env: "DPKG_ROOT=/nowhere",
			want: []string{"systemctl --root=/nowhere preset reprieved.service"}},
		{name: "unknown", call: "postinst unheard-of", code: 1},
		{name: "before an upgrade", call: "prerm upgrade 2.0"},
		{name: "before a removal", call: "prerm remove", want: []string{booted, "deb-systemd-invoke stop UNITS", released}},
		{name: "nothing stops", call: "prerm remove", fails: "deb-systemd-invoke reprieved",
			want: []string{booted, "deb-systemd-invoke stop UNITS", released}},
		{name: "removal from an image", call: "prerm remove", fails: "systemd-notify", want: []string{booted}},
		{name: "after an upgrade", call: "postrm upgrade 2.0"},
		{name: "after a removal", call: "postrm remove", want: []string{booted, reload, catalog}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			script, args, _ := strings.Cut(tt.call, " ")
			for _, turn := range []string{"first", "second"} {
				calls := filepath.Join(t.TempDir(), "calls")
				bin := stubs(t, calls, tt.fails, "systemctl", "systemd-notify", "journalctl", "deb-systemd-invoke", "reprieved")
				cmd := exec.Command("/bin/sh", append([]string{filepath.Join(root, "DEBIAN", script)}, strings.Split(args, " ")...)...)
				cmd.Env = append([]string{"PATH=" + bin + ":/usr/bin:/bin"}, strings.Fields(tt.env)...)
				out, _ := cmd.CombinedOutput()
				if got := cmd.ProcessState.ExitCode(); got != tt.code {
					t.Errorf("%s, %s time: exit code %d, want %d\n%s", tt.call, turn, got, tt.code, out)
				}
				if diff := cmp.Diff(tt.want, told(t, calls, shipped(t, root))); diff != "" {
					t.Errorf("%s, %s time: -want +got\n%s", tt.call, turn, diff)
				}
			}
		})
	}
}

// shipped returns the names of all units in an unpacked package.
func shipped(t *testing.T, root string) []string {
	t.Helper()
	return list(t, filepath.Join(root, "usr/lib/systemd/system"))
}

// told reads what stubs were called with; UNITS stands for all units, in any order. Units beside reprieved.service are restarted
// only if they run: that is not looked at here, since there may be none.
func told(t *testing.T, calls string, units []string) []string {
	t.Helper()
	text, err := os.ReadFile(calls)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) > 2 && words[1] == "try-restart" {
			continue
		}
		if len(words) > 2 && words[1] == "stop" && slices.Equal(slices.Sorted(slices.Values(words[2:])), units) {
			words = append(words[:2], "UNITS")
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return lines
}
