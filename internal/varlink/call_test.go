package varlink

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of the tests; none is expected to come near it.
const patience = 10 * time.Second

// peer listens on a new socket, and serves each connection by serve until the test ends.
func peer(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return path
}

// answers reads one call and writes a text.
func answers(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := newMessageReader(conn).next(); err == nil {
			_, _ = io.WriteString(conn, text)
		}
	}
}

// Ensure a call brings the reply, the error reply, or says what is wrong with what came instead.
func TestCall(t *testing.T) {
	type out struct {
		N int `json:"n"`
	}
	for _, tt := range []struct {
		name  string
		serve func(net.Conn)
		want  out
		op    string // Of the SocketError.
		err   error
	}{
		{"a reply", answers(`{"parameters":{"n":3,"more":1}}` + "\x00"), out{3}, "", nil},
		{"one without parameters", answers("{}\x00"), out{}, "", nil},
		{"more after it", answers("{}\x00garbage"), out{}, "", nil},
		{"no object", answers("[]\x00"), out{}, "decode the reply to io.a.B", ErrMalformed},
		{"garbage", answers("\xff{]\x00"), out{}, "decode the reply to io.a.B", ErrMalformed},
		{"the wrong type", answers(`{"parameters":{"n":"3"}}` + "\x00"), out{}, "decode the reply to io.a.B", ErrMalformed},
		{"no end", answers("{}"), out{}, "receive the reply to io.a.B", io.ErrUnexpectedEOF},
		{"nothing", answers(""), out{}, "receive the reply to io.a.B", io.EOF},
		{"a mebibyte", answers(strings.Repeat("x", 1<<20)), out{}, "receive the reply to io.a.B", ErrTooLong},
	} {
		var got out
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		err := Call(ctx, peer(t, tt.serve), "io.a.B", nil, &got)
		cancel()
		if tt.err == nil && err != nil || !errors.Is(err, tt.err) {
			t.Errorf("%s: Call() = %v, want %v", tt.name, err, tt.err)
		}
		if at := (*SocketError)(nil); tt.err != nil && (!errors.As(err, &at) || at.Op != tt.op) {
			t.Errorf("%s: Call() = %#v, want a SocketError of %q", tt.name, err, tt.op)
		}
		if tt.err == nil && got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// Ensure an error reply keeps its name and parameters.
func TestCall_ErrorReply(t *testing.T) {
	path := peer(t, answers(`{"error":"io.a.NoSuch","parameters":{"slice":"x.slice"}}`+"\x00"))
	err := Call(t.Context(), path, "io.a.B", map[string]string{"slice": "x.slice"}, nil)
	var got *Error
	if !errors.As(err, &got) {
		t.Fatalf("Call() = %v, want an Error", err)
	}
	if diff := cmp.Diff(&Error{Name: "io.a.NoSuch", Parameters: map[string]any{"slice": "x.slice"}}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if want := `io.a.NoSuch {"slice":"x.slice"}`; err.Error() != want {
		t.Errorf("Error() = %q, want %q", err, want)
	}
}

// Ensure a call has the call's text on the wire.
func TestCall_Sends(t *testing.T) {
	sent := make(chan string, 1)
	path := peer(t, func(conn net.Conn) {
		text, _ := newMessageReader(conn).next()
		sent <- string(text)
		_, _ = io.WriteString(conn, "{}\x00")
	})
	if err := Call(t.Context(), path, "io.a.B", map[string]string{"cgroup": "/a.slice"}, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := <-sent, `{"method":"io.a.B","parameters":{"cgroup":"/a.slice"}}`; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

// Ensure a call to a peer that hangs ends with its context, by deadline and by cancellation, also where the peer's
// backlog is full.
func TestCall_Hangs(t *testing.T) {
	gone := make(chan struct{})
	hangs := peer(t, func(net.Conn) { <-gone })
	defer close(gone)
	full := filepath.Join(t.TempDir(), "full")
	fillBacklog(t, full)
	for name, path := range map[string]string{"no answer": hangs, "no accept": full} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := Call(ctx, path, "io.a.B", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: Call() = %v, want %v", name, err, context.DeadlineExceeded)
		}
		cancel()
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		if err := Call(ctx, path, "io.a.B", nil, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled: Call() = %v, want %v", name, err, context.Canceled)
		}
	}
}

// fillBacklog listens on path, accepts nobody, and connects until there is no more room.
func fillBacklog(t *testing.T, path string) {
	t.Helper()
	open := func() int {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		return fd
	}
	l := open()
	if err := errors.Join(unix.Bind(l, &unix.SockaddrUnix{Name: path}), unix.Listen(l, 1)); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := unix.Connect(open(), &unix.SockaddrUnix{Name: path}); errors.Is(err, unix.EAGAIN) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the backlog takes everybody")
}

// Ensure who is not there can be told from who is and does not listen.
func TestCall_Nobody(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale")
	l, err := net.Listen("unix", stale)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	for path, want := range map[string]error{filepath.Join(dir, "missing"): unix.ENOENT, stale: unix.ECONNREFUSED} {
		err := Call(t.Context(), path, "io.a.B", nil, nil)
		if !errors.Is(err, want) {
			t.Errorf("Call(%q) = %v, want %v", path, err, want)
		}
		if text := path + ": connect: " + want.Error(); err == nil || err.Error() != text {
			t.Errorf("Call(%q) = %q, want %q", path, err, text)
		}
	}
}
