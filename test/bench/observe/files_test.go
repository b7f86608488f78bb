package observe

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"reprieve/test/bench/result"
)

// Ensure totals are read from what the kernel writes, and from nothing else.
func TestStallOf(t *testing.T) {
	const good = "some avg10=1.00 avg60=0.50 avg300=0.10 total=2500\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n"
	for _, tt := range []struct {
		text string
		want result.Stall
		ok   bool
	}{
		{good, result.Stall{Some: 2500, Full: 1000}, true},
		{"", result.Stall{}, false},
		{good[:60], result.Stall{}, false},
		{"some total=x\nfull total=1\n", result.Stall{}, false},
		{"some avg10=1.00\nfull total=1\n", result.Stall{}, false},
	} {
		got, ok := stallOf([]byte(tt.text))
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("stallOf(%q) = %+v, %t, want %+v, %t", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

// Ensure a group has processes only when cgroup.events says so: one that is gone says nothing.
func TestPopulated(t *testing.T) {
	for text, want := range map[string]bool{"populated 1\nfrozen 0\n": true, "populated 0\nfrozen 0\n": false, "": false} {
		if got := populated([]byte(text)); got != want {
			t.Errorf("populated(%q) = %t, want %t", text, got, want)
		}
	}
}

// Ensure a file is read anew each time, and without an allocation.
func TestFileRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cgroup.events")
	f := &file{}
	for at, want := range []string{"populated 1\n", "populated 0\n"} {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		if at == 0 {
			var err error
			if f, err = open(path); err != nil {
				t.Fatal(err)
			}
			defer f.close()
		}
		if got, err := f.read(); string(got) != want || err != nil {
			t.Errorf("read() = %q, %v, want %q", got, err, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = f.read() }); n != 0 {
		t.Errorf("read allocates %v times, want 0", n)
	}
}

// Ensure no text, however broken, is read as a stall without both totals in it.
func FuzzStallOf(f *testing.F) {
	for _, seed := range []string{"", "some total=1\nfull total=2\n", "full total=2\nsome total=1", "some \nfull total=", "some total=9223372036854775808\nfull total=0\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if stall, ok := stallOf(text); ok && bytes.Count(text, []byte("total=")) < 2 {
			t.Errorf("stallOf(%q) = %+v, want not ok", text, stall)
		}
	})
}
