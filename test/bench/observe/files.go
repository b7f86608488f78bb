package observe

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"reprieve/test/bench/result"
)

// file is one that is read again and again from one descriptor, without an allocation.
type file struct {
	fd     int
	buffer [512]byte
}

func open(path string) (*file, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return &file{fd: fd}, nil
}

// read returns the file's text until the next read. A group that was removed has none.
func (f *file) read() ([]byte, error) {
	for {
		n, err := unix.Pread(f.fd, f.buffer[:], 0)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ENODEV):
			return nil, nil
		default:
			return f.buffer[:max(n, 0)], err
		}
	}
}

func (f *file) close() { _ = unix.Close(f.fd) }

// stallOf reads the totals of a memory.pressure:
//
//	some avg10=0.00 avg60=0.00 avg300=0.00 total=165
//	full avg10=0.00 avg60=0.00 avg300=0.00 total=165
//
// ok is false where it does not have both.
func stallOf(text []byte) (stall result.Stall, ok bool) {
	some, ok1 := total(text, "some ")
	full, ok2 := total(text, "full ")
	return result.Stall{Some: some, Full: full}, ok1 && ok2
}

// total returns the number behind total= of the line that begins so.
func total(text []byte, begin string) (int64, bool) {
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		if !bytes.HasPrefix(line, []byte(begin)) {
			continue
		}
		at := bytes.LastIndex(line, []byte("total="))
		if at < 0 {
			return 0, false
		}
		n, err := strconv.ParseInt(string(line[at+len("total="):]), 10, 64)
		return n, err == nil
	}
	return 0, false
}

// populated reads cgroup.events; a group that is gone has no processes.
func populated(text []byte) bool { return bytes.HasPrefix(text, []byte("populated 1")) }

// StallOf reads the totals of one memory.pressure, once.
func StallOf(path string) (result.Stall, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return result.Stall{}, err
	}
	stall, ok := stallOf(text)
	if !ok {
		return stall, fmt.Errorf("%s: %q, want totals of some and full", path, text)
	}
	return stall, nil
}
