package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/internal/control"
	"reprieve/internal/varlink"
)

const (
	// controlProbe bounds the look whether another daemon listens on the socket.
	controlProbe = 200 * time.Millisecond
	// controlWait is how long the loop may take to answer, and planWait how long a
	// worker may take to weigh.
	controlWait = 2 * time.Second
	planWait    = 4 * time.Second
	// pauseMost is the longest pause: one that is forgotten ends by itself.
	pauseMost = 24 * time.Hour
)

// errNoSuchSlice says that a slice is not watched.
var errNoSuchSlice = errors.New("no watched slice of that name")

// requests is what the control socket may have done. Each is called in a goroutine
// of the socket's, has the loop do the work, and has its answer called once, from any
// goroutine. The errors may wrap errNoSuchSlice.
type requests struct {
	release func(slice string, answer func(released int, slices []string, err error)) // "" is all
	pause   func(length time.Duration, answer func(released int))                     // 0 ends it
	status  func(answer func(control.Status))
	plan    func(slice string, answer func(control.Plan, error))
	// listen returns what happens from then on, closed for who is too slow. It does not need the loop.
	listen func() (events <-chan control.Event, cancel func())
}

// controlServer is the daemon's varlink socket. Its server has goroutines of its own,
// which know nothing of the daemon but what may be asked.
type controlServer struct {
	do     requests
	server *varlink.Server
}

// openControl listens on path, with mode 0600, and lets root and the daemon's
// own user ask by it. A socket that an earlier process left is replaced;
// one that is listened on, or a file of another kind, is an error. Close it.
func openControl(path string, do requests) (*controlServer, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	// The socket has its mode from the start: bind gives the file the mode of the descriptor (net/unix/af_unix.c:
	// unix_bind_bsd), less the umask.
	private := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var chmod error
		if err := c.Control(func(fd uintptr) { chmod = unix.Fchmod(int(fd), 0o600) }); err != nil {
			return err
		}
		return chmod
	}}
	l, err := private.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	c := &controlServer{do: do}
	own := uint32(os.Geteuid())
	c.server = varlink.Serve(l.(*net.UnixListener), varlink.Service{
		Vendor: "Reprieve", Product: "reprieved", Version: buildVersion(),
		Interfaces: []varlink.Interface{{
			Name: control.Interface, Description: control.Description(),
			Methods: map[string]varlink.Method{"Release": c.release, "Pause": c.pause, "Status": c.status, "Plan": c.plan},
			Streams: map[string]varlink.Stream{"Monitor": c.monitor},
		}},
		Admit: func(uid uint32) bool { return uid == 0 || uid == own },
	})
	return c, nil
}

// Close closes and removes the socket. Calls that wait for the loop end without
// its answer, so the loop itself may close. It closes once.
func (c *controlServer) Close() error {
	if err := c.server.Close(); err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	return nil
}

// ask has something done and waits for its answer, for so long at most. To post
// to a loop that hangs waits as well, beyond the bound; such a loop's watchdog ends the process.
func ask[T any](ctx context.Context, bound time.Duration, do func(answer func(T))) (T, error) {
	answers := make(chan T, 1)
	go do(func(t T) {
		select {
		case answers <- t:
		default: // it was called twice
		}
	})
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	select {
	case <-ctx.Done():
		var none T
		return none, &varlink.Error{Name: control.ErrorNoAnswer}
	case t := <-answers:
		return t, nil
	}
}

// noSlice is the reply to who names a slice that is not watched.
func noSlice(slice string, err error) error {
	if errors.Is(err, errNoSuchSlice) {
		return &varlink.Error{Name: control.ErrorNoSuchSlice, Parameters: map[string]any{"slice": slice}}
	}
	return err
}

func (c *controlServer) release(ctx context.Context, in json.RawMessage) (any, error) {
	var what struct {
		Slice *string `json:"slice"`
	}
	if err := varlink.Decode(in, &what); err != nil {
		return nil, err
	}
	slice := ""
	if what.Slice != nil {
		if slice = *what.Slice; slice == "" {
			return nil, varlink.ParameterError("slice")
		}
	}
	type reply struct {
		Released int      `json:"released"`
		Slices   []string `json:"slices"`
		err      error
	}
	r, err := ask(ctx, controlWait, func(answer func(reply)) {
		c.do.release(slice, func(released int, slices []string, err error) {
			answer(reply{released, append([]string{}, slices...), err})
		})
	})
	if err == nil {
		err = noSlice(slice, r.err)
	}
	return r, err
}

func (c *controlServer) pause(ctx context.Context, in json.RawMessage) (any, error) {
	var what struct {
		Usec *int64 `json:"usec"`
	}
	if err := varlink.Decode(in, &what); err != nil {
		return nil, err
	}
	if what.Usec == nil || *what.Usec < 0 || *what.Usec > pauseMost.Microseconds() {
		return nil, varlink.ParameterError("usec")
	}
	type reply struct {
		Released int `json:"released"`
	}
	return ask(ctx, controlWait, func(answer func(reply)) {
		c.do.pause(time.Duration(*what.Usec)*time.Microsecond, func(released int) { answer(reply{released}) })
	})
}

func (c *controlServer) status(ctx context.Context, in json.RawMessage) (any, error) {
	if err := varlink.Decode(in, &struct{}{}); err != nil {
		return nil, err
	}
	return ask(ctx, controlWait, c.do.status)
}

func (c *controlServer) plan(ctx context.Context, in json.RawMessage) (any, error) {
	var what struct {
		Slice string `json:"slice"`
	}
	if err := varlink.Decode(in, &what); err != nil {
		return nil, err
	}
	if what.Slice == "" {
		return nil, varlink.ParameterError("slice")
	}
	type reply struct {
		plan control.Plan
		err  error
	}
	r, err := ask(ctx, planWait, func(answer func(reply)) {
		c.do.plan(what.Slice, func(p control.Plan, err error) { answer(reply{p, err}) })
	})
	if err == nil {
		err = noSlice(what.Slice, r.err)
	}
	return r.plan, err
}

// removeStale removes a socket that nobody listens on.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return fmt.Errorf("control socket: %s is no socket (%v); remove it", path, info.Mode())
	}
	conn, err := net.DialTimeout("unix", path, controlProbe)
	if err == nil {
		conn.Close()
		return fmt.Errorf("control socket: %s: somebody listens on it already; stop the other reprieved", path)
	}
	if !errors.Is(err, unix.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("control socket: whether somebody listens on it: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("control socket: %w", err)
	}
	return nil
}
