package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// parse is journald's part of the native protocol.
func parse(msg []byte) ([]Field, error) {
	var fields []Field
	for len(msg) > 0 {
		line, rest, ok := bytes.Cut(msg, []byte("\n"))
		if !ok {
			return fields, fmt.Errorf("no newline after %q", msg)
		}
		if name, value, ok := bytes.Cut(line, []byte("=")); ok {
			fields = append(fields, Field{string(name), string(value)})
			msg = rest
			continue
		}
		if len(rest) < 8 {
			return fields, fmt.Errorf("no length after %q", line)
		}
		n := binary.LittleEndian.Uint64(rest)
		rest = rest[8:]
		if uint64(len(rest)) <= n || rest[n] != '\n' {
			return fields, fmt.Errorf("%q: length %d of %d bytes, no newline there", line, n, len(rest))
		}
		fields = append(fields, Field{string(line), string(rest[:n])})
		msg = rest[n+1:]
	}
	return fields, nil
}

// Ensure ValidName can tell the names that journald takes from a client.
func TestValidName(t *testing.T) {
	for name, want := range map[string]bool{
		"MESSAGE": true, "REPRIEVE_STALL_SOME": true, "A1": true, strings.Repeat("A", 64): true,
		"": false, "_PID": false, "1A": false, "message": false, "A B": false, "A=": false, "A\n": false,
		"Ä": false, strings.Repeat("A", 65): false,
	} {
		if got := ValidName(name); got != want {
			t.Errorf("ValidName(%q) = %v, want %v", name, got, want)
		}
	}
}

// Ensure appendMessage can carry any value, and leaves out a field with a bad name.
func TestAppendMessage(t *testing.T) {
	good := []Field{
		{"MESSAGE", "batch.slice stalled 43%"},
		{"EMPTY", ""},
		{"EQUALS", "a=b=c"},
		{"LINES", "name  usage\nbatch-b  410M\n"},
		{"BYTES", "\x00\xff\n\x01"},
	}
	msg, err := appendMessage(nil, append([]Field{{"bad name", "x"}, {"BAD\nMESSAGE", "y"}}, good...))
	if err != nil {
		t.Fatalf("appendMessage = %v, want nil", err)
	}
	got, err := parse(msg)
	if err != nil {
		t.Fatalf("parse(%q) = %v", msg, err)
	}
	if diff := cmp.Diff(good, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if want := "MESSAGE=batch.slice stalled 43%\n"; !strings.HasPrefix(string(msg), want) {
		t.Errorf("appendMessage = %q, want it to begin with %q", msg, want)
	}
}

// Ensure appendMessage can say that there is nothing to send.
func TestAppendMessage_Empty(t *testing.T) {
	for _, fields := range [][]Field{nil, {{"bad", "x"}}} {
		if msg, err := appendMessage(nil, fields); err != ErrEmpty {
			t.Errorf("appendMessage(%v) = %q, %v, want ErrEmpty", fields, msg, err)
		}
	}
}

// Ensure appendMessage can cut the longest values alone, and them equally, to
// fill its bound.
func TestAppendMessage_Cuts(t *testing.T) {
	long, longer := strings.Repeat("line\n", 10000), strings.Repeat("x", 200000)
	msg, err := appendMessage(nil, []Field{{"MESSAGE", "short"}, {"A", long}, {"B", longer}})
	if err != nil {
		t.Fatalf("appendMessage = %v, want nil", err)
	}
	if n := len(msg); n > MaxMessageBytes || n < MaxMessageBytes-1 {
		t.Errorf("appendMessage gives %d bytes, want %d, or one less for two equal values", n, MaxMessageBytes)
	}
	got, err := parse(msg)
	if err != nil || len(got) != 3 {
		t.Fatalf("parse = %d fields, %v, want 3, nil", len(got), err)
	}
	if got[0].Value != "short" {
		t.Errorf("MESSAGE = %q, want it uncut", got[0].Value)
	}
	if a, b := len(got[1].Value), len(got[2].Value); a != b {
		t.Errorf("values have %d and %d bytes, want the same", a, b)
	}
	for i, whole := range []string{long, longer} {
		if head, ok := strings.CutSuffix(got[i+1].Value, cutMark); !ok || !strings.HasPrefix(whole, head) {
			t.Errorf("%s = %.20q..., want the head of the value and the mark", got[i+1].Name, got[i+1].Value)
		}
	}
}

// Ensure cut can leave whole characters.
func TestCut(t *testing.T) {
	for _, tt := range []struct {
		value string
		limit int
		want  string
	}{
		{"abcdef", 6, "abcdef"},
		{"abcdef", 5, "ab..."},
		{"aéé", 5, "aéé"},
		{"aééx", 5, "a..."},
		{"abcdef", 3, "..."},
		{"abcdef", 2, ""},
		{"\x80\x80\x80\x80\x80", 4, "..."},
	} {
		short, mark := cut(tt.value, tt.limit)
		if got := short + mark; got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.value, tt.limit, got, tt.want)
		}
	}
}

// Ensure appendMessage can refuse a message whose names alone are too long.
func TestAppendMessage_TooLong(t *testing.T) {
	fields := make([]Field, MaxMessageBytes/64)
	for i := range fields {
		fields[i].Name = strings.Repeat("A", 64)
	}
	if _, err := appendMessage(nil, fields); err != ErrTooLong {
		t.Errorf("appendMessage of %d names = %v, want ErrTooLong", len(fields), err)
	}
}

// Ensure appendMessage can take any fields, stays in its bound, and journald
// would read back what was given.
func FuzzAppendMessage(f *testing.F) {
	f.Add("MESSAGE", "text", "LINES", "a\nb", uint16(1))
	f.Add("bad", "text", "BYTES", "\x00\xff", uint16(30000))
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string, repeat uint16) {
		if len(value2)*int(repeat) > 1<<20 {
			return
		}
		value2 = strings.Repeat(value2, int(repeat))
		given := []Field{{name1, value1}, {name2, value2}}
		msg, err := appendMessage(nil, given)
		if err == ErrEmpty && !ValidName(name1) && !ValidName(name2) {
			return
		}
		if err != nil || len(msg) > MaxMessageBytes {
			t.Fatalf("appendMessage = %d bytes, %v, want at most %d", len(msg), err, MaxMessageBytes)
		}
		got, err := parse(msg)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range given {
			if !ValidName(g.Name) {
				continue
			}
			if len(got) == 0 || got[0].Name != g.Name {
				t.Fatalf("fields left %v, want %q next", got, g.Name)
			}
			head, isCut := strings.CutSuffix(got[0].Value, cutMark)
			if got[0].Value != g.Value && !(isCut && strings.HasPrefix(g.Value, head)) {
				t.Errorf("%s = %.40q, want the head of %.40q", g.Name, got[0].Value, g.Value)
			}
			if utf8.ValidString(g.Value) && !utf8.ValidString(got[0].Value) {
				t.Errorf("%s was cut inside a character", g.Name)
			}
			got = got[1:]
		}
	})
}
