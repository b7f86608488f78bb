package varlink

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// Ensure messages come whole and in their order, however the stream is cut, and that it ends with the right error.
func TestMessageReader(t *testing.T) {
	full := strings.Repeat("x", MaxMessageBytes)
	for _, tt := range []struct {
		name, stream string
		want         []string
		err          error
	}{
		{"nothing", "", nil, io.EOF},
		{"two", "{}\x00{\"a\":1}\x00", []string{"{}", `{"a":1}`}, io.EOF},
		{"an empty one", "\x00", []string{""}, io.EOF},
		{"the end within one", "{}\x00{", []string{"{}"}, io.ErrUnexpectedEOF},
		{"as long as may be", full + "\x00{}\x00", []string{full, "{}"}, io.EOF},
		{"a byte longer", full + "x\x00", nil, ErrTooLong},
		{"without an end", strings.Repeat("x", 1<<20), nil, ErrTooLong},
	} {
		for how, r := range map[string]io.Reader{
			"at once": strings.NewReader(tt.stream), "by halves": iotest.HalfReader(strings.NewReader(tt.stream)),
			"by bytes": iotest.OneByteReader(strings.NewReader(tt.stream)),
		} {
			got, err := readAll(newMessageReader(r))
			if !errors.Is(err, tt.err) {
				t.Errorf("%s, %s: error %v, want %v", tt.name, how, err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s, %s: -want +got\n%s", tt.name, how, diff)
			}
		}
	}
}

func readAll(m *messageReader) (all []string, err error) {
	for {
		text, err := m.next()
		if err != nil {
			return all, err
		}
		all = append(all, string(text))
	}
}

// Ensure only what is a call, or a reply, passes for one.
func TestDecode_Messages(t *testing.T) {
	for _, tt := range []struct {
		text        string
		call, reply bool
	}{
		{`{"method":"io.a.B"}`, true, true},
		{` {"method":"io.a.B","parameters":{"c":1},"more":true}`, true, true},
		{`{"method":"io.a.B","parameters":null}`, true, true},
		{`{"method":"io.a.B","parameters":[1]}`, false, false},
		{`{"method":"B"}`, false, true},
		{`{"method":"io.a."}`, false, true},
		{`{"method":"io.a.B\u0000"}`, false, true},
		{`{"method":1}`, false, true},
		{`{"parameters":{}}`, false, true},
		{`{"error":"io.a.E","parameters":{}}`, false, true},
		{`{"error":"no name"}`, false, false},
		{`{}`, false, true},
		{`null`, false, false},
		{`[]`, false, false},
		{`"{"`, false, false},
		{`{`, false, false},
		{`{} {}`, false, false},
		{``, false, false},
		{"\xff\xfe", false, false},
	} {
		c, err := decodeCall([]byte(tt.text))
		if (err == nil) != tt.call || err != nil && !errors.Is(err, ErrMalformed) {
			t.Errorf("decodeCall(%q) = %+v, %v, want it taken: %v", tt.text, c, err, tt.call)
		}
		r, err := decodeReply([]byte(tt.text))
		if (err == nil) != tt.reply || err != nil && !errors.Is(err, ErrMalformed) {
			t.Errorf("decodeReply(%q) = %+v, %v, want it taken: %v", tt.text, r, err, tt.reply)
		}
	}
}

// Ensure no stream brings more than the bound, and that what was taken as a call can be sent again and is the same.
func FuzzFraming(f *testing.F) {
	for _, seed := range []string{
		"", "\x00", "{}\x00", "{\"method\":\"io.a.B\",\"parameters\":{\"c\":\"/batch.slice\"}}\x00",
		"{\"error\":\"io.a.E\"}\x00{", "null\x00[]\x00", "{\"method\":\"io.a.B\",\"oneway\":true}\x00\xff\x00",
		"{\"method\":\"io.a.B\",\"parameters\":{\"\\u0000\":1e400}}\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		messages, err := readAll(newMessageReader(bytes.NewReader(stream)))
		if err == nil {
			t.Fatal("a stream without an end")
		}
		for _, text := range messages {
			if len(text) > MaxMessageBytes || strings.Contains(text, "\x00") {
				t.Fatalf("a message of %d bytes: %q", len(text), cut(text))
			}
			_, _ = decodeReply([]byte(text))
			c, err := decodeCall([]byte(text))
			if err != nil {
				continue
			}
			sent, err := encode(c)
			if errors.Is(err, ErrTooLong) {
				continue // Escapes make it longer.
			}
			if err != nil {
				t.Fatalf("encode(%+v): %v", c, err)
			}
			again, err := newMessageReader(bytes.NewReader(sent)).next()
			if err != nil {
				t.Fatalf("read %q again: %v", sent, err)
			}
			back, err := decodeCall(again)
			if err != nil || back.Method != c.Method || back.Oneway != c.Oneway {
				t.Fatalf("%+v came back as %+v, %v", c, back, err)
			}
		}
	})
}
