package configs

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Ensure the example explains every key there is, with its default where it has one.
func TestShipped_Example(t *testing.T) {
	set, _ := load(t, map[string]string{"etc/slices/batch.slice.toml": read(t, "shipped/examples/batch.slice.toml")})
	got, want := set.Policy("batch.slice"), set.Policy("other.slice")
	for key, origin := range got.Origins {
		if origin.File == "" && key != "hold.step" { // Its ladder is commented out: see below.
			t.Errorf("the example has no %s", key)
		}
	}
	got.Slice, got.Origins, want.Origins = want.Slice, nil, nil
	want.Watched, want.Pressure = true, Pressure{Full: 2000, Some: 6000, Window: want.Pressure.Window, Events: []string{"max", "oom"}, Left: want.Pressure.Left}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the example differs from the defaults: -want +got\n%s", diff)
	}
}

// Ensure the ladder in the example is right once it is taken into use, in the place of hold.by.
func TestShipped_ExampleLadder(t *testing.T) {
	var lines []string
	for line := range strings.Lines(read(t, "shipped/examples/batch.slice.toml")) {
		if !strings.HasPrefix(line, "by = ") {
			lines = append(lines, regexp.MustCompile(`^#([\[#a-z])`).ReplaceAllString(line, "$1"))
		}
	}
	set, _ := load(t, map[string]string{"etc/slices/batch.slice.toml": strings.Join(lines, "")})
	want := []Step{
		{By: "signal", Delay: 2 * time.Second, Unit: "cache.service", Signal: "SIGUSR1", To: "main"},
		{By: "throttle", Delay: 8 * time.Second},
	}
	if diff := cmp.Diff(want, set.Policy("batch.slice").Hold.Ladder()); diff != "" {
		t.Errorf("Ladder: -want +got\n%s", diff)
	}
}

// Ensure the example explains every picker, and the list of them all is one that a file may have.
func TestShipped_ExamplePicks(t *testing.T) {
	var list []string
	for _, match := range regexp.MustCompile(`(?m)^#   ("\w+")  +\w`).FindAllStringSubmatch(read(t, "shipped/examples/batch.slice.toml"), -1) {
		list = append(list, match[1])
	}
	set, _ := load(t, map[string]string{"etc/slices/a.slice.toml": "stop.pick = [" + strings.Join(list, ", ") + "]\n"})
	if got := set.Policy("a.slice").Stop.Pick; len(got) != 8 {
		t.Errorf("the example explains %q, want all eight", got)
	}
}

// Ensure each key in a shipped file has a comment above it, and each pattern of protect a reason.
func TestShipped_Commented(t *testing.T) {
	for _, file := range append(shippedSlices(t), "shipped/reprieve.toml", "shipped/examples/batch.slice.toml") {
		keys, previous := 0, ""
		for line := range strings.Lines(read(t, file)) {
			if strings.Contains(line, " = ") && !strings.HasPrefix(line, "#") {
				keys++
				// The keys of [host] are explained together, above it.
				if !strings.HasPrefix(previous, "#") && !strings.HasPrefix(line, "available") && !strings.HasPrefix(line, "swap") {
					t.Errorf("%s: no comment above %q", file, line)
				}
			}
			previous = line
		}
		if keys < 4 {
			t.Errorf("%s: found %d keys, want all", file, keys)
		}
	}
}

// Ensure the shipped settings of the daemon set every key, act, and protect the way in, the witness and the daemon.
func TestShipped_Daemon(t *testing.T) {
	set, err := Load(Options{Dirs: []string{}})
	must(t, err)
	d := set.Daemon()
	for key, origin := range d.Origins {
		if origin.File != BuiltIn || origin.Line == 0 {
			t.Errorf("%s is from %+v, want a line of the shipped file", key, origin)
		}
	}
	if want := (Host{Available: Size{Share: 200}, Swap: Size{Share: 500}}); d.Observe || d.Host != want || d.Guard != 2*time.Second {
		t.Errorf("Daemon = %+v, want to act, a guard of 2s, and %+v", d, want)
	}
	for unit, want := range map[string]bool{
		"systemd-journald.service": true, "systemd-logind.service": true, "systemd-udevd.service": true, "dbus.service": true,
		"dbus-broker.service": true, "ssh.service": true, "sshd.service": true, "ssh@0-10.0.0.1:22-10.0.0.2:5.service": true,
		"getty@tty1.service": true, "reprieved.service": true, "session.slice": true,
		"postgresql.service": false, "user@1000.service": false, "app.slice": false, "user.slice": false, "user-1000.slice": false, "session-1.scope": false,
	} {
		if got := d.Protected(unit); got != want {
			t.Errorf("Protected(%q) = %v, want %v", unit, got, want)
		}
	}
}

// shippedSlices are the paths of the slices' files.
func shippedSlices(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("shipped/slices/*.toml")
	must(t, err)
	return files
}

// Ensure what is installed as /usr/lib/reprieve can be loaded from there, and watches the slices that it has files for:
// with the defaults, but for what these say.
func TestShipped_Installed(t *testing.T) {
	set, err := Load(Options{Dirs: []string{"shipped"}})
	must(t, err)
	files := append([]string{"shipped/reprieve.toml"}, shippedSlices(t)...)
	if diff := cmp.Diff(files, set.Files()); diff != "" {
		t.Errorf("Files(): -want +got\n%s", diff)
	}
	if diff := cmp.Diff([]string{"-.slice", "system.slice", "user.slice"}, set.Named()); diff != "" {
		t.Errorf("Named(): -want +got\n%s", diff)
	}
	for slice, differ := range map[string]func(*Policy){
		"-.slice":      func(p *Policy) { p.Pressure.Full, p.Hold.Delay, p.Stop.From = 5000, 20*time.Second, "slices" },
		"user.slice":   func(p *Policy) { p.Pressure.Full, p.Hold.Delay, p.Stop.From = 6000, 30*time.Second, "units" },
		"system.slice": func(p *Policy) { p.Pressure.Full, p.Hold.Delay, p.Stop.From = 6000, 30*time.Second, "units" },
	} {
		want, got := defaultPolicy(), set.Policy(slice)
		want.Slice, want.Watched = slice, true
		want.Pressure.Window, want.Pressure.Scarce = 2*time.Second, 1000
		want.Stop.Pick = []string{"priority", "largest"}
		differ(&want)
		got.Origins = nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Policy(%q): -want +got\n%s", slice, diff)
		}
	}
	for _, slice := range []string{"batch.slice", "user-1000.slice", "system-getty.slice"} {
		if set.Policy(slice).Watched {
			t.Errorf("%s is watched, want not", slice)
		}
	}
}

// Ensure a shipped slice can be switched off, and changed by one key, from /etc.
func TestShipped_Overridden(t *testing.T) {
	files := map[string]string{
		"etc/slices/-.slice.toml":         "-> /dev/null",
		"etc/slices/user.slice.d/10.toml": "hold.delay = \"1m\"\n",
	}
	for _, path := range shippedSlices(t) {
		files["lib/slices/"+filepath.Base(path)] = read(t, path)
	}
	set, root := load(t, files)
	if p := set.Policy("-.slice"); p.Watched || p.Masked != root+"/etc/slices/-.slice.toml" {
		t.Errorf("-.slice is watched: %v, masked by %q, want not, and by the link", p.Watched, p.Masked)
	}
	if p := set.Policy("user.slice"); !p.Watched || p.Hold.Delay != time.Minute || p.Pressure.Full != 6000 {
		t.Errorf("user.slice is watched: %v, at %s for %s, want true, 60%%, 1m", p.Watched, p.Pressure.Full, p.Hold.Delay)
	}
	if !set.Policy("system.slice").Watched {
		t.Error("system.slice is not watched, want as shipped")
	}
}

// Ensure each shipped slice tells an operator how to change it and how to switch it off.
func TestShipped_SlicesExplain(t *testing.T) {
	for _, path := range shippedSlices(t) {
		text, name := read(t, path), filepath.Base(path)
		for _, want := range []string{
			"/etc/reprieve/slices/" + strings.TrimSuffix(name, ".toml") + ".d/NAME.toml", "ln -s /dev/null /etc/reprieve/slices/" + name + "\n",
			"a file scan, a backup", "reprievectl check", "systemctl reload reprieved",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q", path, want)
			}
		}
	}
}

// Ensure systemd takes the units without a word, and finds the sandbox as tight as it was made.
func TestUnits_BySystemd(t *testing.T) {
	dir := t.TempDir()
	// The daemon need not be installed to judge its unit.
	service := strings.ReplaceAll(read(t, "systemd/reprieved.service"), "/usr/sbin/reprieved", "/bin/true")
	must(t, os.WriteFile(filepath.Join(dir, "reprieved.service"), []byte(service), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "reprieve.slice"), []byte(read(t, "systemd/reprieve.slice")), 0o644))

	verify := exec.Command("systemd-analyze", "verify", "--man=no", filepath.Join(dir, "reprieved.service"), filepath.Join(dir, "reprieve.slice"))
	if out, err := verify.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v (it is in the Debian package systemd)\n%s", err, out)
	}
	// The threshold is in tenths.
	security := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", filepath.Join(dir, "reprieved.service"))
	if out, err := security.CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v, want an exposure of at most 2.0\n%s", err, out)
	}
}

// Ensure the service has what the daemon cannot do without, and not what would break it.
func TestUnits_Settings(t *testing.T) {
	service, slice := read(t, "systemd/reprieved.service"), read(t, "systemd/reprieve.slice")
	for setting, want := range map[string]string{
		"Type": "notify", "NotifyAccess": "main", "ExecStart": "/usr/sbin/reprieved", "ExecReload": `/bin/sh -c "kill -HUP $MAINPID"`,
		"ExecStopPost": "-/usr/sbin/reprieved -release", "WatchdogSec": "10s", "Restart": "always", "RestartPreventExitStatus": "78",
		"Slice": "reprieve.slice", "OOMScoreAdjust": "-1000", "MemorySwapMax": "0", "LimitMEMLOCK": "infinity",
		"RuntimeDirectory": "reprieve", "RuntimeDirectoryPreserve": "yes", "ProtectControlGroups": "no", "WantedBy": "multi-user.target",
		"Delegate": "", "RestrictRealtime": "", "PrivateUsers": "",
	} {
		if got := unitSetting(service, setting); got != want {
			t.Errorf("reprieved.service has %s=%s, want %q", setting, got, want)
		}
	}
	// Protection that the slice does not have, the service has not either.
	if own, above := unitSetting(service, "MemoryMin"), unitSetting(slice, "MemoryMin"); own == "" || own != above {
		t.Errorf("MemoryMin=%s in the service, %s in the slice, want the same", own, above)
	}
}

// unitSetting returns the value of a setting that a unit file has once, "" if it has it not.
func unitSetting(text, setting string) string {
	match := regexp.MustCompile(`(?m)^` + setting + `=(.*)$`).FindStringSubmatch(text)
	if match == nil {
		return ""
	}
	return match[1]
}

// Ensure every message of the daemon has an entry of the catalog that systemd takes, and no other is there.
func TestCatalog(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"usr/lib/systemd/catalog", "var/lib/systemd/catalog"} {
		must(t, os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	text := read(t, "catalog/reprieve.catalog")
	must(t, os.WriteFile(filepath.Join(root, "usr/lib/systemd/catalog/reprieve.catalog"), []byte(text), 0o644))
	journalctl := func(verb string) string {
		out, err := exec.Command("journalctl", "--root="+root, verb).CombinedOutput()
		if err != nil {
			t.Fatalf("journalctl %s: %v (it is in the Debian package systemd)\n%s", verb, err, out)
		}
		return string(out)
	}
	if out := journalctl("--update-catalog"); out != "" {
		t.Errorf("journalctl --update-catalog said %s", out)
	}
	got := map[string]bool{}
	scanner := bufio.NewScanner(strings.NewReader(journalctl("--list-catalog")))
	for scanner.Scan() {
		id, _, _ := strings.Cut(scanner.Text(), " ")
		got[id] = true
	}
	want := map[string]bool{}
	for _, id := range messageIDs() {
		want[id] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries: -want +got\n%s", diff)
	}
	for _, entry := range strings.Split(text, "\n-- ")[1:] {
		for _, part := range []string{"\nSubject: ", "\nDefined-By: Reprieve\n", "\nSupport: ", "\n\nWhat to do: "} {
			if !strings.Contains(entry, part) {
				t.Errorf("entry %.32s has no %q", entry, strings.TrimSpace(part))
			}
		}
	}
}

// messageIDs are the MESSAGE_IDs that reprieved sends.
func messageIDs() []string {
	return []string{
		"40868ea7ae8f4eee96059381b458c40c", // started
		"eddce819473148bb84b99580d910ec68", // breach
		"8c29c0d12bf0490a9286014b2c04a49b", // hold
		"77bae3f1389d4d81923c21e502605f9d", // relief
		"813f3b1874dc47ab9aa5472c942dd1ab", // stop
		"a7452aab967443f4aaeb384b853c1d7c", // stopped
		"c2b960401851416e8e7bf732b9650777", // settled
		"99d38dca0e9c485ca7089569cc321eb3", // acquitted
		"4962b306865147828be10a0d96f106b7", // step
		"d30c9d9cfb2b418a8b17e63897c004d1", // hooks
		"6c0dbfc6b43a43e1b62c8803fb25b80f", // kernel
		"fe18d643576143ba99ee6d6ffc958c04", // revived
		"1f85a9594e774cb2bc830965f5d845c2", // stays down
		"08340d07677f487da033d9a4d5932345", // guarded
		"106f77376d894ca3bafb05d2e7623017", // failed
		"ce7c13b5f8d14c0084144c5f3cd89896", // kept
		"975bc66ce7bc4337a04dad1605cf18cc", // released
		"e5ee6c77196f4ffa81d7b0afb10a005c", // watched
		"d9502dbb51d346388669e076f20ed936", // paused
		"1ca4141e1e17411293a658498c0c28a2", // no record
	}
}

// Ensure the catalog names only fields that the messages have.
func TestCatalog_Fields(t *testing.T) {
	known := map[string]bool{"UNIT": true}
	for _, field := range []string{"SLICE", "EPISODE", "REASON", "STALL_SOME", "STALL_FULL", "USAGE", "FREED", "CANDIDATES", "PICK", "EVIDENCE", "EMPTY_USEC", "SETTLE_USEC", "KILLS", "WAITED_USEC", "DELAY_USEC", "SILENT_USEC", "LATE_USEC", "HOLD", "STEP", "HOOKS"} {
		known["REPRIEVE_"+field] = true
	}
	named := regexp.MustCompile(`@(\w+)@`).FindAllStringSubmatch(read(t, "catalog/reprieve.catalog"), -1)
	for _, match := range named[1:] { // The first is the format's own, in the comment.
		if !known[match[1]] {
			t.Errorf("the catalog names %s, which no message has", match[0])
		}
	}
	if len(named) < 10 {
		t.Errorf("found %d fields, want all", len(named))
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return string(text)
}
