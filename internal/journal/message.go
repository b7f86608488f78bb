package journal

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// MaxMessageBytes bounds one message. Datagrams are bounded by the send buffer,
// net.core.wmem_default, 208 KiB where nobody changed it: this is less than a
// quarter of that, so that one message cannot take the queue from the next.
const MaxMessageBytes = 48 << 10

// maxNameBytes is journald's limit for a field name.
const maxNameBytes = 64

// cutMark ends a value that was cut.
const cutMark = "..."

// ValidName reports whether journald takes name from a client: capital letters,
// digits and underscores, beginning with a letter (an underscore is journald's
// own, systemd.journal-fields(7)), 64 bytes at most.
func ValidName(name string) bool {
	if name == "" || len(name) > maxNameBytes || name[0] < 'A' || name[0] > 'Z' {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// appendMessage appends the native protocol's form of fields, at most
// MaxMessageBytes, to buf. A value without a newline is sent as
//
//	MESSAGE=text\n
//
// and any other with its length, 64 bits little-endian, before it:
//
//	MESSAGE\n
//	\x09\x00\x00\x00\x00\x00\x00\x00two\nlines\n
//
// (systemd.io/JOURNAL_NATIVE_PROTOCOL).
func appendMessage(buf []byte, fields []Field) ([]byte, error) {
	limit := valueLimit(fields)
	if limit < 0 {
		return nil, ErrTooLong
	}
	for i := range fields {
		if ValidName(fields[i].Name) {
			buf = appendField(buf, fields[i].Name, fields[i].Value, limit)
		}
	}
	if len(buf) == 0 {
		return nil, ErrEmpty
	}
	return buf, nil
}

func appendField(buf []byte, name, value string, limit int) []byte {
	value, mark := cut(value, limit)
	buf = append(buf, name...)
	if strings.IndexByte(value, '\n') < 0 {
		buf = append(buf, '=')
	} else {
		buf = append(buf, '\n')
		buf = binary.LittleEndian.AppendUint64(buf, uint64(len(value)+len(mark)))
	}
	buf = append(buf, value...)
	buf = append(buf, mark...)
	return append(buf, '\n')
}

// cut shortens value to limit bytes, the mark that says so included, and not
// inside a character.
func cut(value string, limit int) (short, mark string) {
	if len(value) <= limit {
		return value, ""
	}
	if limit < len(cutMark) {
		return "", ""
	}
	n := limit - len(cutMark)
	for n > 0 && !utf8.RuneStart(value[n]) {
		n--
	}
	return value[:n], cutMark
}

// valueLimit is the greatest length at which to cut values so that the message
// fits: only the longest are touched, and equally. It is -1 where not even
// empty values fit.
func valueLimit(fields []Field) int {
	low, high := -1, MaxMessageBytes
	for low < high {
		mid := (low + high + 1) / 2
		if messageBytes(fields, mid) <= MaxMessageBytes {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}

// messageBytes is an upper bound of the message's size with values cut at
// limit: the newline that asks for a length may have been cut off.
func messageBytes(fields []Field, limit int) int {
	n := 0
	for i := range fields {
		f := &fields[i]
		if !ValidName(f.Name) {
			continue
		}
		n += len(f.Name) + 1 + min(len(f.Value), limit) + 1
		if strings.IndexByte(f.Value, '\n') >= 0 {
			n += 8
		}
	}
	return n
}
