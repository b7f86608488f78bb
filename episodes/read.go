package episodes

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Read reads a record. The error is an [Error] with [ErrEmpty], [ErrTruncated], [ErrCorrupt], [ErrNewer], [ErrTooLarge],
// [ErrNotRegular] or one of the file system.
func Read(path string) (*Record, error) {
	f, size, err := openRecord(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fail := func(err error) (*Record, error) { return nil, &Error{Op: "read", Path: path, Err: bare(err)} }
	text := make([]byte, size)
	if _, err := io.ReadFull(f, text); errors.Is(err, io.ErrUnexpectedEOF) {
		return fail(ErrTruncated) // while it was read
	} else if err != nil {
		return fail(err)
	}
	r, err := decode(text)
	if err != nil {
		return fail(err)
	}
	return r, nil
}

// openRecord opens the file of a record and returns its size, at least 1 and at most recordMax. A pipe or a device of that
// name, which a folder that others may write could have, does not hang the reader.
func openRecord(path string) (*os.File, int64, error) {
	fail := func(err error) (*os.File, int64, error) {
		if errors.Is(err, unix.ELOOP) {
			err = ErrNotRegular
		}
		return nil, 0, &Error{Op: "read", Path: path, Err: bare(err)}
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return fail(err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = ErrNotRegular
	case info.Size() == 0:
		err = ErrEmpty
	case info.Size() > recordMax:
		err = fmt.Errorf("%w: %d bytes", ErrTooLarge, info.Size())
	default:
		return f, info.Size(), nil
	}
	f.Close()
	return fail(err)
}

// decode reads the text of a record.
func decode(text []byte) (*Record, error) {
	// The version first: in a newer form the other fields may be of other types.
	var form struct {
		Version int `json:"version"`
	}
	if err := decodeInto(&form, text); err != nil {
		return nil, err
	}
	if form.Version > Version {
		return nil, newer(form.Version)
	}
	var r Record
	if err := decodeInto(&r, text); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	return &r, nil
}

// decodeInto reads one value and nothing behind it.
func decodeInto(into any, text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	switch err := d.Decode(into); {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return ErrTruncated
	case err != nil:
		return corrupt(err)
	}
	if rest := bytes.TrimSpace(text[d.InputOffset():]); len(rest) > 0 {
		return fmt.Errorf("%w: %d bytes follow it", ErrCorrupt, len(rest))
	}
	return nil
}

// corrupt is the error for a text that is no record. Of a value of the wrong type it names the field and what is there: package json
// has it in words of Go.
func corrupt(err error) error {
	var kind *json.UnmarshalTypeError
	if !errors.As(err, &kind) {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	field := cmp.Or(strings.TrimPrefix(kind.Field, "Summary."), "it")
	article := "a"
	if kind.Value == "array" || kind.Value == "object" {
		article = "an"
	}
	return fmt.Errorf("%w: %s is %s %s, which it cannot be", ErrCorrupt, field, article, kind.Value)
}

func newer(version int) error {
	return fmt.Errorf("%w: its form is %d, this reprievectl knows those up to %d; update it", ErrNewer, version, Version)
}

// check returns what is wrong with a record, as an ErrCorrupt: what a reader relies on.
func (r *Record) check() error {
	if err := r.Summary.check(); err != nil {
		return err
	}
	s := &r.Samples
	for _, column := range []struct {
		name   string
		values []int64
	}{
		{"someUsec", s.SomeUsec}, {"fullUsec", s.FullUsec}, {"usageBytes", s.UsageBytes}, {"availableBytes", s.AvailableBytes},
		{"swapFreeBytes", s.SwapFreeBytes}, {"held", s.Held},
	} {
		if len(column.values) != len(s.AtUsec) {
			return fmt.Errorf("%w: samples.%s has %d values, atUsec %d; they must be as many", ErrCorrupt, column.name, len(column.values), len(s.AtUsec))
		}
	}
	for i := 1; i < len(s.AtUsec); i++ {
		if s.AtUsec[i] < s.AtUsec[i-1] {
			return fmt.Errorf("%w: samples.atUsec goes back from %d to %d", ErrCorrupt, s.AtUsec[i-1], s.AtUsec[i])
		}
	}
	return nil
}

// check returns what is wrong with a summary, as an ErrCorrupt.
func (s *Summary) check() error {
	switch year := s.Began.UTC().Year(); {
	case s.Version < 1 || s.Version > Version:
		return fmt.Errorf("%w: version %d, allowed: 1 to %d", ErrCorrupt, s.Version, Version)
	case !validID(s.Episode):
		return fmt.Errorf("%w: episode %q, allowed: letters, digits and dashes, at most %d", ErrCorrupt, s.Episode, idMax)
	case s.Slice == "":
		return fmt.Errorf("%w: it names no slice", ErrCorrupt)
	case s.Began.IsZero() || year < 1 || year > 9999:
		return fmt.Errorf("%w: began %v, allowed: the years 1 to 9999", ErrCorrupt, s.Began)
	}
	return nil
}
