package memcg

import (
	"bytes"
	"fmt"

	"golang.org/x/sys/unix"
)

// Meminfo is the part of /proc/meminfo that tells a scarce host, in bytes.
type Meminfo struct {
	Total, Available, SwapTotal, SwapFree uint64
}

// Host reads the host's /proc/meminfo by a descriptor kept open.
type Host struct{ fd int }

// OpenHost opens a meminfo file, normally /proc/meminfo. The caller closes it.
func OpenHost(path string) (*Host, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &FileError{Path: path, Op: "open", Err: err}
	}
	return &Host{fd: fd}, nil
}

// Close closes the file.
func (h *Host) Close() error { return unix.Close(h.fd) }

// Read returns the host's memory now.
func (h *Host) Read(buf *Buffer) (Meminfo, error) {
	n, err := unix.Pread(h.fd, buf[:], 0)
	if err != nil {
		return Meminfo{}, &FileError{Path: "/proc/meminfo", Op: "read", Err: err}
	}
	return ParseMeminfo(buf[:n])
}

// ParseMeminfo reads /proc/meminfo:
//
//	MemTotal:        1003528 kB
//	MemAvailable:     801320 kB
//	SwapTotal:        524284 kB
//	SwapFree:         524284 kB
//
// All four lines must be there; others are passed over.
func ParseMeminfo(text []byte) (Meminfo, error) {
	var m Meminfo
	wanted := 4
	for len(text) > 0 && wanted > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		colon := bytes.IndexByte(line, ':')
		if colon < 0 {
			continue
		}
		var field *uint64
		switch string(line[:colon]) {
		case "MemTotal":
			field = &m.Total
		case "MemAvailable":
			field = &m.Available
		case "SwapTotal":
			field = &m.SwapTotal
		case "SwapFree":
			field = &m.SwapFree
		default:
			continue
		}
		kib, ok := decimal(bytes.TrimSuffix(bytes.TrimLeft(line[colon+1:], " "), kibSuffix))
		if !ok || kib > 1<<53 {
			return Meminfo{}, fmt.Errorf("%w: /proc/meminfo: line %q", ErrMalformed, line)
		}
		*field = kib << 10
		wanted--
	}
	if wanted > 0 {
		return Meminfo{}, fmt.Errorf("%w: /proc/meminfo lacks MemTotal, MemAvailable, SwapTotal or SwapFree", ErrMalformed)
	}
	return m, nil
}

var kibSuffix = []byte(" kB")
