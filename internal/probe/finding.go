// Package probe looks whether a host can do what Reprieve needs of it: the kernel, its cgroup tree, pressure stall
// information, swap, systemd and the service itself. It reads files below [Places] and asks the kernel harmless questions;
// it writes nothing but a trigger that it closes again, starts nothing and kills nobody. What systemd and the daemon
// answer is given to it as values.
//
// Nothing is an error here: what cannot be looked at, for want of rights or because it is not there, is a finding that
// says so. reprievectl doctor prints them.
package probe

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// State is how a finding is to be taken.
type State string

// The states of a finding.
const (
	Good State = "good"
	Note State = "note" // It works without, or with less; or it could not be seen.
	Bad  State = "bad"  // Reprieve cannot do its work, or not all of it.
)

// Finding is one thing that was looked at.
type Finding struct {
	Name   string `json:"name"` // What was looked at: "psi". Several findings may have the same.
	State  State  `json:"state"`
	Text   string `json:"text"`             // What was found, one line.
	Remedy string `json:"remedy,omitempty"` // What to do, one line; "" where there is nothing to do.
}

func good(name, format string, args ...any) Finding {
	return Finding{Name: name, State: Good, Text: fmt.Sprintf(format, args...)}
}

func note(name, remedy, format string, args ...any) Finding {
	return Finding{Name: name, State: Note, Text: fmt.Sprintf(format, args...), Remedy: remedy}
}

func bad(name, remedy, format string, args ...any) Finding {
	return Finding{Name: name, State: Bad, Text: fmt.Sprintf(format, args...), Remedy: remedy}
}

// Places is where the host is looked for.
type Places struct {
	Root string // What all paths are below; "" is "/". For tests.
}

// mount is where systemd mounts cgroup2.
const mount = "/sys/fs/cgroup"

// at returns where a path of the host is.
func (p Places) at(path string) string { return filepath.Join("/", p.Root, path) }

// read returns the text of a file without blanks around it.
func (p Places) read(path string) (string, error) {
	text, err := os.ReadFile(p.at(path))
	return string(bytes.TrimSpace(text)), err
}

// there reports whether something is at a path.
func (p Places) there(path string) bool {
	_, err := os.Stat(p.at(path))
	return err == nil
}

// cause is err without the path that the os package puts around it.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
