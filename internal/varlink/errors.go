package varlink

import (
	"encoding/json"
	"errors"
)

// Error is an error reply: what a service answers instead of what was asked.
type Error struct {
	Name       string         // In full: "org.varlink.service.MethodNotFound".
	Parameters map[string]any // As encoding/json decodes them; nil for none.
}

// Error gives the name, and the parameters as JSON.
func (e *Error) Error() string {
	if len(e.Parameters) == 0 {
		return e.Name
	}
	text, err := json.Marshal(e.Parameters)
	if err != nil {
		return e.Name
	}
	return e.Name + " " + cut(string(text))
}

// ParameterError is the error for a parameter of a call that cannot be taken,
// by its name.
func ParameterError(name string) *Error {
	return &Error{Name: serviceName + ".InvalidParameter", Parameters: map[string]any{"parameter": name}}
}

// Decode decodes a call's parameters into a struct. The error is what
// ParameterError returns. Unknown parameters are passed over.
func Decode(in json.RawMessage, into any) error {
	err := json.Unmarshal(in, into)
	if err == nil {
		return nil
	}
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return ParameterError(kind.Field)
	}
	return ParameterError("")
}

// SocketError is every error of a call that is no error reply.
type SocketError struct {
	Socket string // Its path.
	Op     string // "connect", "send io.a.B", "receive the reply to io.a.B".
	// Err is an errno (ENOENT: no such socket, ECONNREFUSED: nobody listens), an error of the context, io.EOF,
	// ErrTooLong or ErrMalformed.
	Err error
}

func (e *SocketError) Error() string { return e.Socket + ": " + e.Op + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *SocketError) Unwrap() error { return e.Err }
