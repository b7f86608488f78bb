//go:build guest

package scenarios

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// setAttribute sets an extended attribute of a slice's cgroup.
func (g *guest) setAttribute(slice, name, value string) {
	g.t.Helper()
	if err := unix.Setxattr(watch.SlicePath(slice), name, []byte(value), 0); err != nil {
		g.t.Fatalf("set %s=%s of %s: %v", name, value, slice, err)
	}
}

// explains asserts that the table of a stop's candidates has these words.
func (g *guest) explains(stop watch.Message, words ...string) {
	g.t.Helper()
	for _, why := range words {
		if !strings.Contains(stop["REPRIEVE_CANDIDATES"], why) {
			g.t.Errorf("REPRIEVE_CANDIDATES = %q, want %q in it", stop["REPRIEVE_CANDIDATES"], why)
		}
	}
}

// Ensure ManagedOOMPreference= of existing unit files and the attributes of systemd-oomd count as they are: who prefers to be
// stopped is, then the hog, and neither the largest, which is left out, nor the next, which is avoided.
func TestExtendedAttributes(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "2s"
[stop]
min    = "1M"
settle = "2s"
`)
	g.unit("batch-a.slice", "[Slice]\nManagedOOMPreference=omit\n")
	g.unit("batch-d.slice", "[Slice]\nManagedOOMPreference=avoid\n")
	// What all have together is some 600 MB of the 768 that the slice and the swap have.
	g.threeLeaves(leaves{keepMB: 120, hog: load + " hog -rate 30M -max 380M -touch"})
	g.service("avoided.service", "batch-d.slice", load+" sleeper -keep 70M")
	g.service("preferred.service", "batch-e.slice", load+" sleeper -keep 10M")
	g.daemonReload()
	g.start("avoided.service", "preferred.service")
	g.setAttribute("batch-e.slice", "user.oomd_prefer", "1")
	g.wait("the avoided one to have its memory", func() bool { return g.bytes("batch-d.slice", "memory.current") >= 70<<20 })
	g.startDaemon()
	g.witness()
	g.lets("preferred.service")

	g.start(hog)
	first := g.await(watch.Stop)
	if got, want := first["UNIT"], "batch-e.slice"; got != want {
		t.Errorf("UNIT of the first stop = %q, want %q: %s", got, want, first["MESSAGE"])
	}
	g.explains(first, "left out by user.oomd_omit", "avoid", "prefer")
	settled := g.await(watch.Settled, "UNIT", "batch-e.slice")
	second := g.awaitAfter(first.At(), watch.Stop)
	if got, want := second["UNIT"], "batch-b.slice"; got != want {
		t.Errorf("UNIT of the second stop = %q, want %q: %s", got, want, second["MESSAGE"])
	}
	g.inOrder(first, settled, second, g.await(watch.Settled, "UNIT", "batch-b.slice"))
	g.neverFailed()
	g.checkTicking()
}

// Ensure nobody leaves himself out: user.oomd_omit on a cgroup that belongs to an ordinary user is not honoured in a slice of root's,
// and the record says so.
func TestForgedAttributeIsIgnored(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("slices/batch.slice.toml", `
[pressure]
full = "10%"
[hold]
delay = "2s"
`)
	const forged = "/run/forged"
	g.threeLeaves(leaves{hog: "/bin/sh -c 'until test -e " + forged + "; do sleep 0.2; done; exec " + growing + "'"})
	g.startDaemon()
	g.witness()

	g.start(hog)
	// After the start, at which systemd would take the attribute away, and before the hog grows.
	if err := os.Chown(watch.SlicePath("batch-b.slice"), 65534, 65534); err != nil {
		t.Fatal(err)
	}
	g.setAttribute("batch-b.slice", "user.oomd_omit", "1")
	g.write(forged, "")
	stop := g.await(watch.Stop)
	if got, want := stop["UNIT"], "batch-b.slice"; got != want {
		t.Errorf("UNIT of the stop = %q, want %q: %s", got, want, stop["MESSAGE"])
	}
	g.explains(stop, "xattr of its own ignored")
	g.checkEpisode(stop, g.await(watch.Stopped), g.await(watch.Settled))
	g.neverFailed()
	g.checkNeighbours()
}
