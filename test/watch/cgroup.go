package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CgroupRoot is where cgroup2 is mounted.
const CgroupRoot = "/sys/fs/cgroup"

// SlicePath is where systemd puts a slice: batch-b.slice is below batch.slice.
func SlicePath(slice string) string {
	path, name := CgroupRoot, strings.TrimSuffix(slice, ".slice")
	for at := range name {
		if name[at] == '-' {
			path += "/" + name[:at] + ".slice"
		}
	}
	return path + "/" + slice
}

// Gone tells whether an error says that a cgroup was removed.
func Gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) }

// Read returns a file of a slice's cgroup, without the last newline. A cgroup that is gone has "" in all of its files.
func Read(slice, file string) (string, error) {
	text, err := os.ReadFile(SlicePath(slice) + "/" + file)
	if err != nil && !Gone(err) {
		return "", err
	}
	return strings.TrimSpace(string(text)), nil
}

// Bytes is Read for a file that holds one number; 0 when the cgroup is gone.
func Bytes(slice, file string) (int64, error) {
	text, err := Read(slice, file)
	if text == "" || err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s of %s: %w", file, slice, err)
	}
	return n, nil
}

// Stall is how long the tasks of a cgroup have stalled on memory since it was made.
type Stall struct{ Some, Full time.Duration }

// Stalled reads the totals of a slice's memory.pressure; both are 0 when the cgroup is gone.
func Stalled(slice string) (Stall, error) {
	text, err := Read(slice, "memory.pressure")
	if text == "" || err != nil {
		return Stall{}, err
	}
	return parseStall(text)
}

// parseStall reads the form of
//
//	some avg10=0.00 avg60=0.00 avg300=0.00 total=165
//	full avg10=0.00 avg60=0.00 avg300=0.00 total=165
func parseStall(text string) (Stall, error) {
	var stall Stall
	for line := range strings.Lines(text) {
		_, total, _ := strings.Cut(strings.TrimSpace(line), "total=")
		micros, err := strconv.ParseInt(total, 10, 64)
		if err != nil {
			return Stall{}, fmt.Errorf("memory.pressure: line %q: %w", line, err)
		}
		switch {
		case strings.HasPrefix(line, "some "):
			stall.Some = time.Duration(micros) * time.Microsecond
		case strings.HasPrefix(line, "full "):
			stall.Full = time.Duration(micros) * time.Microsecond
		}
	}
	return stall, nil
}
