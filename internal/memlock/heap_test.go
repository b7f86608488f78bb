package memlock

import (
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// filled is what the child prints.
type filled struct {
	Added   uint64
	Err     string
	Missing int // pages of a table that was made before
}

// childFill makes a table before an object that is written to, fills the heap, and looks for the table's pages.
func childFill() {
	debug.SetGCPercent(-1)
	var f filled
	if _, err := Lock(); err != nil {
		f.Err = err.Error()
	}
	size := tableBytes
	table, behind := make([]byte, size), make([]byte, size)
	behind[size-1] = 1
	added, err := FillHeap()
	if f.Added = added; err != nil {
		f.Err = err.Error()
	}
	start := uint64(uintptr(unsafe.Pointer(&table[0])))
	pages, err := present(mapping{start: start, end: start + tableBytes})
	if err != nil {
		f.Err = err.Error()
	}
	for _, is := range pages {
		if !is {
			f.Missing++
		}
	}
	runtime.KeepAlive(table)
	runtime.KeepAlive(behind)
	_ = json.NewEncoder(os.Stdout).Encode(f)
}

// tableBytes is less than the first mapping of a heap, which is 4 MiB.
const tableBytes = 1 << 20

// Ensure that a table which was made and not touched is in memory after FillHeap.
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
	if f.Err != "" || f.Added < tableBytes/2 || f.Added > 8*tableBytes {
		t.Fatalf("FillHeap() = %d, %s, want about %d", f.Added, f.Err, tableBytes)
	}
	if f.Missing > 0 {
		t.Errorf("%d pages of a table of %d bytes are not in memory, want none", f.Missing, tableBytes)
	}
}

// Ensure mappings that lie side by side are one, and others are not.
func TestJoined(t *testing.T) {
	got := joined([]mapping{{start: 1, end: 2}, {start: 4, end: 6}, {start: 6, end: 7}, {start: 7, end: 9}, {start: 10, end: 11}})
	want := []mapping{{start: 1, end: 2}, {start: 4, end: 9}, {start: 10, end: 11}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mapping{})); diff != "" {
		t.Errorf("joined (-want +got):\n%s", diff)
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
	start := uint64(uintptr(unsafe.Pointer(&area[0])))
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
