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

	"reprieve/internal/varlink"
)

// defaultControl is the socket by which reprievectl asks the daemon.
const defaultControl = "/run/reprieve/control"

const (
	// controlProbe bounds the look whether another daemon listens on the socket.
	controlProbe = 200 * time.Millisecond
	// controlWait is how long the loop may take to answer.
	controlWait = 2 * time.Second
)

// errNoSuchSlice says that a slice is not watched.
var errNoSuchSlice = errors.New("no watched slice of that name")

const (
	controlInterface   = "io.reprieve.Control"
	controlDescription = `# What reprieved does when it is asked
interface io.reprieve.Control

# Lift the holds that are in force: of one watched slice, or of all where none
# is given. The reply has how many groups were held, and in which watched slices.
# Who was held is not held again in this episode; its wait goes on and may end
# in a stop.
method Release(
  slice: ?string
) -> (
  released: int,
  slices: []string
)

# The slice is not watched
error NoSuchSlice(slice: string)

# The event loop does not answer
error NoAnswer()

# The holds could not be lifted
error Failed(message: string)
`
)

// control is the daemon's varlink socket. Its server has goroutines of its own,
// which know nothing of the daemon but release.
type control struct {
	// release has the loop lift the holds of a slice, "" for all, and has answer called once, from any goroutine. The
	// error may wrap errNoSuchSlice.
	release func(slice string, answer func(released int, slices []string, err error))
	server  *varlink.Server
}

// openControl listens on path, with mode 0600, and has root and the daemon's
// own user call release by it. A socket that an earlier process left is replaced;
// one that is listened on, or a file of another kind, is an error. Close it.
func openControl(path string, release func(slice string, answer func(released int, slices []string, err error))) (*control, error) {
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
	c := &control{release: release}
	own := uint32(os.Geteuid())
	c.server = varlink.Serve(l.(*net.UnixListener), varlink.Service{
		Vendor: "Reprieve", Product: "reprieved", Version: buildVersion(),
		Interfaces: []varlink.Interface{{
			Name: controlInterface, Description: controlDescription,
			Methods: map[string]varlink.Method{"Release": c.answer},
		}},
		Admit: func(uid uint32) bool { return uid == 0 || uid == own },
	})
	return c, nil
}

// Close closes and removes the socket. Calls that wait for the loop end without
// its answer, so the loop itself may close. It closes once.
func (c *control) Close() error {
	if err := c.server.Close(); err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	return nil
}

// answer is the method Release.
func (c *control) answer(ctx context.Context, in json.RawMessage) (any, error) {
	var ask struct {
		Slice *string `json:"slice"`
	}
	if err := varlink.Decode(in, &ask); err != nil {
		return nil, err
	}
	slice := ""
	if ask.Slice != nil {
		if slice = *ask.Slice; slice == "" {
			return nil, varlink.ParameterError("slice")
		}
	}
	type answer struct {
		Released int      `json:"released"`
		Slices   []string `json:"slices"`
		err      error
	}
	answers := make(chan answer, 1)
	// To post waits for a loop that hangs, beyond the bound below; such a loop's watchdog ends the process.
	go c.release(slice, func(released int, slices []string, err error) {
		select {
		case answers <- answer{released, append([]string{}, slices...), err}:
		default: // It was called twice.
		}
	})
	ctx, cancel := context.WithTimeout(ctx, controlWait)
	defer cancel()
	select {
	case <-ctx.Done():
		return nil, &varlink.Error{Name: controlInterface + ".NoAnswer"}
	case a := <-answers:
		if errors.Is(a.err, errNoSuchSlice) {
			return nil, &varlink.Error{Name: controlInterface + ".NoSuchSlice", Parameters: map[string]any{"slice": slice}}
		}
		return a, a.err
	}
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
