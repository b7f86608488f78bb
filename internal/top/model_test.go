package top

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/episodes"
	"reprieve/internal/control"
	"reprieve/internal/gauge"
	"reprieve/memcg"
)

var update = flag.Bool("update", false, "rewrite testdata")

var now = time.Date(2026, 11, 22, 19, 1, 2, 0, time.UTC)

const mib = 1 << 20

// group is a group with some figures; its stall is given by full over 10 s and the total of full.
func group(path string, avg10 float64, total uint64, usage int64, children ...*Group) *Group {
	unit := path[strings.LastIndexByte(path, '/')+1:]
	return &Group{
		Unit: unit, Ranked: strings.HasSuffix(unit, ".slice"), Priority: 100, Inner: len(children) > 0, Children: children,
		Reading: gauge.Reading{
			Path: path, PressureOK: true, UsageBytes: usage, LimitBytes: -1,
			Some: gauge.Line{Avg10: avg10 * 2, Avg60: avg10, TotalUsec: 2 * total}, Full: gauge.Line{Avg10: avg10, Avg60: avg10 / 4, TotalUsec: total},
		},
	}
}

// look is a host with two watched slices, n seconds after now. In every second b stalls for 0.4 s and grows by 30 MiB.
func look(n int) Look {
	passed := uint64(n)
	b := group("/batch.slice/batch-b.slice", 12, 400_000*passed, int64(n)*30*mib+200*mib,
		group("/batch.slice/batch-b.slice/hog.service", 12, 400_000*passed, int64(n)*30*mib+199*mib))
	a := group("/batch.slice/batch-a.slice", 0.4, 0, 300*mib)
	a.Inner = true // and folded
	return Look{
		At: now.Add(time.Duration(n) * time.Second), Watched: map[string]bool{"/batch.slice": true, "/system.slice": true},
		Roots: []*Group{
			group("/system.slice", 0, 100, 90*mib, group("/system.slice/a\x1b[2J.service", 0, 100, -1)),
			group("/batch.slice", 12, 410_000*passed, int64(n)*30*mib+500*mib, a, b),
		},
		Memory: memcg.Meminfo{Total: 8192 * mib, Available: 6144 * mib, SwapTotal: 2048 * mib, SwapFree: 1024 * mib}, MemoryOK: true,
		Status: &control.Status{
			Bus: "connected",
			Slices: []control.Slice{
				{Unit: "batch.slice", Path: "/batch.slice", Phase: control.Calm, Priority: 10, Limits: control.Limits{FullPercent: 20}},
				{Unit: "system.slice", Path: "/system.slice", Phase: control.Calm, Priority: 100,
					Last: &control.Last{Outcome: episodes.Stopped, Unit: "hog.service", EndedUnixUsec: now.Add(-time.Hour).UnixMicro()}},
			},
		},
	}
}

// inEpisode has batch.slice hold two groups.
func inEpisode(l Look) Look {
	s := &l.Status.Slices[0]
	s.Phase = control.Held
	s.Episode = &control.Now{DeadlineUnixUsec: l.At.Add(6800 * time.Millisecond).UnixMicro(), Holds: []control.Hold{{Unit: "batch-b.slice"}, {Unit: "x"}}}
	return l
}

func plans() []control.Plan {
	return []control.Plan{{Slice: "batch.slice", Verdict: episodes.Verdict{
		Choice: "largest of 2: 408M, next batch-a.slice at most 300M", Candidates: []episodes.Candidate{{Unit: "batch-b.slice", Rank: 1}},
	}}}
}

// screen is a model that took looks of two seconds.
func screen() *Model {
	m := NewModel(time.UTC, false)
	m.Take(look(0))
	m.Take(look(1))
	return m
}

func golden(t *testing.T, name string, m *Model, width, height int) {
	t.Helper()
	lines := m.Frame(width, height)
	if len(lines) != height {
		t.Errorf("%s has %d lines, want %d", name, len(lines), height)
	}
	bare := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, line := range lines {
		if n := len([]rune(bare.ReplaceAllString(line, ""))); n > width {
			t.Errorf("%s: a line has %d columns, want %d at most: %q", name, n, width, line)
		}
	}
	var got strings.Builder
	for _, line := range lines {
		got.WriteString(strings.ReplaceAll(strings.TrimRight(line, " "), "\x1b", `\e`) + "\n")
	}
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s: -want +got (-update rewrites it)\n%s", path, diff)
	}
}

// Ensure the screen shows what it is given, in 80 columns and in more, in calm, in an episode and without a daemon.
func TestModel_Frame(t *testing.T) {
	m := screen()
	golden(t, "calm-80x24", m, 80, 24)
	golden(t, "calm-132x16", m, 132, 16)
	golden(t, "least-64x8", m, LeastColumns, LeastRows)
	golden(t, "too-small-40x5", m, 40, 5)

	m.Take(inEpisode(look(2)))
	m.TakePlans(plans())
	golden(t, "episode-80x24", m, 80, 24)
	m.Colours = true
	golden(t, "episode-colours-80x24", m, 80, 24)

	m = NewModel(time.UTC, false)
	golden(t, "first-80x24", m, 80, 24)
	l := look(0)
	l.Status, l.Trouble, l.Unread = nil, "reprieved does not run", 12
	m.Take(l)
	golden(t, "no-daemon-80x24", m, 80, 24)
	m.Press(Help)
	golden(t, "help-80x24", m, 80, 24)
	m = NewModel(time.UTC, false)
	m.Take(Look{At: now, Trouble: "reprieved answers root alone"})
	golden(t, "nothing-80x24", m, 80, 24)
}

// names are the units of the rows of a screen, the cursor's with ">".
func names(m *Model) string {
	var all []string
	rows := m.rows()
	for i, r := range rows {
		name := r.Unit
		if i == m.at(rows) {
			name = ">" + name
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

// Ensure each key does what the help says of it.
func TestModel_Press(t *testing.T) {
	const x = "a\x1b[2J.service"
	m := screen()
	for i, tt := range []struct {
		keys, want string
	}{
		{"", ">batch.slice batch-b.slice hog.service batch-a.slice system.slice " + x},
		{"s", ">batch.slice batch-a.slice batch-b.slice hog.service system.slice " + x},
		{"s", ">batch.slice batch-b.slice hog.service batch-a.slice system.slice " + x},
		{"s", ">batch.slice batch-a.slice batch-b.slice hog.service system.slice " + x},
		{"s", ">batch.slice batch-b.slice hog.service batch-a.slice system.slice " + x},
		{"j", "batch.slice >batch-b.slice hog.service batch-a.slice system.slice " + x},
		{"f", "batch.slice >batch-b.slice batch-a.slice system.slice " + x},
		{"f", "batch.slice >batch-b.slice hog.service batch-a.slice system.slice " + x},
		{"\x1b[B\x1b[B", "batch.slice batch-b.slice hog.service >batch-a.slice system.slice " + x},
		{"\x1bOA", "batch.slice batch-b.slice >hog.service batch-a.slice system.slice " + x},
		{"f", "batch.slice batch-b.slice >hog.service batch-a.slice system.slice " + x},
		{"kkkkkk", ">batch.slice batch-b.slice hog.service batch-a.slice system.slice " + x},
		{"f", ">batch.slice system.slice " + x},
		{"fG", "batch.slice batch-b.slice hog.service batch-a.slice system.slice >" + x},
		{"g", ">batch.slice batch-b.slice hog.service batch-a.slice system.slice " + x},
		{"F", ">batch.slice batch-b.slice batch-a.slice system.slice " + x},
		{"F", ">batch.slice batch-b.slice hog.service batch-a.slice system.slice " + x},
		{"?q", "quit"},
	} {
		got := ""
		for _, key := range ParseKeys([]byte(tt.keys)) {
			if m.Press(key) {
				got = "quit"
			}
		}
		if got == "" {
			got = names(m)
		}
		if got != tt.want {
			t.Errorf("%d: after %q: %s, want %s", i, tt.keys, got, tt.want)
		}
	}
	if by, ok := m.Folds().ByHand["/batch.slice"]; ok || by || !m.Folds().All {
		t.Errorf("Folds() = %+v, want all and nothing by hand", m.Folds())
	}
}

// Ensure a paused display takes nothing in, says so, and goes on.
func TestModel_Pause(t *testing.T) {
	m := screen()
	m.Press(Pause)
	m.Take(inEpisode(look(9)))
	if frame := m.Frame(80, 24); !strings.HasPrefix(frame[0], "display paused, p goes on") || !strings.Contains(frame[0], "19:01:03") {
		t.Errorf("paused, the first line is %q", frame[0])
	}
	m.Press(Pause)
	m.Take(inEpisode(look(9)))
	if frame := m.Frame(80, 24); !strings.Contains(frame[0], "19:01:11") {
		t.Errorf("it goes on with %q", frame[0])
	}
}

// Ensure whom a stop would take is wanted in an episode and since w, of the slices that it is about.
func TestModel_Plans(t *testing.T) {
	m := screen()
	m.TakePlans(plans()) // too late: nobody wants it
	if m.WantsPlans() || strings.Contains(strings.Join(m.Frame(80, 24), "\n"), "would stop") {
		t.Error("in calm whom a stop would take is shown, or wanted")
	}
	m.Press(Who)
	if got := m.PlansFor(); !m.WantsPlans() || len(got) != 2 {
		t.Errorf("after w: wanted %v, for %q, want both slices", m.WantsPlans(), got)
	}
	m.Press(Who)
	m.Take(inEpisode(look(2)))
	if diff := cmp.Diff([]string{"batch.slice"}, m.PlansFor()); !m.WantsPlans() || diff != "" {
		t.Errorf("in an episode: wanted %v, -want +got\n%s", m.WantsPlans(), diff)
	}
	m.TakePlans(plans())
	m.Take(look(3))
	if m.WantsPlans() || m.plans != nil {
		t.Error("after the episode they are still there")
	}
}

// Ensure the cursor stays in sight in a tree that is longer than the screen, and goes to the first where its group is gone.
func TestModel_Scroll(t *testing.T) {
	var all []*Group
	for i := range 100 {
		all = append(all, group("/a.slice/"+string(rune('a'+i/26))+string(rune('a'+i%26))+".service", 0, 0, 1))
	}
	l := Look{At: now, Roots: []*Group{group("/a.slice", 0, 0, 1, all...)}}
	m := NewModel(time.UTC, false)
	m.Take(l)
	for step, key := range []Key{Last, Up, Up, First, Down, Last} {
		m.Press(key)
		shown := 0
		for _, line := range m.Frame(80, 24) {
			if strings.HasPrefix(line, ">") {
				shown++
			}
		}
		if shown != 1 {
			t.Errorf("step %d: the cursor is shown %d times, want once", step, shown)
		}
	}
	m.Take(Look{At: now, Roots: []*Group{group("/b.slice", 0, 0, 1)}})
	if got := names(m); got != ">b.slice" {
		t.Errorf("when its group is gone: %s, want >b.slice", got)
	}
}

// Ensure a group that was made anew, or is new, has no rate, and rates are shares of the time that passed.
func TestRates(t *testing.T) {
	before, after := look(0), look(2)
	before.Roots[0].Full.TotalUsec = 1 << 40 // made anew since
	got := rates(before, after)
	if _, known := got["/system.slice"]; known {
		t.Error("a group that was made anew has a rate")
	}
	if r := got["/batch.slice/batch-b.slice"]; r.full != 40 || r.some != 80 || r.growth != 30*mib || !r.growthOK {
		t.Errorf("b has %+v, want 40%% full, 80%% some, 30 MiB a second", r)
	}
	if r, known := got["/system.slice/a\x1b[2J.service"]; !known || r.growthOK {
		t.Errorf("a group of unknown usage has %+v, want a rate without a growth", r)
	}
	if got := rates(after, before); len(got) != 0 {
		t.Errorf("back in time: %v, want nothing", got)
	}
}

// Ensure keys are read from what terminals send, and the rest is passed over.
func TestParseKeys(t *testing.T) {
	for text, want := range map[string][]Key{
		"q": {Quit}, "sS": {Sort}, "\x1b[A\x1b[B": {Up, Down}, "\x1b[1;5Aj": {Up, Down}, "\x1b": nil, "\x1b[": nil, "\x1b[200~f": {Fold},
		"\x1bOHx\xff?": {First, Help}, "": nil, " F": {Fold, FoldAll},
	} {
		if diff := cmp.Diff(want, ParseKeys([]byte(text))); diff != "" {
			t.Errorf("ParseKeys(%q): -want +got\n%s", text, diff)
		}
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte("\x1b[A\x1b[1;5Bq"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if n := len(ParseKeys(text)); n > len(text) {
			t.Errorf("ParseKeys(%q) has %d keys", text, n)
		}
	})
}
