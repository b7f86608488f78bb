package result

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func micros(n int64) *int64 { return &n }

// full is a run with every field set.
func full() Run {
	return Run{
		Key: Key{"bookworm", 3, "steady", "reprieve-0"}, Build: "0123456789ab", Kernel: "6.1.0", Version: "reprieved 1", Error: "",
		TookMicros: 52834667,
		Outcome: Outcome{
			WatchedMicros: 41354711, BreachMicros: micros(16617295), EmptyMicros: micros(17304076), OverMicros: 700496,
			Guard: Stall{3, 2}, System: Stall{5, 4}, Host: Stall{7, 6}, Load: Stall{9, 8},
			Died: []string{"load.service", "keeper.service"}, Innocent: []string{"keeper.service"}, OOMKills: 1, AvailableBytes: 753569792,
		},
		Canary: Canary{827, 807, 133895, 271648},
		Calm:   &Calm{20043566, 19016, 67},
		Crisis: &Crisis{37241767, 473189, 1311, Stall{18693, 18692}, 13844480, 13434880, 14925824, 1, true},
	}
}

// Ensure what is appended is read again as it was, one run a line.
func TestAppendRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.jsonl")
	bare := Run{Key: Key{"bookworm", 1, "scan", "kernel"}, Error: "the guest was gone"}
	want := []Run{full(), bare}
	for _, run := range want {
		if err := Append(path, run); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ReadFile after Append: -want +got:\n%s", diff)
	}
}

// Ensure a file that is not there has no runs, and one with a line that is no run is an error.
func TestReadFile_Error(t *testing.T) {
	if runs, err := ReadFile(filepath.Join(t.TempDir(), "none")); len(runs) != 0 || err != nil {
		t.Errorf("ReadFile of nothing = %v, %v, want no runs and no error", runs, err)
	}
	for _, text := range []string{"{", "{}\n", "[]\n", `{"load":"steady"}`, "{\"load\":\"a\",\"controller\":\"b\"}\nRUN\n"} {
		path := filepath.Join(t.TempDir(), "runs.jsonl")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if runs, err := ReadFile(path); err == nil {
			t.Errorf("ReadFile of %q = %v, want an error", text, runs)
		}
	}
}

// Ensure failed runs and those of an earlier build do not count, and of two of one key the later does.
func TestValid(t *testing.T) {
	key := func(controller string) Key { return Key{"bookworm", 1, "steady", controller} }
	runs := []Run{
		{Key: key("reprieve-0"), Build: "old"},
		{Key: key("kernel"), TookMicros: 1},
		{Key: key("reprieve-10"), Build: "new"},
		{Key: key("earlyoom"), Error: "lost"},
		{Key: key("kernel"), TookMicros: 2},
		{Key: key("reprieve-0"), Build: "newest", Error: "lost"},
	}
	want := []Run{{Key: key("kernel"), TookMicros: 2}, {Key: key("reprieve-10"), Build: "new"}}
	if diff := cmp.Diff(want, Valid(runs)); diff != "" {
		t.Errorf("Valid: -want +got:\n%s", diff)
	}
}

// Ensure the reaction is known only where there was a breach and an end, and is never before the breach.
func TestReactionMicros(t *testing.T) {
	for _, tt := range []struct {
		outcome Outcome
		want    int64
		ok      bool
	}{
		{Outcome{}, 0, false},
		{Outcome{BreachMicros: micros(5)}, 0, false},
		{Outcome{EmptyMicros: micros(5)}, 0, false},
		{Outcome{BreachMicros: micros(5), EmptyMicros: micros(12)}, 7, true},
		{Outcome{BreachMicros: micros(12), EmptyMicros: micros(5)}, 0, true},
	} {
		if got, ok := tt.outcome.ReactionMicros(); got != tt.want || ok != tt.ok {
			t.Errorf("ReactionMicros(%+v) = %d, %t, want %d, %t", tt.outcome, got, ok, tt.want, tt.ok)
		}
	}
}
