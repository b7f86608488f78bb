// Package hook tells who listens that a group is about to be stopped, so that
// it can save, shed or hand over what it has: every socket in the hook
// directories gets one varlink call, io.systemd.oom.Prekill.Notify, which hooks
// written for systemd-oomd (systemd 260) answer already.
//
// A hook has no veto, and all of them together have one deadline. The package
// has no state and does not log; it reads directories and asks sockets, both of
// which may wait: it is for a worker, not for a loop.
package hook

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/internal/varlink"
)

// method is the call, with the group's path below the cgroup2 mount as its one
// parameter, "cgroup", and an empty reply.
const method = "io.systemd.oom.Prekill.Notify"

// MaxHooks is how many hooks are asked, those of the first directory first, by
// name in each.
const MaxHooks = 32

// DefaultWait bounds Notify where the context has no deadline.
const DefaultWait = time.Second

// DefaultDirs returns the directories that are searched: ours, and systemd-oomd's.
func DefaultDirs() []string {
	return []string{"/run/reprieve/hooks", "/run/systemd/oomd.prekill.hook"}
}

// ErrTooMany says that a hook was not asked because MaxHooks others were.
var ErrTooMany = errors.New("not asked: 32 hooks are asked before it; remove some")

// Answer is what came of one hook.
type Answer struct {
	Name string        // The path of its socket, or of a directory that was not used.
	Took time.Duration // From the call to the answer or the failure; 0 where it was not asked.
	// Err is nil for an answer. Otherwise it is *RefusedError, ErrTooMany, *varlink.Error for an error
	// reply, or *varlink.SocketError, which wraps context.DeadlineExceeded where the hook was too late.
	Err error
}

// Caller asks hooks. Its zero value has none.
type Caller struct {
	// Dirs are the directories with the hooks' sockets; one that is missing has none. See DefaultDirs.
	Dirs []string
}

// Notify tells every hook that the cgroup is about to be stopped, all at the
// same time, and returns when each has answered or ctx is over, with what came
// of them sorted by name. Nothing of it outlives the return.
//
// A hook is a socket, or a symbolic link to one, whose name does not begin with a dot; both
// are owned by root or by this process's user, as is the directory, which
// nobody but its owner may write to: what does not belong to whom it should is
// not asked and has a *RefusedError. Other files are passed over, and so are sockets
// that nobody listens on.
func (c *Caller) Notify(ctx context.Context, cgroup string) []Answer {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, DefaultWait)
		defer cancel()
	}
	sockets, answers := c.find()
	asked := make([]Answer, min(len(sockets), MaxHooks))
	var running sync.WaitGroup
	for i := range asked {
		running.Go(func() { asked[i] = notify(ctx, sockets[i], cgroup) })
	}
	running.Wait()
	asked = slices.DeleteFunc(asked, func(a Answer) bool { return stale(a.Err) })
	for _, socket := range sockets[min(len(sockets), MaxHooks):] {
		answers = append(answers, Answer{Name: socket, Err: ErrTooMany})
	}
	answers = append(answers, asked...)
	slices.SortFunc(answers, func(a, b Answer) int { return strings.Compare(a.Name, b.Name) })
	return answers
}

// notify asks one hook.
func notify(ctx context.Context, socket, cgroup string) Answer {
	begin := time.Now()
	err := varlink.Call(ctx, socket, method, map[string]string{"cgroup": cgroup}, nil)
	return Answer{Name: socket, Took: time.Since(begin), Err: err}
}

// stale reports whether a socket is nobody's: its process has gone and left it,
// or took it away after the directory was read.
func stale(err error) bool {
	var at *varlink.SocketError
	return errors.As(err, &at) && at.Op == "connect" && (errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOENT))
}
