//go:build guest

package scenarios

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"reprieve/controller"
	"reprieve/memcg"
	"reprieve/test/watch"
)

// squeezeHeldAt returns the mark that a hold began with, as its message has it: in whole MiB. The file may have another one by now.
func (g *guest) squeezeHeldAt(hold watch.Message) int64 {
	g.t.Helper()
	_, text, _ := strings.Cut(hold["MESSAGE"], " is held at ")
	text, _, _ = strings.Cut(text, "M:")
	mib, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		g.t.Fatalf("MESSAGE of the hold = %q, want the mark in MiB: %v", hold["MESSAGE"], err)
	}
	return mib << 20
}

// squeezeMarks returns the marks that memory.high had from the hold on, as the daemon read them back: from the trace of the episode, which
// is written when it ends. Who looks now and then misses some.
func (g *guest) squeezeMarks(hold watch.Message) []memcg.Limit {
	g.t.Helper()
	path := traces + "/" + hold["REPRIEVE_EPISODE"] + ".json.gz"
	f, err := os.Open(path)
	if err != nil {
		g.t.Fatal(err)
	}
	defer f.Close()
	var trace struct {
		Inputs []struct {
			Kind controller.InputKind `json:"kind"`
			Hold memcg.Hold           `json:"hold"`
		}
	}
	z, err := gzip.NewReader(f)
	if err == nil {
		err = json.NewDecoder(z).Decode(&trace)
	}
	if err != nil {
		g.t.Fatalf("read %s: %v", path, err)
	}
	var marks []memcg.Limit
	for _, in := range trace.Inputs {
		known := len(marks) > 0 && marks[len(marks)-1] == in.Hold.Mark
		if (in.Kind == controller.InputHold || in.Kind == controller.InputMove) && in.Hold.Mark > 0 && !known {
			marks = append(marks, in.Hold.Mark)
		}
	}
	return marks
}

// Ensure a held leaf is pressed below what it used, in steps and no further than the policy says, that it gives that up, and lives.
func TestSqueeze(t *testing.T) {
	g := begin(t)
	g.swapOn()
	g.config("reprieve.toml.d/trace.toml", "trace = \""+traces+"\"\n")
	g.config("slices/batch.slice.toml", `
[pressure]
full = "5%"
[hold]
squeeze = "10%"
delay   = "9m"
calm    = "5m"
urgent  = "0%"
`)
	g.threeLeaves(leaves{})
	g.startDaemon()
	hold := g.awaitHold()
	g.witness()
	g.lets("reprieved.service")
	// What it has it does not touch again, and who stands still does not run into the mark: there is something to take.
	g.signal(hog, unix.SIGSTOP)

	first := g.squeezeHeldAt(hold)
	g.wait("the mark to be a tenth lower", func() bool { return g.bytes("batch-b.slice", "memory.high")*100 <= first*91 })
	high := g.bytes("batch-b.slice", "memory.high") // there may be one more step to go
	g.wait("the leaf to be under it", func() bool { return g.bytes("batch-b.slice", "memory.current") <= high })
	if least := first * 89 / 100; high < least {
		t.Errorf("memory.high = %d, want no less than %d: squeeze is 10%%", high, least)
	}
	g.never(watch.Stop)
	for _, m := range g.messages(watch.Failed) {
		// A step reclaims in the write: where swap or its thread is slow that is told, and no harm.
		if !strings.Contains(m["MESSAGE"], "the kernel has not returned from it in a second") {
			t.Errorf("failed: %s, want no such message", m["MESSAGE"])
		}
	}
	g.run("systemctl", "stop", "reprieved.service")
	if got := g.high(); got != "max" {
		t.Errorf("memory.high of batch-b.slice = %s at the end, want max", got)
	}
	g.inOrder(hold, g.await(watch.Released, "UNIT", "batch-b.slice"))
	g.squeezedInSteps(g.squeezeMarks(hold))
	g.checkNeighbours()
}

// squeezedInSteps asserts that marks went down by a tenth of the first and no further, none of the steps larger than a fiftieth of it.
func (g *guest) squeezedInSteps(marks []memcg.Limit) {
	g.t.Helper()
	if len(marks) < 6 {
		g.t.Fatalf("memory.high had the values %v, want five steps down at least", marks)
	}
	first, last := marks[0], marks[len(marks)-1]
	for at, mark := range marks[1:] {
		if step := marks[at] - mark; mark >= marks[at] || step > first/50 {
			g.t.Errorf("memory.high went from %d to %d, want small steps down: %v", marks[at], mark, marks)
		}
	}
	if last < first/100*89 || last > first/100*92 {
		g.t.Errorf("memory.high ended at %d, want a tenth less than %d: %v", last, first, marks)
	}
}
