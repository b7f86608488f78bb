package units_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprieve/units"
	"reprieve/units/unitstest"
)

// ownUID is whom the kernel takes the peers of these tests for.
func ownUID() uint32 { return uint32(os.Geteuid()) }

// userManager is a manager that finds every user's socket at path. It does not
// run: a user manager must be within reach while PID 1 is not.
func userManager(path string) *units.Manager {
	return units.New(units.Options{CallTimeout: patience, UserSocket: func(uint32) string { return path }})
}

// Ensure StopUserUnit can queue a job, over a connection that it closes.
func TestManager_StopUserUnit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "private")
	s := &script{reply: func(_ int, unit string) error {
		if unit == "gone.scope" {
			return unitstest.Error{Name: "org.freedesktop.systemd1.NoSuchUnit", Message: "Unit gone.scope not loaded."}
		}
		return nil
	}}
	peer := unitstest.Serve(t, path, s.handle)
	m := userManager(path)
	if err := m.StopUserUnit(t.Context(), ownUID(), "app-x.scope"); err != nil {
		t.Errorf("StopUserUnit(app-x.scope) = %v, want nil", err)
	}
	err := m.StopUserUnit(t.Context(), ownUID(), "gone.scope")
	var job *units.JobError
	if !errors.Is(err, units.ErrNoSuchUnit) || !errors.As(err, &job) || job.Unit != "gone.scope" {
		t.Errorf("StopUserUnit(gone.scope) = %v, want a JobError around ErrNoSuchUnit", err)
	}
	if err := m.StopUserUnit(t.Context(), ownUID(), ""); !errors.Is(err, units.ErrBadName) {
		t.Errorf("StopUserUnit(\"\") = %v, want ErrBadName", err)
	}
	want := [][]any{{"StopUnit", "app-x.scope", "replace"}, {"StopUnit", "gone.scope", "replace"}}
	if diff := cmp.Diff(want, s.seen()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if got := peer.Logins(); got != 2 {
		t.Errorf("Logins() = %d, want 2", got)
	}
}

// Ensure StopUserUnit can find no socket, or nobody behind it.
func TestManager_StopUserUnit_Nobody(t *testing.T) {
	for what, spoil := range map[string]func(t *testing.T, path string){
		"no such file": func(*testing.T, string) {}, "connection refused": abandon,
	} {
		path := filepath.Join(t.TempDir(), "private")
		spoil(t, path)
		err := userManager(path).StopUserUnit(t.Context(), ownUID(), "a.scope")
		if !errors.Is(err, units.ErrDisconnected) || !strings.Contains(err.Error(), what) {
			t.Errorf("StopUserUnit = %v, want ErrDisconnected with %q", err, what)
		}
	}
}

// Ensure StopUserUnit can tell that the socket, or a link in its place, leads to
// somebody else, who then reads not a byte.
func TestManager_StopUserUnit_WrongPeer(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "private")
	l, err := net.Listen("unix", real)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	m := userManager(link)
	err = m.StopUserUnit(t.Context(), ownUID()+1, "a.scope")
	if !errors.Is(err, units.ErrWrongPeer) {
		t.Errorf("StopUserUnit = %v, want ErrWrongPeer", err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); len(got) != 0 || err != nil {
		t.Errorf("the peer read %q, %v, want nothing", got, err)
	}
}

// Ensure StopUserUnit can end with its context, whatever the peer does not do.
func TestManager_StopUserUnit_Hangs(t *testing.T) {
	stuck := &script{reply: func(int, string) error { return unitstest.ErrNoReply }}
	for name, handle := range map[string]unitstest.Handler{"no login": nil, "no answer": stuck.handle} {
		path := filepath.Join(t.TempDir(), "private")
		peer := unitstest.Serve(t, path, handle)
		err := userManager(path).StopUserUnit(within(t, 50*time.Millisecond), ownUID(), "a.scope")
		if !errors.Is(err, units.ErrNoAnswer) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("StopUserUnit with %s = %v, want ErrNoAnswer and DeadlineExceeded", name, err)
		}
		peer.Close() // Which waits until our end is closed.
	}
}

// Ensure StopUserUnit can get away from a peer that lies.
func TestManager_StopUserUnit_Lies(t *testing.T) {
	for name, handle := range map[string]unitstest.Handler{
		"hang up":  func(string, []any) ([]any, error) { return nil, unitstest.ErrHangup },
		"nonsense": func(string, []any) ([]any, error) { return []any{uint32(1), "no object path"}, nil },
		"too long": func(string, []any) ([]any, error) { return []any{strings.Repeat("x", 1<<20)}, nil },
	} {
		path := filepath.Join(t.TempDir(), "private")
		peer := unitstest.Serve(t, path, handle)
		err := userManager(path).StopUserUnit(t.Context(), ownUID(), "a.scope")
		if !errors.Is(err, units.ErrDisconnected) {
			t.Errorf("StopUserUnit with %s = %v, want ErrDisconnected", name, err)
		}
		if got := peer.Logins(); got != 1 {
			t.Errorf("Logins() with %s = %d, want 1", name, got)
		}
	}
}

// Ensure StopUserUnit can refuse to keep a login line without end in memory.
func TestManager_StopUserUnit_EndlessLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "private")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for err == nil {
			_, err = c.Write(make([]byte, 4096))
		}
	})
	err = userManager(path).StopUserUnit(t.Context(), ownUID(), "a.scope")
	if !errors.Is(err, units.ErrDisconnected) || !strings.Contains(err.Error(), "at most 65536") {
		t.Errorf("StopUserUnit = %v, want ErrDisconnected for the quota", err)
	}
	l.Close()
	wg.Wait()
}

// Ensure user managers that hang can take no place from PID 1, and that the end
// of Run ends their calls.
func TestManager_StopUserUnit_Places(t *testing.T) {
	private, bus := paths(t)
	unitstest.Serve(t, private, new(script).handle)
	asked := make(chan struct{})
	user := filepath.Join(filepath.Dir(private), "user")
	stuck := &script{reply: func(int, string) error { close(asked); return unitstest.ErrNoReply }}
	unitstest.Serve(t, user, stuck.handle)
	h := run(t, private, bus, units.Options{MaxCalls: 1, UserSocket: func(uint32) string { return user }})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := h.StopUserUnit(context.Background(), ownUID(), "a.scope")
		if !errors.Is(err, units.ErrDisconnected) {
			t.Errorf("StopUserUnit at the end of Run = %v, want ErrDisconnected", err)
		}
	})
	receive(t, asked)
	if err := h.StopUnit(t.Context(), "a.slice"); err != nil {
		t.Errorf("StopUnit = %v, want nil", err)
	}
	h.stop()
	wg.Wait()
}
