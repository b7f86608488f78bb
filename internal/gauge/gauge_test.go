package gauge

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/memcg"
)

// plant writes a tree of files and returns the host that it is.
func plant(t *testing.T, files map[string]string) Host {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Host{Mount: filepath.Join(root, "cgroup"), Meminfo: filepath.Join(root, "meminfo")}
}

const (
	busy    = "some avg10=12.50 avg60=3.00 avg300=0.70 total=5021\nfull avg10=4.00 avg60=1.00 avg300=0.00 total=4180\n"
	worse   = "some avg10=30.00 avg60=3.00 avg300=0.70 total=21\nfull avg10=4.00 avg60=1.00 avg300=0.00 total=18\n"
	kernels = "some avg10=99.00 avg60=9.00 avg300=0.70 total=9\nfull avg10=98.00 avg60=9.00 avg300=0.00 total=9\n"
	meminfo = "MemTotal: 1000 kB\nMemAvailable: 400 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"
)

// Ensure a group's files are read, "max" is no limit, and what is missing is not known rather than zero.
func TestHost_Read(t *testing.T) {
	h := plant(t, map[string]string{
		"cgroup/a.slice/memory.pressure": busy, "cgroup/a.slice/memory.current": "4096\n", "cgroup/a.slice/memory.max": "max\n",
		"cgroup/a.slice/b.service/memory.max": "8192\n", "cgroup/a.slice/b.service/memory.pressure": "some avg10=x\n",
		"cgroup/memory.pressure": kernels, "meminfo": meminfo,
	})
	for _, want := range []Reading{
		{Path: "/a.slice", Some: Line{12.5, 3, 5021}, Full: Line{4, 1, 4180}, PressureOK: true, UsageBytes: 4096, LimitBytes: -1},
		{Path: "/a.slice/b.service", UsageBytes: -1, LimitBytes: 8192},
		{Path: "/", Some: Line{99, 9, 9}, Full: Line{98, 9, 9}, PressureOK: true, UsageBytes: 600 << 10, LimitBytes: 1000 << 10},
	} {
		got, err := h.Read(want.Path)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Read(%q): %v, -want +got\n%s", want.Path, err, diff)
		}
	}
	if _, err := h.Read("/gone.slice"); !errors.Is(err, memcg.ErrGone) {
		t.Errorf("Read of a group that is not there = %v, want %v", err, memcg.ErrGone)
	}
	if diff := cmp.Diff([]string{"b.service"}, h.Children("/a.slice")); diff != "" {
		t.Errorf("Children: -want +got\n%s", diff)
	}
}

// Ensure the root is judged by the worst of its top-level slices, not by its own file and not by a group of another kind.
func TestHost_ReadWatched(t *testing.T) {
	h := plant(t, map[string]string{
		"cgroup/memory.pressure": kernels, "cgroup/a.slice/memory.pressure": busy, "cgroup/b.slice/memory.pressure": worse,
		"cgroup/init.scope/memory.pressure": kernels, "meminfo": meminfo,
	})
	got, err := h.ReadWatched("/")
	if want := (Line{30, 3, 21}); err != nil || !got.PressureOK || got.Some != want {
		t.Errorf("ReadWatched(/) = %+v, %v, want some %+v", got, err, want)
	}
	if got, err := h.ReadWatched("/a.slice"); err != nil || got.Full.TotalUsec != 4180 {
		t.Errorf("ReadWatched(/a.slice) = %+v, %v, want its own", got, err)
	}
}

// Ensure what is no pressure file is an error and gives no figures.
func TestParsePressure(t *testing.T) {
	for _, text := range []string{
		"", "some avg10=1.00 avg60=1.00 avg300=0 total=1\n", busy[:30], "some avg10=1 total=2\nfull avg10=1 avg60=1 total=2\n",
		"some avg10=1 avg60=1 total=-2\nfull avg10=1 avg60=1 total=2\n",
	} {
		if some, full, err := ParsePressure(text); err == nil || some != (Line{}) || full != (Line{}) {
			t.Errorf("ParsePressure(%q) = %+v, %+v, %v, want an error", text, some, full, err)
		}
	}
	if some, full, err := ParsePressure(busy + "none avg10=7\n"); err != nil || some != (Line{12.5, 3, 5021}) || full != (Line{4, 1, 4180}) {
		t.Errorf("ParsePressure = %+v, %+v, %v", some, full, err)
	}
}

func FuzzParsePressure(f *testing.F) {
	f.Add(busy)
	f.Add("some avg10=NaN avg60=1e9 total=18446744073709551615\nfull")
	f.Fuzz(func(t *testing.T, text string) {
		if some, full, err := ParsePressure(text); err != nil && (some != Line{} || full != Line{}) {
			t.Errorf("ParsePressure(%q) gives figures with the error %v", text, err)
		}
	})
}
