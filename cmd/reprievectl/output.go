package main

import (
	"fmt"
	"io"
)

// output is stdout of a verb that writes piece by piece. It keeps the first error: a script that a full disk cuts short would
// otherwise end with exit status 0.
type output struct {
	io.Writer
	err error
}

// Write passes a text on.
func (o *output) Write(text []byte) (int, error) {
	n, err := o.Writer.Write(text)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// code is the exit code of a verb that ends otherwise with code: what could not be written is said, and is a failure.
func (o *output) code(verb string, stderr io.Writer, code int) int {
	if o.err == nil {
		return code
	}
	fmt.Fprintf(stderr, "reprievectl %s: %v\n", verb, o.err)
	return exitFindings
}
