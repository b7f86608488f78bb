package episodes

import (
	"strings"
	"testing"
	"time"
)

// Ensure a name says what went into it, is short enough for a file, and has nothing in it that a file's name cannot have.
func TestFileName(t *testing.T) {
	long := strings.Repeat("a", 249) + ".slice"
	for _, tt := range []struct{ slice, want, entry string }{
		{"batch.slice", "batch.slice", "batch.slice"},
		{"-.slice", "-.slice", "-.slice"},
		{"under_score_.slice", "under_score_.slice", "under_score_.slice"},
		{`app-\x2dx@1:2.slice`, `app-\x2dx@1:2.slice`, `app-\x2dx@1:2.slice`},
		{"../a/b.slice", "..%2Fa%2Fb.slice", "../a/b.slice"},
		{"100%.slice", "100%25.slice", "100%.slice"},
		{"a\x00\n ü.slice", "a%00%0A%20%C3%BC.slice", "a\x00\n ü.slice"},
		{long, strings.Repeat("a", 132) + "%~fc69ae5ae9d18738", strings.Repeat("a", 132) + "…"},
		{strings.Repeat("/", 99), strings.Repeat("%2F", 44) + "%~c4b2f1e3e7a8d2b1", strings.Repeat("/", 44) + "…"},
	} {
		name := fileName(tt.slice, id(0), began)
		want := "20261122T190512.123456Z_" + tt.want + "_" + id(0) + ".json"
		if i := strings.Index(want, "%~"); i >= 0 { // the hash itself is sha256's affair
			if got := name[:i]; got != want[:i] || len(name) != len(want) {
				t.Errorf("fileName(%q) = %q, want %q", tt.slice, name, want)
			}
		} else if name != want {
			t.Errorf("fileName(%q) = %q, want %q", tt.slice, name, want)
		}
		if len(name+nameNew) > 255 || strings.ContainsAny(name, "/\x00\n") {
			t.Errorf("fileName(%q) = %q cannot be a file", tt.slice, name)
		}
		got, ok := parseName(name)
		if !ok || got.Slice != tt.entry || got.Episode != id(0) || !got.Began.Equal(began) || got.Name != name {
			t.Errorf("parseName(%q) = %+v, %v, want %q of %v", name, got, ok, tt.entry, began)
		}
	}
}

// Ensure two slices whose names are too long and begin alike have files of their own.
func TestFileName_LongAlike(t *testing.T) {
	a, b := strings.Repeat("a", 200)+"1.slice", strings.Repeat("a", 200)+"2.slice"
	if fileName(a, id(0), began) == fileName(b, id(0), began) {
		t.Errorf("%s and %s have the same file", a, b)
	}
}

// Ensure the time in a name is in UTC, so that names sort by it whatever the zone of the daemon.
func TestFileName_Zone(t *testing.T) {
	east := began.In(time.FixedZone("east", 3600))
	if got, want := fileName("a.slice", "e", east), fileName("a.slice", "e", began); got != want {
		t.Errorf("fileName in another zone = %q, want %q", got, want)
	}
}

// Ensure files of others are not taken for records.
func TestParseName_Others(t *testing.T) {
	good := fileName("a.slice", "e-1", began)
	if _, ok := parseName(good); !ok {
		t.Fatalf("parseName(%q): not ours", good)
	}
	for _, name := range []string{
		"", ".", "README", ".json", good + nameNew, good + "~", "." + good, strings.ToLower(good), strings.TrimSuffix(good, ".json"),
		"20261122T190512Z_a.slice_e.json", "20261122T190512.123456Z_a.slice.json", "20261122T190512.123456Z_a.slice_.json",
		"20261122T190512.123456Z__e.json", "20261122T190512.123456Z_e.json", "20261322T190512.123456Z_a.slice_e.json",
		"20261122T190512.123456Z_a.slice_é.json", "20261122T190512.123456Z_a%2_e.json", "20261122T190512.123456Z_a%zz_e.json",
		"20261122T190512.123456Z_a%~12_e.json", "20261122T190512.123456Z_a.slice_" + strings.Repeat("e", 65) + ".json",
		"20261122T190512,123456Z_a.slice_e.json",
	} {
		if e, ok := parseName(name); ok {
			t.Errorf("parseName(%q) = %+v, want not ours", name, e)
		}
	}
}
