package varlink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const description = "interface io.a\n"

// serve runs a service on a new socket until the test ends.
func serve(t *testing.T, methods map[string]Method, admit func(uint32) bool) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	v := Serve(l, Service{
		Vendor: "v", Product: "p", Version: "1", URL: "u", Admit: admit,
		Interfaces: []Interface{{Name: "io.a", Description: description, Methods: methods}},
	})
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return path
}

// dial connects and returns how to send a text and read one message.
func dial(t *testing.T, path string) (net.Conn, func(send string) (string, error)) {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	messages := newMessageReader(conn)
	return conn, func(send string) (string, error) {
		if _, err := io.WriteString(conn, send); err != nil {
			return "", err
		}
		text, err := messages.next()
		return string(text), err
	}
}

// Ensure a service answers for itself, as tools for any varlink service ask, and each method its calls, on one
// connection.
func TestServer(t *testing.T) {
	path := serve(t, map[string]Method{
		"Double": func(_ context.Context, in json.RawMessage) (any, error) {
			var ask struct {
				N int `json:"n"`
			}
			if err := Decode(in, &ask); err != nil {
				return nil, err
			}
			return map[string]int{"n": 2 * ask.N}, nil
		},
		"Nothing": func(context.Context, json.RawMessage) (any, error) { return nil, nil },
		"Break":   func(context.Context, json.RawMessage) (any, error) { return nil, errors.New("broken") },
		"Refuse": func(context.Context, json.RawMessage) (any, error) {
			return nil, fmt.Errorf("a: %w", &Error{Name: "io.a.No"})
		},
	}, nil)
	_, ask := dial(t, path)
	for _, tt := range []struct{ method, parameters, want string }{
		{"org.varlink.service.GetInfo", `{}`, `{"parameters":{"vendor":"v","product":"p","version":"1","url":"u","interfaces":["org.varlink.service","io.a"]}}`},
		{"org.varlink.service.GetInterfaceDescription", `{"interface":"io.a"}`, `{"parameters":{"description":"interface io.a\n"}}`},
		{"org.varlink.service.GetInterfaceDescription", `{"interface":"io.b"}`, `{"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":"io.b"}}`},
		{"org.varlink.service.GetInterfaceDescription", `{}`, `{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"interface"}}`},
		{"org.varlink.service.Reboot", `{}`, `{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"org.varlink.service.Reboot"}}`},
		{"io.a.Treble", `{}`, `{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"io.a.Treble"}}`},
		{"io.b.Double", `{}`, `{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"io.b.Double"}}`},
		{"io.a.Double", `{"n":21}`, `{"parameters":{"n":42}}`},
		{"io.a.Double", `{"n":"21"}`, `{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"n"}}`},
		{"io.a.Nothing", `null`, `{"parameters":{}}`},
		{"io.a.Break", `{}`, `{"error":"io.a.Failed","parameters":{"message":"broken"}}`},
		{"io.a.Refuse", `{}`, `{"error":"io.a.No","parameters":{}}`},
	} {
		got, err := ask(fmt.Sprintf("{\"method\":%q,\"parameters\":%s}\x00", tt.method, tt.parameters))
		if err != nil || got != tt.want {
			t.Errorf("%s(%s) = %s, %v, want %s", tt.method, tt.parameters, got, err, tt.want)
		}
	}
	// A call that wants no reply has none: the next is that of the next call.
	got, err := ask("{\"method\":\"io.a.Break\",\"oneway\":true}\x00{\"method\":\"io.a.Nothing\"}\x00")
	if want := `{"parameters":{}}`; err != nil || got != want {
		t.Errorf("after a oneway call: %s, %v, want %s", got, err, want)
	}
}

// Ensure the interface that every service has is described.
func TestServer_DescribesItself(t *testing.T) {
	var out struct{ Description string }
	err := Call(t.Context(), serve(t, nil, nil), "org.varlink.service.GetInterfaceDescription",
		map[string]string{"interface": serviceName}, &out)
	if err != nil || !strings.Contains(out.Description, "\ninterface org.varlink.service\n") {
		t.Errorf("the description is %q, %v", out.Description, err)
	}
}

// Ensure what is no call ends the connection, and the server goes on.
func TestServer_Malformed(t *testing.T) {
	path := serve(t, map[string]Method{"B": func(context.Context, json.RawMessage) (any, error) { return nil, nil }}, nil)
	for _, text := range []string{"\x00", "null\x00", "{\"method\":\"B\"}\x00", "GET / HTTP/1.1\r\n\r\n\x00", strings.Repeat("x", 2*MaxMessageBytes)} {
		_, ask := dial(t, path)
		if got, err := ask(text); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q is answered with %q, %v, want the end", cut(text), got, err)
		}
	}
	if err := Call(t.Context(), path, "io.a.B", nil, nil); err != nil {
		t.Errorf("Call() = %v afterwards", err)
	}
}

// Ensure who is not admitted has no method run for it, and learns nothing.
func TestServer_Admit(t *testing.T) {
	for _, tt := range []struct {
		admit bool
		want  string
	}{{true, "{\"parameters\":{}}"}, {false, `{"error":"org.varlink.service.PermissionDenied","parameters":{}}`}} {
		ran := false
		uids := make(chan uint32, 1)
		path := serve(t, map[string]Method{"B": func(context.Context, json.RawMessage) (any, error) { ran = true; return nil, nil }},
			func(uid uint32) bool { uids <- uid; return tt.admit })
		_, ask := dial(t, path)
		if got, err := ask("{\"method\":\"io.a.B\"}\x00"); err != nil || got != tt.want {
			t.Errorf("admit %v: %s, %v, want %s", tt.admit, got, err, tt.want)
		}
		if got, want := <-uids, uint32(os.Geteuid()); got != want {
			t.Errorf("asked about uid %d, want %d", got, want)
		}
		if ran != tt.admit {
			t.Errorf("admit %v: the method ran: %v", tt.admit, ran)
		}
	}
}

// Ensure no more connections are served than the bound, that the next gets its turn when one ends, and that Close ends
// those that are left, and the methods that run.
func TestServer_Bounds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	began, ended := make(chan struct{}, 100), make(chan error, 100)
	v := Serve(l, Service{Interfaces: []Interface{{Name: "io.a", Methods: map[string]Method{
		"Wait": func(ctx context.Context, _ json.RawMessage) (any, error) {
			began <- struct{}{}
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, ctx.Err()
		},
		"Now": func(context.Context, json.RawMessage) (any, error) { return nil, nil },
	}}}})
	idle, _ := dial(t, path)
	time.Sleep(20 * time.Millisecond) // It is the first.
	var running sync.WaitGroup
	for range MaxConnections - 1 {
		conn, _ := dial(t, path)
		if _, err := io.WriteString(conn, "{\"method\":\"io.a.Wait\"}\x00"); err != nil {
			t.Fatal(err)
		}
		<-began
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	if err := Call(ctx, path, "io.a.Now", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one more than %d: Call() = %v, want %v", MaxConnections, err, context.DeadlineExceeded)
	}
	cancel()
	running.Go(func() { time.Sleep(20 * time.Millisecond); idle.Close() })
	if err := Call(t.Context(), path, "io.a.Now", nil, nil); err != nil {
		t.Errorf("when there is room: Call() = %v", err)
	}
	running.Wait()
	if err := v.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	for range MaxConnections - 1 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("a method ended with %v, want %v", err, context.Canceled)
		}
	}
	if _, err := net.Dial("unix", path); err == nil {
		t.Error("the socket is there after Close")
	}
}

// Ensure a caller that says nothing, or takes no reply, is let go.
func TestServer_Idle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	v := Serve(l, Service{Idle: 50 * time.Millisecond})
	defer v.Close()
	conn, _ := dial(t, path)
	if n, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("silent: Read() = %d, %v, want the end", n, err)
	}
	conn, _ = dial(t, path)
	for err = nil; err == nil; { // Until both sides' buffers are full, and beyond.
		_, err = io.WriteString(conn, "{\"method\":\"org.varlink.service.GetInfo\"}\x00")
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("takes no reply: still connected after %v", patience)
	}
}
