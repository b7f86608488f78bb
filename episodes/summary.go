package episodes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	// headBytes is read of a file at first. A summary that names a few units has 500.
	headBytes = 4 << 10
	// headMax is how long a summary may be: some thousand units.
	headMax = 1 << 20
)

// ReadSummary reads what comes first in the file of a record, and of the rest no more than whether its end is there. The
// error is that of [Read].
func ReadSummary(path string) (Summary, error) {
	return readSummary(path, make([]byte, headBytes))
}

// readSummary is ReadSummary with a buffer of the caller's.
func readSummary(path string, buf []byte) (Summary, error) {
	f, size, err := openRecord(path)
	if err != nil {
		return Summary{}, err
	}
	defer f.Close()
	s, err := summaryOf(f, size, buf)
	if err != nil {
		return Summary{}, &Error{Op: "read", Path: path, Err: bare(err)}
	}
	return s, nil
}

func summaryOf(f *os.File, size int64, buf []byte) (Summary, error) {
	for {
		n, err := f.ReadAt(buf, 0)
		if err != nil && !errors.Is(err, io.EOF) {
			return Summary{}, err
		}
		text, whole := head(buf[:n])
		switch {
		case whole:
			if err := endsAsRecord(f, size); err != nil {
				return Summary{}, err
			}
			return decodeSummary(text)
		case int64(n) >= size:
			// All of it was looked at: it is cut short, or not a record.
			if _, err := decode(buf[:n]); err != nil {
				return Summary{}, err
			}
			return Summary{}, fmt.Errorf("%w: no %q after the summary", ErrCorrupt, "daemon")
		case n >= headMax:
			return Summary{}, fmt.Errorf("%w: no end of its summary in the first %d bytes", ErrCorrupt, headMax)
		}
		buf = make([]byte, min(4*len(buf), headMax))
	}
}

// head returns the members of the object up to the first that is not the summary's, without the comma and the brace. It
// does not judge what it passes over: whoever decodes it does.
func head(text []byte) (summary []byte, found bool) {
	depth, key, last := 0, false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '{', '[':
			depth++
			key = depth == 1
		case '}', ']':
			depth--
		case ',':
			if depth == 1 {
				key, last = true, i
			}
		case '"':
			if key && (bytes.HasPrefix(text[i:], []byte(`"daemon"`)) || bytes.HasPrefix(text[i:], []byte(`"events"`))) {
				return text[:last], true
			}
			key = false
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		}
	}
	return nil, false
}

// endsAsRecord returns an error where the last bytes of a file are not the end of an object: it was cut short.
func endsAsRecord(f *os.File, size int64) error {
	var end [2]byte
	n, err := f.ReadAt(end[:], max(0, size-int64(len(end))))
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !bytes.HasSuffix(bytes.TrimSpace(end[:n]), []byte("}")) {
		return ErrTruncated
	}
	return nil
}

func decodeSummary(text []byte) (Summary, error) {
	var s Summary
	err := json.Unmarshal(append(bytes.Clone(text), '}'), &s)
	switch {
	case s.Version > Version: // also where a field has another type there
		return s, newer(s.Version)
	case err != nil:
		return s, corrupt(err)
	}
	return s, s.check()
}

// Reading is what came of reading one summary.
type Reading struct {
	Entry   Entry
	Summary Summary
	Err     error // That of ReadSummary.
}

// readersMax bounds how many files are open at a time, and what a read of all takes from the host.
const readersMax = 8

// Summaries reads the summaries of entries, several at a time, and returns them in the same order.
func (s Store) Summaries(entries []Entry) []Reading {
	all := make([]Reading, len(entries))
	var next atomic.Int64
	var readers sync.WaitGroup
	for range min(readersMax, 2*runtime.GOMAXPROCS(0), len(entries)) {
		readers.Go(func() {
			buf := make([]byte, headBytes)
			for i := int(next.Add(1)) - 1; i < len(entries); i = int(next.Add(1)) - 1 {
				all[i].Entry = entries[i]
				all[i].Summary, all[i].Err = readSummary(s.path(entries[i].Name), buf)
			}
		})
	}
	readers.Wait()
	return all
}

// Path returns where the record of an entry is.
func (s Store) Path(e Entry) string { return s.path(e.Name) }
