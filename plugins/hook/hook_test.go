package hook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"reprieve/internal/varlink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of the tests; none is expected to come near it.
const patience = 10 * time.Second

// listen stands in for a hook: what do does with its one connection, until the test ends.
func listen(t *testing.T, path string, do func(net.Conn)) {
	t.Helper()
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
			do(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
}

// answers reads a call and answers it with text.
func answers(text string) func(net.Conn) {
	return func(conn net.Conn) {
		receive(conn)
		_, _ = io.WriteString(conn, text)
	}
}

// receive reads up to the end of a message.
func receive(conn net.Conn) string {
	var message []byte
	for one := make([]byte, 1); ; message = append(message, one[0]) {
		if _, err := conn.Read(one); err != nil || one[0] == 0 {
			return string(message)
		}
	}
}

// abandon leaves a socket without a listener.
func abandon(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
}

// outcome names what an answer's error is.
func outcome(err error) string {
	var reply *varlink.Error
	var refused *RefusedError
	switch {
	case err == nil:
		return "answered"
	case errors.As(err, &reply):
		return reply.Name
	case errors.As(err, &refused):
		return "refused"
	}
	for _, e := range []error{context.DeadlineExceeded, io.EOF, varlink.ErrMalformed, varlink.ErrTooLong, ErrTooMany} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	return err.Error()
}

func outcomes(dir string, all []Answer) []string {
	var got []string
	for _, a := range all {
		name, err := filepath.Rel(dir, a.Name)
		if err != nil {
			name = a.Name
		}
		got = append(got, name+": "+outcome(a.Err))
	}
	return got
}

// Ensure every kind of hook has its outcome, in one call, and none delays it beyond the deadline.
func TestCaller_Notify(t *testing.T) {
	root := t.TempDir()
	ours, theirs := filepath.Join(root, "a"), filepath.Join(root, "b")
	for _, dir := range []string{ours, theirs, filepath.Join(ours, "directory")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	gone := make(chan struct{})
	defer close(gone) // Before the listeners end, which wait for it.
	for name, do := range map[string]func(net.Conn){
		"answers":  answers("{}\x00"),
		"errs":     answers(`{"error":"io.a.Busy"}` + "\x00"),
		"closes":   answers(""),
		"garbage":  answers("HTTP/1.1 200 OK\x00"),
		"mebibyte": answers(strings.Repeat("x", 1<<20)),
		"hangs":    func(net.Conn) { <-gone },
		"trickles": func(conn net.Conn) {
			for i := 0; i < 1000; i++ {
				if _, err := io.WriteString(conn, " "); err != nil {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		},
		".hidden": func(net.Conn) { t.Error("a hidden socket is asked") },
	} {
		listen(t, filepath.Join(ours, name), do)
	}
	asked := make(chan string, 2)
	listen(t, filepath.Join(theirs, "answers"), func(conn net.Conn) {
		asked <- receive(conn)
		_, _ = io.WriteString(conn, `{"parameters":{}}`+"\x00")
	})
	abandon(t, filepath.Join(ours, "stale"))
	for link, to := range map[string]string{"link": filepath.Join(theirs, "answers"), "loop": "loop", "nowhere": "missing", "file-link": "file"} {
		if err := os.Symlink(to, filepath.Join(ours, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(ours, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	caller := Caller{Dirs: []string{ours, theirs, filepath.Join(root, "missing")}}
	got := caller.Notify(ctx, "/batch.slice/batch-1.slice")
	want := []string{
		"a/answers: answered", "a/closes: EOF", "a/errs: io.a.Busy", "a/garbage: " + varlink.ErrMalformed.Error(),
		"a/hangs: " + context.DeadlineExceeded.Error(), "a/link: answered", "a/mebibyte: " + varlink.ErrTooLong.Error(),
		"a/trickles: " + context.DeadlineExceeded.Error(), "b/answers: answered",
	}
	if diff := cmp.Diff(want, outcomes(root, got)); diff != "" {
		t.Errorf("outcomes: -want +got\n%s", diff)
	}
	for range 2 {
		const want = `{"method":"io.systemd.oom.Prekill.Notify","parameters":{"cgroup":"/batch.slice/batch-1.slice"}}`
		if got := <-asked; got != want {
			t.Errorf("a hook is asked %s, want %s", got, want)
		}
	}
	for _, a := range got {
		if a.Took <= 0 {
			t.Errorf("%s took %v, want some time", a.Name, a.Took)
		}
	}
}

// Ensure hooks are asked at the same time: each answers only when all have been asked.
func TestCaller_InParallel(t *testing.T) {
	dir := t.TempDir()
	const n = MaxHooks
	called, all := make(chan struct{}, n), make(chan struct{})
	go func() {
		for range n {
			<-called
		}
		close(all)
	}()
	for i := range n + 2 {
		listen(t, filepath.Join(dir, fmt.Sprintf("%02d", i)), func(conn net.Conn) {
			receive(conn)
			called <- struct{}{}
			<-all
			_, _ = io.WriteString(conn, "{}\x00")
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got := (&Caller{Dirs: []string{dir}}).Notify(ctx, "/a.slice")
	if len(got) != n+2 {
		t.Fatalf("%d answers, want %d: %v", len(got), n+2, got)
	}
	for i, a := range got {
		if want := i >= n; errors.Is(a.Err, ErrTooMany) != want || !want && a.Err != nil {
			t.Errorf("%s: %v, want it to be one too many: %v", a.Name, a.Err, want)
		}
	}
}

// Ensure a caller without hooks is done at once, and that a context that is over asks nobody for long.
func TestCaller_Nobody(t *testing.T) {
	for _, c := range []Caller{{}, {Dirs: []string{t.TempDir(), "/nonexistent"}}} {
		if got := c.Notify(t.Context(), "/a.slice"); len(got) != 0 {
			t.Errorf("%v: %v, want no answer", c.Dirs, got)
		}
	}
	dir := t.TempDir()
	listen(t, filepath.Join(dir, "h"), answers("{}\x00"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := (&Caller{Dirs: []string{dir}}).Notify(ctx, "/a.slice")
	if len(got) != 1 || !errors.Is(got[0].Err, context.Canceled) {
		t.Errorf("a cancelled call has %v, want it to say so", got)
	}
}

// ownedBy is what the file system says of somebody's file.
type ownedBy struct {
	fs.FileInfo
	uid uint32
}

func (o ownedBy) Sys() any { return &syscall.Stat_t{Uid: o.uid} }

// Ensure only root and our own user are trusted.
func TestOwned(t *testing.T) {
	own := uint32(os.Geteuid())
	for uid, want := range map[uint32]bool{0: true, own: true, own + 1: false, 65534: own == 65534} {
		if err := owned("/a", ownedBy{uid: uid}); (err == nil) != want {
			t.Errorf("owned by uid %d: %v, want it trusted: %v", uid, err, want)
		}
	}
}

// Ensure what others could have put there is not asked, and that the answer says why. Files of another user take root to
// make; the judgment itself is TestOwned's.
func TestCaller_Refuses(t *testing.T) {
	const other = 65534
	chown := func(path string) error { return os.Lchown(path, other, other) }
	type row struct {
		name string
		do   func(dir, socket string) error
		want []string
	}
	rows := []row{
		{"all well", func(string, string) error { return nil }, []string{"hooks/s: answered"}},
		{"of a group", func(dir, _ string) error { return os.Chmod(dir, 0o775) }, []string{"hooks: refused"}},
		{"of all", func(dir, _ string) error { return os.Chmod(dir, 0o777|os.ModeSticky) }, []string{"hooks: refused"}},
		{"a link to it", func(dir, _ string) error {
			return errors.Join(os.Rename(dir, dir+".real"), os.Symlink(dir+".real", dir))
		}, []string{"hooks: refused"}},
		{"a file in its place", func(dir, _ string) error {
			return errors.Join(os.Rename(dir, dir+".real"), os.WriteFile(dir, nil, 0o644))
		}, []string{"hooks: refused"}},
	}
	if os.Geteuid() == 0 {
		rows = append(rows, []row{
			{"of a user", func(dir, _ string) error { return chown(dir) }, []string{"hooks: refused"}},
			{"a user's socket", func(_, socket string) error { return chown(socket) }, []string{"hooks/s: refused"}},
			{"a user's link", func(dir, _ string) error {
				return errors.Join(os.Symlink("s", dir+"/link"), chown(dir+"/link"))
			}, []string{"hooks/link: refused", "hooks/s: answered"}},
			{"a link to a user's", func(dir, socket string) error {
				return errors.Join(os.Rename(socket, dir+"/../s"), os.Symlink("../s", socket), chown(dir+"/../s"))
			}, []string{"hooks/s: refused"}},
		}...)
	}
	for _, tt := range rows {
		root := t.TempDir()
		dir := filepath.Join(root, "hooks")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		listen(t, filepath.Join(dir, "s"), answers("{}\x00"))
		if err := tt.do(dir, filepath.Join(dir, "s")); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		answers := (&Caller{Dirs: []string{dir}}).Notify(ctx, "/a.slice")
		cancel()
		if diff := cmp.Diff(tt.want, outcomes(root, answers)); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
		for _, a := range answers {
			if refused := (*RefusedError)(nil); errors.As(a.Err, &refused) && (refused.Why == "" || refused.Path != a.Name || a.Took != 0) {
				t.Errorf("%s: %+v says not why, or of another", tt.name, a)
			}
		}
	}
}
