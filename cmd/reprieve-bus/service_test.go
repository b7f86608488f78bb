package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"go.uber.org/goleak"

	"reprieve/internal/bustest"
	"reprieve/internal/control"
	"reprieve/internal/reprieve1"
	"reprieve/internal/varlink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of the tests; none is expected to come near it.
const patience = 20 * time.Second

// fakeDaemon answers at a control socket with fixed values.
type fakeDaemon struct {
	path   string
	status control.Status
	events chan control.Event
	server *varlink.Server

	mu    sync.Mutex
	asked []string
}

func newDaemon(t *testing.T) *fakeDaemon {
	d := &fakeDaemon{path: filepath.Join(t.TempDir(), "control"), events: make(chan control.Event)}
	d.start(t)
	t.Cleanup(d.stop)
	return d
}

func (d *fakeDaemon) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, fmt.Sprintf(format, args...))
}

// done returns what was asked since the last time, but for status.
func (d *fakeDaemon) done() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := strings.Join(d.asked, ", ")
	d.asked = nil
	return all
}

func (d *fakeDaemon) start(t *testing.T) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: d.path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	d.server = varlink.Serve(l, varlink.Service{Interfaces: []varlink.Interface{{
		Name: control.Interface,
		Methods: map[string]varlink.Method{
			"Status": func(context.Context, json.RawMessage) (any, error) { d.note("status"); return d.status, nil },
			"Pause": func(_ context.Context, in json.RawMessage) (any, error) {
				d.note("pause %s", in)
				return map[string]int{"released": 2}, nil
			},
			"Release": func(_ context.Context, in json.RawMessage) (any, error) {
				d.note("release %s", in)
				if strings.Contains(string(in), "none.slice") {
					return nil, &varlink.Error{Name: control.ErrorNoSuchSlice, Parameters: map[string]any{"slice": "none.slice"}}
				}
				return map[string]any{"released": 1, "slices": []string{"a.slice"}}, nil
			},
		},
		Streams: map[string]varlink.Stream{"Monitor": func(ctx context.Context, _ json.RawMessage, send func(any) error) error {
			if err := send(control.Event{Kind: control.Listening}); err != nil {
				return err
			}
			for {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case e := <-d.events:
					if err := send(e); err != nil {
						return err
					}
				}
			}
		}},
	}}})
}

func (d *fakeDaemon) stop() { _ = d.server.Close() }

// host is a bus with the shipped policy, on which the user of the test is what root is on a host.
type host struct {
	address string
	daemon  *fakeDaemon
	end     context.CancelFunc
	ended   chan error
}

// shippedPolicy is the shipped one for a bus on which another user is root.
func shippedPolicy(t *testing.T, user string) string {
	t.Helper()
	text, err := os.ReadFile("../../configs/dbus/org.reprieve1.conf")
	if err != nil {
		t.Fatal(err)
	}
	_, text2, _ := strings.Cut(string(text), "<busconfig>")
	policy, _, _ := strings.Cut(text2, "</busconfig>")
	if !strings.Contains(policy, `user="root"`) {
		t.Fatalf("the shipped policy has nothing for root:\n%s", text)
	}
	return strings.ReplaceAll(policy, `user="root"`, `user="`+user+`"`)
}

// newHost runs the service on a bus; trusted is the user who needs no polkit.
func newHost(t *testing.T, trusted uint32) *host {
	t.Helper()
	polkit := `<policy context="default"><allow own="org.freedesktop.PolicyKit1"/><allow send_destination="org.freedesktop.PolicyKit1"/></policy>`
	h := &host{address: bustest.Start(t, bustest.Closed+shippedPolicy(t, fmt.Sprint(os.Geteuid()))+polkit), daemon: newDaemon(t), ended: make(chan error, 1)}
	ctx, end := context.WithCancel(context.Background())
	h.end = end
	conn, err := dbus.Connect(h.address, dbus.WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		h.ended <- newService(ctx, conn, control.Client{Socket: h.daemon.path}, trusted, testWriter{t}).serve()
	}()
	t.Cleanup(func() {
		end()
		if err := within(t, "the service's end", h.ended); err != nil {
			t.Errorf("serve() = %v at its end", err)
		}
	})
	client := bustest.Dial(t, h.address)
	for !owned(t, client) || !follows(t, client) {
		time.Sleep(time.Millisecond)
	}
	h.daemon.done()
	return h
}

func owned(t *testing.T, conn *dbus.Conn) (is bool) {
	t.Helper()
	if err := conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, reprieve1.Name).Store(&is); err != nil {
		t.Fatal(err)
	}
	return is
}

// follows reports whether the daemon's events come.
func follows(t *testing.T, conn *dbus.Conn) bool {
	t.Helper()
	v, err := manager(conn).GetProperty(reprieve1.Interface + "." + reprieve1.Connected)
	if err != nil {
		t.Fatal(err)
	}
	return v.Value() == true
}

// testWriter has what the service says in the test's log.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(text []byte) (int, error) {
	w.t.Logf("reprieve-bus: %s", text)
	return len(text), nil
}

func within[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("%s: nothing after %v", what, patience)
		panic("not reached")
	}
}

// manager is the object as somebody on the bus sees it.
func manager(conn *dbus.Conn) dbus.BusObject { return conn.Object(reprieve1.Name, reprieve1.Path) }

// trustedUser and anotherUser say whom the service takes for root: who runs the test, or somebody else.
func trustedUser() uint32 { return uint32(os.Geteuid()) }
func anotherUser() uint32 { return uint32(os.Geteuid()) + 1 }
