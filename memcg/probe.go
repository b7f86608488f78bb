package memcg

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// MissingError is a thing that a host lacks and cannot work without.
type MissingError struct {
	What string // what is missing
	Cure string // how to get it
	Err  error  // how that was seen; may be nil
}

func (e *MissingError) Error() string {
	text := e.What
	if e.Err != nil {
		text += " (" + e.Err.Error() + ")"
	}
	return text + "; " + e.Cure
}

// Unwrap returns the cause.
func (e *MissingError) Unwrap() error { return e.Err }

// Probe looks for what the project needs of the kernel at mount: cgroup2, its
// memory controller, and PSI. It returns every *MissingError at once, joined,
// or nil. It asks the kernel, never its version.
func Probe(mount string) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(mount, &fs); err != nil {
		return &MissingError{What: "nothing is mounted at " + mount, Cure: "mount cgroup2 there, as systemd does", Err: err}
	}
	if fs.Type != unix.CGROUP2_SUPER_MAGIC {
		return &MissingError{
			What: fmt.Sprintf("%s is not cgroup2 (file system type %#x, want %#x)", mount, fs.Type, uint32(unix.CGROUP2_SUPER_MAGIC)),
			Cure: "boot with systemd.unified_cgroup_hierarchy=1",
		}
	}
	return errors.Join(probeMemory(mount), probePSI(mount))
}

func probeMemory(mount string) error {
	file := filepath.Join(mount, "cgroup.controllers")
	text, err := os.ReadFile(file)
	for _, name := range bytes.Fields(text) {
		if string(name) == "memory" {
			return nil
		}
	}
	return &MissingError{
		What: fmt.Sprintf("the memory controller is not in %s (it holds %q)", file, bytes.TrimSpace(text)),
		Cure: "boot with cgroup_enable=memory, and without cgroup_disable=memory or a cgroup1 memory hierarchy",
		Err:  err,
	}
}

func probePSI(mount string) error {
	file := filepath.Join(mount, "memory.pressure")
	if _, err := os.ReadFile(file); err != nil {
		return &MissingError{
			What: "pressure stall information (PSI) cannot be read",
			Cure: "boot with psi=1 (a kernel with CONFIG_PSI), and without cgroup_disable=pressure",
			Err:  err,
		}
	}
	return nil
}
