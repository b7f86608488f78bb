//go:build guest

package scenarios

import (
	"strings"
	"testing"
	"time"

	"reprieve/test/watch"
)

// Ensure another memory killer on the host is named, by the daemon at its start and by reprievectl check, and with it the unit that a
// stop would take along.
func TestNeighboursOfTheDaemonAreNamed(t *testing.T) {
	g := begin(t)
	g.config("slices/batch.slice.toml", holdLong)
	g.threeLeaves(leaves{})
	g.service("earlyoom.service", "bulk.slice", load+" sleeper -keep 1M")
	g.unit("along.service", "[Unit]\nBindsTo="+keeper+"\nAfter="+keeper+"\n[Service]\nSlice=bulk.slice\nExecStart="+load+" sleeper -keep 1M\n")
	g.daemonReload()
	g.start("earlyoom.service", "along.service")
	g.startDaemon()

	// Both ask systemd once and give it two seconds, and name nobody without an answer: an emulated PID 1 may need more, and is asked anew.
	named := func() bool { return g.said("earlyoom.service is active") }
	for tries := 0; tries < 3 && !besideSoon(named); tries++ {
		g.run("systemctl", "restart", "reprieved.service")
	}
	g.wait("the daemon to name the other killer at its start", named)
	g.witness()
	for _, want := range []string{
		"warning: earlyoom.service is active", "warning: batch.slice: a stop of " + keeper + " also stops along.service",
	} {
		g.wait("reprievectl check to say "+want, func() bool { return strings.Contains(g.run("reprievectl", "check"), want) })
	}
	g.never(watch.Breach)
}

// besideSoon reports whether ok does within some seconds.
func besideSoon(ok func() bool) bool {
	for end := time.Now().Add(15 * time.Second); !ok(); time.Sleep(glance) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
