package guest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"reprieve/test/watch"
)

// restore puts the guest back to what it was before the run: nobody runs that was started, no setting is left, swap and caches are empty,
// memory is free again. Each step is tried whatever became of those before it; the error has all of them.
func (r *round) restore() error {
	var errs []error
	try := func(name string, args ...string) {
		if _, err := command(name, args...); err != nil {
			errs = append(errs, err)
		}
	}
	kill(watched)
	if r.controller.unit != "" {
		try("systemctl", append([]string{"stop", r.controller.unit}, strings.Fields(r.controller.sockets)...)...)
	}
	kill(guard)
	try("systemctl", "stop", loadService, keeper, canary, neighbour, victim, kept, watched, guard)
	errs = append(errs, r.removeFiles())
	try("systemctl", "daemon-reload")
	try("systemctl", "reset-failed")
	if swapInUse() {
		try("swapoff", swapDevice)
	}
	unix.Sync()
	errs = append(errs, os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0))
	errs = append(errs, until("the memory to be free again", func() bool {
		free, err := available()
		return err == nil && free >= r.freeBytes-r.freeBytes/10
	}))
	return errors.Join(errs...)
}

// removeFiles takes away what was written, with the directories that were made for it, and what the daemon keeps of the run.
func (r *round) removeFiles() error {
	var errs []error
	for _, path := range append(r.files, record) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		if dir := filepath.Dir(path); strings.HasSuffix(dir, ".d") {
			_ = os.Remove(dir) // not where somebody else has a file in it
		}
	}
	for _, dir := range []string{"/etc/reprieve", "/run/reprieve", strings.TrimSuffix(settings, "/")} {
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

// swapInUse reports whether there is a swap device besides the heading.
func swapInUse() bool {
	text, err := os.ReadFile("/proc/swaps")
	return err == nil && strings.Count(string(text), "\n") > 1
}

// kill empties a slice: by cgroup.kill, then by PID what that passes over. A slice that is gone is fine.
func kill(slice string) {
	path := watch.SlicePath(slice)
	_ = os.WriteFile(path+"/cgroup.kill", []byte("1"), 0)
	_ = filepath.WalkDir(path, func(file string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Base(file) != "cgroup.procs" {
			return nil
		}
		text, _ := os.ReadFile(file)
		for _, word := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil && pid > 0 {
				_ = unix.Kill(pid, unix.SIGKILL)
			}
		}
		return nil
	})
}
