//go:build guest

package scenarios

import (
	"encoding/json"
	"os"
	"strings"
	"time"

	"reprieve/internal/control"
)

const (
	polkit     = "polkit.service"
	polkitRule = `// Whoever asks reprieve for something may not, but for one user and a pause. Root is not asked about.
polkit.addRule(function(action, subject) {
    if (action.id.indexOf("org.reprieve1.") == 0)
        return action.id == "org.reprieve1.pause" && subject.user == "someone" ? polkit.Result.YES : polkit.Result.NO;
});
`
)

// busCall is a command line that calls a method of org.reprieve1 and does not allow polkit to ask a person. It prints the name of an error.
func busCall(method, argument string) []string {
	return []string{"dbus-send", "--system", "--print-reply", "--dest=org.reprieve1", busObject, busManager + "." + method, argument}
}

// checkPolkit asserts that somebody may read everything on the bus, and pause and release only as polkit says, which is not started before; and
// that root may whatever polkit says.
func (g *guest) checkPolkit() {
	g.t.Helper()
	g.checkBusReads()
	if got := g.property(polkit, "ActiveState") + " " + g.property(polkit, "UnitFileState"); got != "inactive static" {
		g.t.Errorf("%s is %s before anybody asked it, want it inactive and static", polkit, got)
	}
	const (
		wouldAsk = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
		denied   = "org.freedesktop.DBus.Error.AccessDenied"
		minutes  = "uint64:600000000"
	)
	g.busRefuses(wouldAsk, busCall("Pause", minutes)...)
	g.busRefuses(wouldAsk, busCall("Release", "string:")...)
	if got := g.property(polkit, "ActiveState"); got != "active" {
		g.t.Errorf("%s is %s after it was asked, want it active", polkit, got)
	}
	// There is nobody to ask, whoever allows it. Busctl has words of its own for AccessDenied.
	g.busRefuses("Access denied", "busctl", "--allow-interactive-authorization=yes", "call", "org.reprieve1", busObject, busManager, "Pause", "t", "600000000")

	g.write("/etc/polkit-1/rules.d/50-scenario.rules", polkitRule)
	g.wait("polkit to know its rule", func() bool {
		_, err := tryAs(atDesk, busCall("Pause", minutes)...)
		return err == nil
	})
	if got := g.asksStatus().PausedUntilUnixUsec; got <= time.Now().UnixMicro() {
		g.t.Errorf("paused until %d after a pause that was allowed, want later than now", got)
	}
	if status := g.status(); !strings.Contains(status, "paused until") {
		g.t.Errorf("systemctl status says %q, want that it is paused", status)
	}
	g.busRefuses(denied, busCall("Release", "string:")...)
	for _, call := range [][]string{busCall("Release", "string:"), busCall("Release", "string:user.slice"), busCall("Pause", minutes), busCall("Pause", "uint64:0")} {
		g.run(call[0], call[1:]...)
	}
	if got := g.asksStatus().PausedUntilUnixUsec; got != 0 {
		g.t.Errorf("paused until %d after root ended it, want 0", got)
	}
}

// busRefuses asserts that a call of somebody's is refused with these words, and that nothing came of it.
func (g *guest) busRefuses(words string, call ...string) {
	g.t.Helper()
	before := g.asksStatus().PausedUntilUnixUsec
	if out, err := tryAs(atDesk, call...); err == nil || !strings.Contains(out, words) {
		g.t.Errorf("%s by somebody: %q, %v; want it refused with %q", strings.Join(call, " "), out, err, words)
	}
	// The daemon's clock does not go by the wall's: the same time may be some microseconds off when it is said again.
	if after := g.asksStatus().PausedUntilUnixUsec; max(after-before, before-after) > time.Second.Microseconds() {
		g.t.Errorf("paused until %d after %s was refused, want %d as before", after, strings.Join(call, " "), before)
	}
}

// checkBusReads asserts that somebody may read what org.reprieve1 has.
func (g *guest) checkBusReads() {
	g.t.Helper()
	read := func(property string) string {
		out, err := tryAs(atDesk, "busctl", "get-property", "org.reprieve1", busObject, busManager, property)
		if err != nil {
			g.t.Fatalf("%s, read by somebody: %v\n%s", property, err, out)
		}
		return out
	}
	g.wait("reprieve-bus to be connected", func() bool { return read("Connected") == "b true" })
	for property, want := range map[string]string{"Version": "s ", "Observe": "b false", "PausedUntilUnixUsec": "t 0", "Slices": `a(sssiddtstas) 1 "user.slice" "/user.slice" "calm" `} {
		if got := read(property); !strings.HasPrefix(got, want) {
			g.t.Errorf("%s, read by somebody, is %s, want %s", property, got, want)
		}
	}
	var reply struct{ Data []string }
	var status control.Status
	out := g.userRun(atDesk, "busctl", "--json=short", "call", "org.reprieve1", busObject, busManager, "Status")
	if err := json.Unmarshal([]byte(out), &reply); err != nil || len(reply.Data) != 1 || json.Unmarshal([]byte(reply.Data[0]), &status) != nil || status.PID != g.mainPID("reprieved.service") {
		g.t.Errorf("Status, read by somebody: %v, %s; want the daemon's", err, out)
	}
}

// withoutPolkit has the bus know nothing of polkit until the end of the scenario.
func (g *guest) withoutPolkit() {
	g.t.Helper()
	const activation = "/usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service"
	rename := func(from, to string) {
		if err := os.Rename(from, to); err != nil {
			g.t.Error(err)
		}
		g.run("busctl", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ReloadConfig")
	}
	g.t.Cleanup(func() { rename(activation+".away", activation) })
	rename(activation, activation+".away")
}
