package varlink

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxMessageBytes is the longest message that is read or sent, its NUL byte not
// counted.
const MaxMessageBytes = 64 << 10

var (
	// ErrTooLong says that a message is longer than MaxMessageBytes.
	ErrTooLong = fmt.Errorf("message is longer than %d bytes", MaxMessageBytes)
	// ErrMalformed says that a message is no JSON object of the kind expected.
	ErrMalformed = errors.New("malformed varlink message")
)

// call is what a client sends:
//
//	{"method":"io.systemd.oom.Prekill.Notify","parameters":{"cgroup":"/batch.slice"}}␀
type call struct {
	Method     string          `json:"method"`
	Parameters json.RawMessage `json:"parameters,omitempty"`
	Oneway     bool            `json:"oneway,omitempty"`
	More       bool            `json:"more,omitempty"` // replies that continue are taken
}

// reply is what a service answers, with an error's name where there is one. All
// but the last of a stream continue:
//
//	{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"io.a.B"}}␀
//	{"continues":true,"parameters":{"n":1}}␀
type reply struct {
	Error      string          `json:"error,omitempty"`
	Continues  bool            `json:"continues,omitempty"`
	Parameters json.RawMessage `json:"parameters,omitempty"`
}

// messageReader reads one message after the other from a stream.
type messageReader struct{ r *bufio.Reader }

func newMessageReader(r io.Reader) *messageReader { return &messageReader{bufio.NewReader(r)} }

// next returns the next message without its NUL byte. It returns io.EOF at the
// end of the stream, io.ErrUnexpectedEOF at one within a message, ErrTooLong
// for a message that is, at the latest a buffer's length beyond the bound, and
// errors of the stream.
func (m *messageReader) next() ([]byte, error) {
	var message []byte
	for {
		part, err := m.r.ReadSlice(0)
		message = append(message, part...)
		switch {
		case err == nil && len(message)-1 <= MaxMessageBytes:
			return message[:len(message)-1], nil
		case len(message) > MaxMessageBytes:
			return nil, ErrTooLong
		case errors.Is(err, bufio.ErrBufferFull):
			// Its next part.
		case errors.Is(err, io.EOF) && len(message) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

// decodeCall returns the call in a message, its parameters an object always.
// The error wraps ErrMalformed.
func decodeCall(message []byte) (call, error) {
	var c call
	if err := decodeObject(message, &c); err != nil {
		return call{}, err
	}
	if !isName(c.Method) {
		return call{}, fmt.Errorf("%w: method %q", ErrMalformed, cut(c.Method))
	}
	var err error
	c.Parameters, err = parameters(c.Parameters)
	return c, err
}

// decodeReply returns the reply in a message, its parameters an object always.
// The error wraps ErrMalformed.
func decodeReply(message []byte) (reply, error) {
	var r reply
	if err := decodeObject(message, &r); err != nil {
		return reply{}, err
	}
	if r.Error != "" && !isName(r.Error) {
		return reply{}, fmt.Errorf("%w: error %q", ErrMalformed, cut(r.Error))
	}
	var err error
	r.Parameters, err = parameters(r.Parameters)
	return r, err
}

// decodeObject decodes into a struct what must be an object: to encoding/json
// a null is fine as well.
func decodeObject(message []byte, into any) error {
	if !isObject(message) {
		return fmt.Errorf("%w: %q is no object", ErrMalformed, cut(string(message)))
	}
	if err := json.Unmarshal(message, into); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}

// parameters makes absent ones the empty object that they stand for.
func parameters(raw json.RawMessage) (json.RawMessage, error) {
	if raw == nil || string(raw) == "null" {
		return json.RawMessage("{}"), nil
	}
	if !isObject(raw) {
		return nil, fmt.Errorf("%w: parameters %q are no object", ErrMalformed, cut(string(raw)))
	}
	return raw, nil
}

func isObject(text []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) }

// isName reports whether s can be the full name of a method or an error: an
// interface in reverse-domain notation, a dot, and a member.
func isName(s string) bool {
	dot := false
	for _, c := range []byte(s) {
		switch {
		case c == '.':
			dot = true
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-':
		default:
			return false
		}
	}
	return dot && len(s) <= 256 && s[0] != '.' && s[len(s)-1] != '.'
}

// cut shortens what is quoted in an error.
func cut(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}

// encode returns a message with its NUL byte. JSON has no NUL byte of its own:
// encoding/json escapes it.
func encode(message any) ([]byte, error) {
	text, err := json.Marshal(message)
	if err != nil {
		return nil, err
	}
	if len(text) > MaxMessageBytes {
		return nil, ErrTooLong
	}
	return append(text, 0), nil
}

// encodeParameters returns v as an object; nil is the empty one.
func encodeParameters(v any) (json.RawMessage, error) {
	if v == nil {
		return json.RawMessage("{}"), nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return parameters(text)
}
