// Package gauge reads what the files of a control group show people: stall as averages and totals, usage, the limit.
//
// It is for a tool that looks now and then, at groups of which nothing is kept open. What the daemon goes by is read by
// packages memcg and pressure, by descriptors and without averages. It reads memory.pressure, memory.current and
// memory.max below the mount of cgroup2, and decides nothing.
package gauge

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"reprieve/memcg"
)

// Line is a line of memory.pressure.
type Line struct {
	Avg10     float64 `json:"avg10"` // percent of the last 10 s, decaying
	Avg60     float64 `json:"avg60"`
	TotalUsec uint64  `json:"totalUsec"` // since the group was made
}

// Reading is what one group shows.
type Reading struct {
	Path       string `json:"path"` // below the mount, "/" for the root
	Some       Line   `json:"some"`
	Full       Line   `json:"full"`
	PressureOK bool   `json:"pressureKnown"` // Some and Full were read
	UsageBytes int64  `json:"usageBytes"`    // memory.current; -1: not known
	LimitBytes int64  `json:"limitBytes"`    // memory.max; -1: none, or not known
}

// Host is where the groups are, and the host's own memory.
type Host struct {
	Mount   string // of cgroup2; memcg.DefaultMount
	Meminfo string // "/proc/meminfo"
}

// Default is the host that this process runs on.
func Default() Host { return Host{Mount: memcg.DefaultMount, Meminfo: "/proc/meminfo"} }

// Read returns what the group at path shows. What it lacks is not known; only a group that is not there is an error,
// which wraps memcg.ErrGone. The root has no memory.current: its usage is what the host has not available.
func (h Host) Read(path string) (Reading, error) {
	r := Reading{Path: path, UsageBytes: -1, LimitBytes: -1}
	dir := filepath.Join(h.Mount, path)
	if _, err := os.Stat(dir); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = memcg.ErrGone
		}
		return r, &memcg.FileError{Path: path, Op: "look", Err: err}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "memory.pressure")); err == nil {
		r.Some, r.Full, err = ParsePressure(string(text))
		r.PressureOK = err == nil
	}
	r.UsageBytes = number(filepath.Join(dir, "memory.current"))
	r.LimitBytes = number(filepath.Join(dir, "memory.max"))
	if path == "/" {
		if m, err := h.Memory(); err == nil {
			r.UsageBytes = int64(m.Total - min(m.Available, m.Total))
			r.LimitBytes = int64(m.Total)
		}
	}
	return r, nil
}

// ReadWatched is Read of a slice as the daemon judges it: for the root, whose own file counts the kernel's threads too,
// the worst of its top-level slices stands, by full and then by some over 10 s.
func (h Host) ReadWatched(path string) (Reading, error) {
	r, err := h.Read(path)
	if err != nil || path != "/" {
		return r, err
	}
	r.Some, r.Full, r.PressureOK = Line{}, Line{}, false
	for _, name := range h.Children("/") {
		part, err := h.Read("/" + name)
		if err != nil || !part.PressureOK || !strings.HasSuffix(name, ".slice") {
			continue
		}
		worse := part.Full.Avg10 > r.Full.Avg10 || part.Full.Avg10 == r.Full.Avg10 && part.Some.Avg10 > r.Some.Avg10
		if !r.PressureOK || worse {
			r.Some, r.Full, r.PressureOK = part.Some, part.Full, true
		}
	}
	return r, nil
}

// Children returns the names of the groups in a group, in their order; none where it is gone.
func (h Host) Children(path string) []string {
	entries, err := os.ReadDir(filepath.Join(h.Mount, path))
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// Memory returns the memory of the host.
func (h Host) Memory() (memcg.Meminfo, error) {
	host, err := memcg.OpenHost(h.Meminfo)
	if err != nil {
		return memcg.Meminfo{}, err
	}
	defer host.Close()
	return host.Read(new(memcg.Buffer))
}

// number reads a file with a number of bytes; -1 for "max" and for what is not there.
func number(file string) int64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return -1
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// ParsePressure reads the text of memory.pressure:
//
//	some avg10=1.20 avg60=0.40 avg300=0.08 total=5021
//	full avg10=0.00 avg60=0.00 avg300=0.00 total=4180
//
// Lines and keys it does not know are passed over. The error says which of the two lines is missing or malformed.
func ParsePressure(text string) (some, full Line, err error) {
	for _, want := range []struct {
		name string
		to   *Line
	}{{"some", &some}, {"full", &full}} {
		found := false
		for line := range strings.Lines(text) {
			if rest, ok := strings.CutPrefix(line, want.name+" "); ok {
				found = want.to.parse(rest)
				break
			}
		}
		if !found {
			return Line{}, Line{}, fmt.Errorf("memory.pressure: no line %q with avg10=, avg60= and total= in %.80q", want.name, text)
		}
	}
	return some, full, nil
}

// parse fills a line from its keys, and reports whether it has all of them.
func (l *Line) parse(rest string) bool {
	known := 0
	for _, field := range strings.Fields(rest) {
		key, value, _ := strings.Cut(field, "=")
		var err error
		switch key {
		case "avg10":
			l.Avg10, err = strconv.ParseFloat(value, 64)
		case "avg60":
			l.Avg60, err = strconv.ParseFloat(value, 64)
		case "total":
			l.TotalUsec, err = strconv.ParseUint(value, 10, 64)
		default:
			continue
		}
		if err != nil {
			return false
		}
		known++
	}
	return known == 3
}
