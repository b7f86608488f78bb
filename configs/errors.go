package configs

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// What a [KeyError] may wrap, beside the errors of the file system.
var (
	// ErrUnknownKey: a file has a key that there is no setting for.
	ErrUnknownKey = errors.New("unknown key")
	// ErrSyntax: a file is not TOML.
	ErrSyntax = errors.New("not TOML")
	// ErrName: a file or folder under slices has a name that no slice can have.
	ErrName = errors.New("not the name of a slice")
	// ErrTooLarge: a file is larger than this package reads.
	ErrTooLarge = errors.New("larger than 1 MiB")
	// ErrNotRegular: something that should be a file is a folder, a pipe or a socket.
	ErrNotRegular = errors.New("not a regular file")
)

// KeyError is one thing that is wrong in one file. What does not apply is zero.
type KeyError struct {
	File    string // The path of the file or folder.
	Key     string // The key as TOML writes it: hold.delay.
	Line    int    // The line of the key, from 1.
	Found   string // What was read, as TOML writes it: "10x" with its quotes, 5, a table.
	Allowed string // What could be there, in words.
	Meant   string // The name that was probably meant by one that is unknown.
	Err     error  // What else is wrong: an error above, or one of the file system.
}

// Error returns one line: FILE:LINE: KEY: what is wrong, what was read, what is allowed; what was meant.
func (e *KeyError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		b.WriteString(":" + strconv.Itoa(e.Line))
	}
	if e.Key != "" {
		b.WriteString(": " + e.Key)
	}
	separator := ": "
	say := func(text string) {
		b.WriteString(separator + text)
		separator = ", "
	}
	if e.Err != nil {
		say(e.Err.Error())
	}
	if e.Found != "" {
		say("read " + e.Found)
	}
	if e.Allowed != "" {
		say("allowed: " + e.Allowed)
	}
	if e.Meant != "" {
		separator = "; "
		say("did you mean " + strconv.Quote(e.Meant) + "?")
	}
	return oneLine.Replace(b.String())
}

// oneLine keeps a message on its line whatever the names of files and the TOML library put into it.
var oneLine = strings.NewReplacer("\n", `\n`, "\r", `\r`)

// Unwrap returns Err.
func (e *KeyError) Unwrap() error { return e.Err }

// Errors is everything that is wrong in a configuration, in the order of files, lines and keys. It has at least one.
type Errors []*KeyError

// Error returns the errors, one a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the errors one by one, for [errors.Is] and [errors.As].
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// arranged returns the errors in their order, each message once.
func (e Errors) arranged() Errors {
	slices.SortFunc(e, func(a, b *KeyError) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key),
			cmp.Compare(a.Error(), b.Error()))
	})
	return slices.CompactFunc(e, func(a, b *KeyError) bool { return a.Error() == b.Error() })
}
