//go:build guest

package scenarios

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"reprieve/episodes"
	"reprieve/internal/control"
	"reprieve/test/watch"
)

// asksStatus returns what reprievectl status says to programs.
func (g *guest) asksStatus() control.Status {
	g.t.Helper()
	var page struct{ Daemon *control.Status }
	out := g.run("reprievectl", "status", "--json")
	if err := json.Unmarshal([]byte(out), &page); err != nil || page.Daemon == nil || page.Daemon.PID == 0 {
		g.t.Fatalf("reprievectl status --json = %q (%v), want the daemon's answer in it", out, err)
	}
	return *page.Daemon
}

// spanObjects is how many objects of the smallest size lie in one span of Go's heap (runtime/sizeclasses.go). A span's objects are
// counted when the processor that fills it takes the next one, all at once.
const spanObjects = 1024

// checkThrifty asserts that a span of an episode costs the daemon no more memory than the questions do: from outside that can be told to
// within one span of the heap (one question was seen to cost 6 objects, the next 157, another 471). A tick that makes garbage of what it
// reads makes hundreds of objects. That there is none at all, the daemon's own TestLoop_AllocatesNothing tells.
func (g *guest) checkThrifty(span time.Duration) {
	g.t.Helper()
	first, second := g.asksStatus(), g.asksStatus()
	time.Sleep(span)
	last := g.asksStatus()
	cost := second.OwnAllocations - first.OwnAllocations
	if made := last.OwnAllocations - second.OwnAllocations; made > cost+spanObjects {
		g.t.Errorf("%d objects were allocated in %s of an episode with one question, and %d by a question alone; want at most %d more", made, span, cost, spanObjects)
	}
	if last.Collections != second.Collections {
		g.t.Errorf("%d collections of garbage in %s of an episode, want none", last.Collections-second.Collections, span)
	}
}

// checkStory asserts that what happened can be asked for afterwards: who was stopped, whom it took along, and why, by the episode, by the
// list of episodes and by the unit that died.
func (g *guest) checkStory(stop watch.Message, victim, service string) {
	g.t.Helper()
	id := stop["REPRIEVE_EPISODE"]
	var all []episodes.Summary
	g.wait("reprievectl history to have the end of the episode", func() bool {
		all = nil
		out := g.run("reprievectl", "history", "--json")
		return json.Unmarshal([]byte(out), &all) == nil && slices.ContainsFunc(all, func(s episodes.Summary) bool { return s.Episode == id && !s.Ended.IsZero() })
	})
	for _, s := range all {
		if s.Episode == id && (s.Outcome != episodes.Stopped || !slices.Equal(s.Stopped, []string{victim}) || s.FreedBytes == 0 || s.EmptyUsec == 0) {
			g.t.Errorf("the record of %s: %+v, want it stopped, %s alone, with what that freed", id, s, victim)
		}
	}
	if line := g.run("reprievectl", "history"); !strings.Contains(line, id[:8]) || !strings.Contains(line, victim) {
		g.t.Errorf("reprievectl history = %q, want a line with %s and %s", line, id[:8], victim)
	}
	page := g.run("reprievectl", "show", id[:8])
	for _, want := range []string{victim, "batch-a.slice", stop["REPRIEVE_REASON"], "\n  before      some "} {
		if !strings.Contains(page, want) {
			g.t.Errorf("reprievectl show %s does not say %q:\n%s", id[:8], want, page)
		}
	}
	if again := g.run("reprievectl", "show", "--pick", "largest", id); !strings.Contains(again, victim+", as then") {
		g.t.Errorf("reprievectl show --pick largest, the order of %s, does not choose %s again:\n%s", id[:8], victim, again)
	}
	g.checkBrokenRecords(id)
	if said := g.run("journalctl", "--boot", "--no-pager", "--unit="+service); !strings.Contains(said, "after the stop of "+victim) {
		g.t.Errorf("journalctl --unit=%s does not say that it went with %s:\n%s", service, victim, said)
	}
	status := g.asksStatus()
	if len(status.Slices) != 1 || !status.MemoryLocked || status.Bus != "connected" || status.OwnStallUsec != 0 {
		g.t.Errorf("reprievectl status: %+v, want one slice, memory locked, connected, no stall of its own", status)
	}
	for _, s := range status.Slices {
		if s.Unit == "batch.slice" && (s.Counters.Stops != 1 || s.Last == nil || s.Last.Episode != id || s.Phase != control.Calm) {
			g.t.Errorf("batch.slice in reprievectl status: %+v, last %+v; want one stop, of episode %s, and calm", s, s.Last, id)
		}
	}
}

// checkBrokenRecords asserts that records which are cut short, empty or something else keep nobody from reading the others, and that
// the daemon, which writes beside them, does not mind.
func (g *guest) checkBrokenRecords(id string) {
	g.t.Helper()
	const dir = "/var/lib/reprieve/episodes/"
	found, err := filepath.Glob(dir + "*_" + id + ".json")
	if err != nil || len(found) != 1 {
		g.t.Fatalf("the record of %s: %v, %v, want one file", id, found, err)
	}
	whole, err := os.ReadFile(found[0])
	if err != nil {
		g.t.Fatal(err)
	}
	for n, text := range [][]byte{nil, whole[:len(whole)/2], whole[:100], []byte("\x00\xff not a record"), []byte(`{"version":99,"daemon":""}`)} {
		name := fmt.Sprintf("%s20200101T00000%d.000000Z_batch.slice_%08d-52b1-4c6e-9d9b-2f1d6a0c8e17.json", dir, n, n)
		g.files = append(g.files, name)
		if err := os.WriteFile(name, text, 0o644); err != nil {
			g.t.Fatal(err)
		}
		if out, err := try("reprievectl", "show", fmt.Sprintf("%08d", n)); err == nil || !strings.Contains(out, name) {
			g.t.Errorf("reprievectl show of %q: %v, %q, want an error with the file's name", text[:min(len(text), 20)], err, out)
		}
	}
	out, err := try("reprievectl", "history", "-n", "0")
	if err == nil || !strings.Contains(out, id[:8]) || strings.Count(out, dir+"20200101T") != 5 {
		g.t.Errorf("reprievectl history beside broken records: %v, want the record of %s, and five named that cannot be read:\n%s", err, id[:8], out)
	}
}

// checkAble asserts that reprievectl says what this host can do, to anybody, and that explain tells what holds for batch.slice.
func (g *guest) checkAble() {
	g.t.Helper()
	if out, err := try("reprievectl", "doctor"); err != nil || strings.Contains(out, "BAD") {
		g.t.Errorf("reprievectl doctor: %v, want nothing bad:\n%s", err, out)
	}
	if out, err := try("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "reprievectl", "doctor", "--json"); err != nil || !json.Valid([]byte(out)) {
		g.t.Errorf("reprievectl doctor --json of somebody who is not root: %v\n%s", err, out)
	}
	explained := g.run("reprievectl", "explain", "batch.slice")
	for _, want := range []string{"/etc/reprieve/slices/batch.slice.toml:", "hold.delay", "batch.slice has "} {
		if !strings.Contains(explained, want) {
			g.t.Errorf("reprievectl explain batch.slice does not say %q:\n%s", want, explained)
		}
	}
}

// checkTop asserts that reprievectl top shows batch.slice and its leaves in a terminal of 80 columns, and gives the terminal back.
func (g *guest) checkTop() {
	g.t.Helper()
	g.run("tmux", "-L", "top", "new-session", "-d", "-x", "80", "-y", "24", "reprievectl top; echo it has ended with $?; sleep 1h")
	g.t.Cleanup(func() { g.run("tmux", "-L", "top", "kill-server") })
	screen := func() string { return g.run("tmux", "-L", "top", "capture-pane", "-p") }
	g.wait("batch-c.slice on the screen of top", func() bool { return strings.Contains(screen(), "batch-c.slice") })
	if lines := strings.Split(screen(), "\n"); slices.ContainsFunc(lines, func(l string) bool { return len([]rune(l)) > 80 }) {
		g.t.Errorf("top is wider than its terminal:\n%s", strings.Join(lines, "\n"))
	}
	g.run("tmux", "-L", "top", "send-keys", "q")
	g.wait("top to end", func() bool { return strings.Contains(screen(), "it has ended with 0") })
}

// checkMetrics asserts that what was counted is there for Prometheus, from the socket and as a file.
func (g *guest) checkMetrics(want ...string) {
	g.t.Helper()
	const collected = "/var/lib/prometheus/node-exporter"
	g.run("mkdir", "-p", collected)
	g.run("systemctl", "start", "reprieve-exporter.socket", "reprieve-metrics.service")
	g.t.Cleanup(func() { g.run("systemctl", "stop", "reprieve-exporter.socket", "reprieve-exporter.service") })
	client := http.Client{Timeout: patience}
	answer, err := client.Get("http://127.0.0.1:9798/metrics")
	if err != nil {
		g.t.Errorf("ask the exporter: %v", err)
		return
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	file, errFile := os.ReadFile(collected + "/reprieve.prom")
	if err != nil || errFile != nil {
		g.t.Errorf("metrics: %v, %v", err, errFile)
	}
	for _, line := range want {
		if !strings.Contains(string(text), line+"\n") || !strings.Contains(string(file), line+"\n") {
			g.t.Errorf("no line %q in the metrics:\n%s", line, text)
		}
	}
}

// checkPlanned asserts that reprievectl plan names who would be stopped, and that nobody is for it.
func (g *guest) checkPlanned(victim string) {
	g.t.Helper()
	stops := len(g.messages(watch.Stop))
	plan := g.run("reprievectl", "plan", "batch.slice", "--json")
	var plans []control.Plan
	if err := json.Unmarshal([]byte(plan), &plans); err != nil || len(plans) != 1 {
		g.t.Fatalf("reprievectl plan batch.slice --json = %q (%v), want one plan", plan, err)
	}
	p := plans[0]
	if len(p.Verdict.Candidates) < 3 || p.Verdict.Candidates[0].Unit != victim || p.Verdict.Candidates[0].Rank != 1 {
		g.t.Errorf("plan %+v, want three candidates, %s first", p.Verdict, victim)
	}
	if n := len(g.messages(watch.Stop)); n != stops {
		g.t.Errorf("%d stops after a plan, %d before it", n, stops)
	}
}
