package memcg

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Kill writes cgroup.kill: SIGKILL to every process in the group and below,
// also those forked meanwhile. It wants cgroup_mutex, which somebody stuck in
// reclaim may hold for seconds: not for a loop. It leaves processes whose main
// thread has exited (kernel/cgroup/cgroup.c iterates leaders); see Sweep.
func (g *Group) Kill() error { return g.write(KillFile, "1") }

// Immune reports whether no process in the group and below may be killed by
// the kernel's rules: all have oom_score_adj -1000, and there is at least one.
func (g *Group) Immune() (bool, error) {
	immune, mortal := false, false
	err := g.eachGroup(func(dir string) {
		if mortal {
			return
		}
		for _, pid := range pidsIn(dir) {
			adj, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/oom_score_adj")
			if err != nil {
				continue // it ended
			}
			if string(bytes.TrimSpace(adj)) != "-1000" {
				mortal = true
				return
			}
			immune = true
		}
	})
	return immune && !mortal, err
}

// MarkStopped counts up the extended attributes user.oomd_ooms and
// user.oomd_kill on the group, by which systemd (core/unit.c:
// unit_check_oomd_kill) gives the unit the result oom-kill when it empties.
// The mark must stand before the processes die.
func (g *Group) MarkStopped() error {
	processes := 0
	if err := g.eachGroup(func(dir string) { processes += len(pidsIn(dir)) }); err != nil {
		return err
	}
	if err := g.addXattr("user.oomd_ooms", 1); err != nil {
		return err
	}
	return g.addXattr("user.oomd_kill", processes)
}

func (g *Group) addXattr(name string, n int) error {
	var buf [32]byte
	was := 0
	size, err := unix.Fgetxattr(g.dir, name, buf[:])
	if err == nil {
		was, _ = strconv.Atoi(string(buf[:size])) // not a number: begin anew
	}
	if err := unix.Fsetxattr(g.dir, name, []byte(strconv.Itoa(was+n)), 0); err != nil {
		return fail(g.Path, "", "set "+name, err)
	}
	return nil
}

// eachGroup visits the directory of the group and of every group below it. It
// starts at the descriptor, not at the path: another group that took the path
// meanwhile is never visited.
func (g *Group) eachGroup(visit func(dir string)) error {
	root := "/proc/self/fd/" + strconv.Itoa(g.dir) + "/."
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
				return nil // removed while walking
			}
			return fail(g.Path, "", "walk", err)
		}
		if d.IsDir() {
			visit(path)
		}
		return nil
	})
}

// pidsIn reads cgroup.procs of a directory. A threaded group has no readable
// one; its processes are listed in the domain above it.
func pidsIn(dir string) []int {
	text, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return nil
	}
	var pids []int
	for line := range bytes.Lines(text) {
		if pid, err := strconv.Atoi(string(bytes.TrimSpace(line))); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids
}
