package varlink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// streaming runs a service of streams, and one method Now, on a new socket until the test ends.
func streaming(t *testing.T, idle time.Duration, streams map[string]Stream) (path string, server *Server) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	server = Serve(l, Service{Idle: idle, Interfaces: []Interface{{
		Name: "io.a", Streams: streams,
		Methods: map[string]Method{"Now": func(context.Context, json.RawMessage) (any, error) { return nil, nil }},
	}}})
	t.Cleanup(func() { _ = server.Close() })
	return path, server
}

// count streams the numbers from 1 to n of the call, and ends with err.
func count(err error) Stream {
	return func(_ context.Context, in json.RawMessage, send func(any) error) error {
		var ask struct {
			N int `json:"n"`
		}
		if err := Decode(in, &ask); err != nil {
			return err
		}
		for i := range ask.N {
			if err := send(map[string]int{"i": i + 1}); err != nil {
				return err
			}
		}
		return err
	}
}

// untilOver streams nothing, and tells began and ended when it does.
func untilOver(began chan<- struct{}, ended chan<- error) Stream {
	return func(ctx context.Context, _ json.RawMessage, _ func(any) error) error {
		began <- struct{}{}
		<-ctx.Done()
		ended <- ctx.Err()
		return errors.New("nobody reads this")
	}
}

// within returns what comes from c, or fails the test.
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

// Ensure a stream's replies continue but for the last, on the wire; that a call has to take more than one; and that the
// connection goes on with the next call.
func TestStream(t *testing.T) {
	path, _ := streaming(t, 0, map[string]Stream{"Count": count(nil), "Break": count(errors.New("broken")), "Refuse": count(&Error{Name: "io.a.No"})})
	conn, ask := dial(t, path)
	messages := newMessageReader(conn)
	for _, tt := range []struct {
		call string
		want []string
	}{
		{`{"method":"io.a.Count","parameters":{"n":2},"more":true}`, []string{`{"continues":true,"parameters":{"i":1}}`, `{"continues":true,"parameters":{"i":2}}`, `{"parameters":{}}`}},
		{`{"method":"io.a.Count","parameters":{"n":0},"more":true}`, []string{`{"parameters":{}}`}},
		{`{"method":"io.a.Break","parameters":{"n":1},"more":true}`, []string{`{"continues":true,"parameters":{"i":1}}`, `{"error":"io.a.Failed","parameters":{"message":"broken"}}`}},
		{`{"method":"io.a.Refuse","parameters":{"n":0},"more":true}`, []string{`{"error":"io.a.No","parameters":{}}`}},
		{`{"method":"io.a.Count","parameters":{"n":"2"},"more":true}`, []string{`{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"n"}}`}},
		{`{"method":"io.a.Count","parameters":{"n":2}}`, []string{`{"error":"org.varlink.service.ExpectedMore","parameters":{}}`}},
		{`{"method":"io.a.Now","more":true}`, []string{`{"parameters":{}}`}},
	} {
		if _, err := io.WriteString(conn, tt.call+"\x00"); err != nil {
			t.Fatal(err)
		}
		for i, want := range tt.want {
			if got, err := messages.next(); err != nil || string(got) != want {
				t.Errorf("%s: reply %d is %s, %v, want %s", tt.call, i, got, err, want)
			}
		}
	}
	if got, err := ask("{\"method\":\"io.a.Count\",\"more\":true,\"oneway\":true}\x00{\"method\":\"io.a.Now\"}\x00"); err != nil || got != `{"parameters":{}}` {
		t.Errorf("after a oneway call: %s, %v, want the reply to Now alone", got, err)
	}
}

// Ensure Follow gives all replies in their order, and ends as the stream does, or as who takes them says.
func TestFollow(t *testing.T) {
	enough := errors.New("enough")
	path, _ := streaming(t, 0, map[string]Stream{"Count": count(nil), "Break": count(&Error{Name: "io.a.No"})})
	for _, tt := range []struct {
		method string
		n      int
		most   int // replies that are taken
		want   []string
		err    error
	}{
		{"io.a.Count", 2, 9, []string{`{"i":1}`, `{"i":2}`, `{}`}, nil},
		{"io.a.Count", 1000, 2, []string{`{"i":1}`, `{"i":2}`}, enough},
		{"io.a.Break", 1, 9, []string{`{"i":1}`}, &Error{Name: "io.a.No", Parameters: map[string]any{}}},
		{"io.a.Now", 0, 9, []string{`{}`}, nil},
		{"io.a.None", 0, 9, nil, &Error{Name: "org.varlink.service.MethodNotFound", Parameters: map[string]any{"method": "io.a.None"}}},
	} {
		var got []string
		err := Follow(t.Context(), path, tt.method, map[string]int{"n": tt.n}, func(out json.RawMessage) error {
			if got = append(got, string(out)); len(got) == tt.most {
				return enough
			}
			return nil
		})
		if fmt.Sprint(err) != fmt.Sprint(tt.err) {
			t.Errorf("Follow(%s, %d) = %v, want %v", tt.method, tt.n, err, tt.err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Follow(%s, %d): -want +got\n%s", tt.method, tt.n, diff)
		}
	}
}

// Ensure Follow says what became of a peer that is gone, that speaks something else, or whom the caller leaves.
func TestFollow_Fails(t *testing.T) {
	over, end := context.WithCancel(t.Context())
	for _, tt := range []struct {
		name  string
		path  string
		ctx   context.Context
		op    string
		cause error
	}{
		{"nobody", filepath.Join(t.TempDir(), "none"), t.Context(), "connect", nil},
		{"gone", peer(t, answers("{\"continues\":true}\x00")), t.Context(), "receive a reply to io.a.B", io.EOF},
		{"garbage", peer(t, answers("[]\x00")), t.Context(), "decode a reply to io.a.B", ErrMalformed},
		{"left", peer(t, func(conn net.Conn) { answers("{\"continues\":true}\x00")(conn); <-over.Done() }), over, "receive a reply to io.a.B", context.Canceled},
	} {
		err := Follow(tt.ctx, tt.path, "io.a.B", nil, func(json.RawMessage) error {
			if tt.ctx == over {
				end()
			}
			return nil
		})
		var at *SocketError
		if !errors.As(err, &at) || at.Op != tt.op || tt.cause != nil && !errors.Is(err, tt.cause) {
			t.Errorf("%s: Follow() = %v, want %q with %v", tt.name, err, tt.op, tt.cause)
		}
	}
	end()
}

// Ensure a stream lasts though nobody says anything, well beyond the time that a connection may idle.
func TestStream_OutlastsIdle(t *testing.T) {
	const idle = 20 * time.Millisecond
	path, _ := streaming(t, idle, map[string]Stream{"Slow": func(_ context.Context, _ json.RawMessage, send func(any) error) error {
		for range 3 {
			time.Sleep(3 * idle)
			if err := send(nil); err != nil {
				return err
			}
		}
		return nil
	}})
	n := 0
	if err := Follow(t.Context(), path, "io.a.Slow", nil, func(json.RawMessage) error { n++; return nil }); err != nil || n != 4 {
		t.Errorf("Follow() = %v after %d replies, want 4", err, n)
	}
}

// Ensure a stream's context ends at once when its caller goes, says something, or the server closes.
func TestStream_Ends(t *testing.T) {
	for name, leave := range map[string]func(net.Conn, *Server){
		"gone":   func(c net.Conn, _ *Server) { c.Close() },
		"talks":  func(c net.Conn, _ *Server) { _, _ = io.WriteString(c, "{\"method\":\"io.a.Now\"}\x00") },
		"closed": func(_ net.Conn, v *Server) { _ = v.Close() },
	} {
		began, ended := make(chan struct{}, 1), make(chan error, 1)
		path, server := streaming(t, 0, map[string]Stream{"Wait": untilOver(began, ended)})
		conn, _ := dial(t, path)
		if _, err := io.WriteString(conn, "{\"method\":\"io.a.Wait\",\"more\":true}\x00"); err != nil {
			t.Fatal(err)
		}
		within(t, name+": begin", began)
		leave(conn, server)
		if err := within(t, name+": end", ended); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: the context says %v, want %v", name, err, context.Canceled)
		}
		if text, err := newMessageReader(conn).next(); err == nil {
			t.Errorf("%s: the stream ends with the reply %s, want none", name, text)
		}
	}
}

// Ensure who takes no replies is let go, and send fails for it.
func TestStream_NotRead(t *testing.T) {
	ended := make(chan error, 1)
	path, _ := streaming(t, 50*time.Millisecond, map[string]Stream{"Flood": func(_ context.Context, _ json.RawMessage, send func(any) error) error {
		for {
			if err := send(map[string]string{"text": description}); err != nil {
				ended <- err
				return err
			}
		}
	}})
	conn, _ := dial(t, path)
	if _, err := io.WriteString(conn, "{\"method\":\"io.a.Flood\",\"more\":true}\x00"); err != nil {
		t.Fatal(err)
	}
	if err := within(t, "send", ended); err == nil {
		t.Error("send succeeds for ever")
	}
}

// Ensure no more streams are served than the bound, that who asks for one reply gets it then, and that a stream that
// ends makes room.
func TestStream_Bound(t *testing.T) {
	began, ended := make(chan struct{}, MaxStreams), make(chan error, MaxStreams+1)
	path, _ := streaming(t, 0, map[string]Stream{"Wait": untilOver(began, ended)})
	var first net.Conn
	for range MaxStreams {
		conn, _ := dial(t, path)
		if _, err := io.WriteString(conn, "{\"method\":\"io.a.Wait\",\"more\":true}\x00"); err != nil {
			t.Fatal(err)
		}
		within(t, "begin", began)
		first = conn
	}
	ignore := func(json.RawMessage) error { return nil }
	var refused *Error
	if err := Follow(t.Context(), path, "io.a.Wait", nil, ignore); !errors.As(err, &refused) || refused.Name != "io.a.Failed" {
		t.Errorf("one more than %d: Follow() = %v, want io.a.Failed", MaxStreams, err)
	}
	if err := Call(t.Context(), path, "io.a.Now", nil, nil); err != nil {
		t.Errorf("beside %d streams: Call() = %v", MaxStreams, err)
	}
	first.Close()
	within(t, "end", ended)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for again := make(chan error, 1); ; {
		go func() { again <- Follow(ctx, path, "io.a.Wait", nil, ignore) }()
		select {
		case <-began:
			cancel()
			<-again
			return
		case err := <-again: // The place is free a moment after the stream's end.
			if !errors.As(err, &refused) {
				t.Fatalf("when there is room: Follow() = %v", err)
			}
		}
	}
}
