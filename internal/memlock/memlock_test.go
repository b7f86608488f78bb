package memlock

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// childEnv names what the test binary is to do as a child, where locking
// memory and giving up capabilities does no harm.
const childEnv = "REPRIEVE_MEMLOCK_TEST"

func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "lock":
		childLock(func() error { return nil })
	case "fill":
		childFill()
	case "lock-limited":
		childLock(limit)
	default:
		os.Exit(m.Run())
	}
}

// result is what the child prints.
type result struct {
	Report  Report
	Err     string
	IsLimit bool
	Smaps   []smap
}

// childLock runs on the main thread: capabilities belong to a thread.
func childLock(before func() error) {
	runtime.LockOSThread()
	if err := before(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var r result
	var err error
	r.Report, err = Lock()
	if err != nil {
		r.Err, r.IsLimit = err.Error(), errors.Is(err, ErrLimit)
	}
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	r.Smaps = parseSmaps(string(text))
	_ = json.NewEncoder(os.Stdout).Encode(r)
}

// limit makes this thread one that may lock 64 KiB.
func limit() error {
	const bytes = 64 << 10
	if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{Cur: bytes, Max: bytes}); err != nil {
		return err
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	return unix.Capset(&header, &none[0])
}

func runChild(t *testing.T, what string) result {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"="+what)
	out, err := cmd.Output()
	var r result
	if err == nil {
		err = json.Unmarshal(out, &r)
	}
	if err != nil {
		t.Fatalf("child %s: %v\n%s", what, err, out)
	}
	return r
}

// smap is one mapping in /proc/PID/smaps. Its Locked: is of no use here, being a
// share of pages that the parent maps as well.
type smap struct {
	Head            string
	SizeKiB, RssKiB int
	OwnKiB          int  // Private_Dirty: written to, or copied to be.
	Locked          bool // VmFlags has "lo".
}

func parseSmaps(text string) []smap {
	var maps []smap
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		if strings.Contains(key, "-") && len(strings.Fields(line)) >= 5 {
			maps = append(maps, smap{Head: strings.TrimSpace(line)})
			continue
		}
		m := &maps[len(maps)-1]
		switch key {
		case "Size":
			fmt.Sscan(value, &m.SizeKiB)
		case "Rss":
			fmt.Sscan(value, &m.RssKiB)
		case "Private_Dirty":
			fmt.Sscan(value, &m.OwnKiB)
		case "VmFlags":
			m.Locked = slices.Contains(strings.Fields(value), "lo")
		}
	}
	return maps
}

// Ensure Lock can bring in and lock every page of the binary, and no more of
// the runtime's reservations than was touched.
func TestLock(t *testing.T) {
	r := runChild(t, "lock")
	if r.Err != "" || r.Report.PopulateErr != nil {
		t.Fatalf("Lock() = %+v, %s, want no error", r.Report, r.Err)
	}
	if r.Report.MappedBytes == 0 || r.Report.PopulatedBytes != r.Report.MappedBytes {
		t.Errorf("Lock() = %+v, want all that is mapped populated", r.Report)
	}
	files, written, reserved, resident := 0, 0, 0, 0
	for _, m := range r.Smaps {
		if of, ok := parseMapping(m.Head); ok && of.path != "" {
			files += m.SizeKiB
			if m.RssKiB != m.SizeKiB || !m.Locked {
				t.Errorf("%s: %d of %d KiB resident, locked %v, want all and true", m.Head, m.RssKiB, m.SizeKiB, m.Locked)
			}
			if of.writable {
				written++
			}
			if of.writable && m.OwnKiB != m.SizeKiB {
				t.Errorf("%s: %d of %d KiB copied for the first write, want all", m.Head, m.OwnKiB, m.SizeKiB)
			}
			continue
		}
		// The rest has no access rights, and so no pages either way.
		if strings.Fields(m.Head)[1] == "rw-p" {
			reserved += m.SizeKiB
			resident += m.RssKiB
		}
	}
	if got, least := r.Report.MappedBytes, uint64(files)<<10; got < least || got > least+uint64(written)*bssMost {
		t.Errorf("smaps has %d bytes of files, Lock reported %d, want that and at most %d of zeroed data for each of %d", least, got, bssMost, written)
	}
	if resident*2 > reserved {
		t.Errorf("%d of %d anonymous KiB are resident: the lock was eager", resident, reserved)
	}
}

// Ensure Lock can refuse a limit under which a later mapping would end the
// process, and say what to do.
func TestLock_Limited(t *testing.T) {
	r := runChild(t, "lock-limited")
	if !r.IsLimit || !strings.Contains(r.Err, "65536 bytes") || !strings.Contains(r.Err, "LimitMEMLOCK=infinity") {
		t.Errorf("Lock() = %q, want ErrLimit with the limit and the setting", r.Err)
	}
	if diff := cmp.Diff(Report{}, r.Report); diff != "" {
		t.Errorf("Lock() report (-want +got):\n%s", diff)
	}
}

// Ensure populate can report a mapping that cannot be read, and go on.
func TestPopulate_Error(t *testing.T) {
	page := uint64(os.Getpagesize())
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	whole := parseMaps(string(text))[0]
	// The first page is never mapped, and an odd address is EINVAL, which is
	// also what a kernel without MADV_POPULATE_READ says.
	r := populate([]mapping{{start: 1, end: 1 + page, path: "odd"}, {start: 0, end: page, path: "nowhere"}, whole})
	if !errors.Is(r.PopulateErr, unix.EINVAL) || !strings.Contains(r.PopulateErr.Error(), "odd") {
		t.Errorf("PopulateErr = %v, want EINVAL of the first", r.PopulateErr)
	}
	if got, want := r.PopulatedBytes, whole.end-whole.start; got != want {
		t.Errorf("PopulatedBytes = %d, want %d of the last", got, want)
	}
	if got, want := r.MappedBytes, whole.end-whole.start+2*page; got != want {
		t.Errorf("MappedBytes = %d, want %d", got, want)
	}
}
