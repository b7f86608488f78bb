package memlock

import (
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// filled is what the child prints: page faults that the same allocations took before and after FillHeap.
type filled struct {
	Added         uint64
	Err           string
	Before, After int64
}

// childFill allocates, fills, and allocates the same again.
func childFill() {
	debug.SetGCPercent(-1)
	var f filled
	var keep [][]byte
	faults := func() int64 {
		var before, after unix.Rusage
		_ = unix.Getrusage(unix.RUSAGE_SELF, &before)
		for range fillBytes / 4096 {
			b := make([]byte, 4096)
			b[0] = 1
			keep = append(keep, b)
		}
		_ = unix.Getrusage(unix.RUSAGE_SELF, &after)
		return after.Minflt - before.Minflt
	}
	keep = make([][]byte, 0, 2*fillBytes/4096)
	f.Before = faults()
	added, err := FillHeap(2 * fillBytes)
	if f.Added = added; err != nil {
		f.Err = err.Error()
	}
	f.After = faults()
	runtime.KeepAlive(keep)
	_ = json.NewEncoder(os.Stdout).Encode(f)
}

// fillBytes is less than what is left of the first mapping of a heap, which is 4 MiB.
const fillBytes = 512 << 10

// Ensure that what is allocated after FillHeap waits for no page.
func TestFillHeap(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"=fill")
	out, err := cmd.Output()
	var f filled
	if err == nil {
		err = json.Unmarshal(out, &f)
	}
	if err != nil {
		t.Fatalf("child: %v\n%s", err, out)
	}
	if f.Err != "" || f.Added < fillBytes {
		t.Fatalf("FillHeap() = %d, %s, want %d at least", f.Added, f.Err, fillBytes)
	}
	if f.Before < fillBytes/4096/2 || f.After > f.Before/8 {
		t.Errorf("%d page faults before and %d after, want one a page before, and next to none after", f.Before, f.After)
	}
}

// Ensure a page that was written to is there, and one that was not is not.
func TestPresent(t *testing.T) {
	page := os.Getpagesize()
	area, err := unix.Mmap(-1, 0, 4*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Munmap(area) }()
	if err := unix.Madvise(area, unix.MADV_NOHUGEPAGE); err != nil && err != unix.EINVAL {
		t.Fatal(err)
	}
	area[2*page] = 1
	start := address(area)
	pages, err := present(mapping{start: start, end: start + uint64(len(area))})
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range pages {
		if want := i == 2; got != want {
			t.Errorf("page %d is there: %t, want %t", i, got, want)
		}
	}
}

func address(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(&b[0]))) }
