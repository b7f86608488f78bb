// Package unitstest is a scripted systemd for tests: a D-Bus peer on a unix
// socket with a real login and real marshalling, whose answers are a function
// of the test. It stands in for PID 1's private socket, for a user manager's and
// for a bus daemon with systemd behind it alike.
package unitstest

import (
	"errors"
	"net"
	"slices"
	"sync"
	"testing"

	godbus "github.com/godbus/dbus/v5"
)

// Handler answers a method call with the body of the reply. The calls are those
// of org.freedesktop.systemd1.Manager, named as "StopUnit" or "StartUnit", and
// those of org.freedesktop.DBus.Properties on a unit's object, where the name of
// the unit comes before the arguments sent:
//
//	"StopUnit", "StartUnit": unit, mode; answered by [Job]
//	"KillUnit": unit, whom, signal;      answered by nothing
//	"GetAll": unit, interface;           answered by [Properties]
//	"Get": unit, interface, property;    answered by [Property]
//	"ListUnitsByPatterns": states, names; answered by [Listed]
//	"Subscribe":                         answered by nothing
//
// It runs in the connection's goroutine, in the order of the calls, and may
// block; calls over other connections go on meanwhile. Errors may be an [Error],
// ErrNoReply or ErrHangup; any other becomes org.freedesktop.DBus.Error.Failed.
type Handler func(method string, args []any) ([]any, error)

// Error is a D-Bus error reply.
type Error struct {
	Name    string // As "org.freedesktop.systemd1.NoSuchUnit".
	Message string
}

func (e Error) Error() string { return e.Name + ": " + e.Message }

var (
	// ErrNoReply leaves the call without an answer; the connection lives on.
	ErrNoReply = errors.New("no reply")
	// ErrHangup closes the connection instead of answering.
	ErrHangup = errors.New("hang up")
)

// Job is the reply to a queued job: its object path.
func Job(id string) []any {
	return []any{godbus.ObjectPath("/org/freedesktop/systemd1/job/" + id)}
}

// Properties is the reply to GetAll.
func Properties(all map[string]any) []any {
	variants := make(map[string]godbus.Variant, len(all))
	for name, value := range all {
		variants[name] = godbus.MakeVariant(value)
	}
	return []any{variants}
}

// Property is the reply to Get.
func Property(value any) []any { return []any{godbus.MakeVariant(value)} }

// Server is a peer that listens. Its methods may be called from any goroutine.
type Server struct {
	listener net.Listener
	handle   Handler
	wg       sync.WaitGroup

	mu      sync.Mutex
	peers   []*peer
	accepts int
	logins  int
	closed  bool
}

// Serve listens on path until Close, or until the test ends. A nil handler
// makes a peer that accepts and never says a word.
func Serve(t testing.TB, path string, h Handler) *Server {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	s := &Server{listener: l, handle: h}
	s.wg.Go(s.accept)
	t.Cleanup(s.Close)
	return s
}

// Close stops listening, removes the socket, closes every connection and waits
// for their goroutines. More than once is fine.
func (s *Server) Close() {
	s.Refuse()
	s.Drop()
	s.wg.Wait()
}

// Refuse stops listening and removes the socket; connections live on.
func (s *Server) Refuse() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.listener.Close()
}

// Drop closes every connection and goes on listening.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.peers {
		p.sock.Close()
	}
	s.peers = nil
}

// Accepts is how many connections were made so far.
func (s *Server) Accepts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepts
}

// Logins is how many connections have completed their login so far.
func (s *Server) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

// Signal sends a signal of systemd's manager to every connection that has
// logged in, as PID 1 does on its private socket.
func (s *Server) Signal(t testing.TB, member string, body ...any) {
	t.Helper()
	for _, p := range s.loggedIn() {
		if err := p.send(signal(member, body)); err != nil {
			t.Errorf("send signal %s: %v", member, err)
		}
	}
}

func (s *Server) loggedIn() []*peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := slices.Clone(s.peers)
	return slices.DeleteFunc(in, func(p *peer) bool { return !p.in })
}

func (s *Server) accept() {
	for {
		sock, err := s.listener.Accept()
		if err != nil {
			return
		}
		p := &peer{server: s, sock: sock}
		if !s.add(p) {
			sock.Close()
			return
		}
		s.wg.Go(p.serve)
	}
}

func (s *Server) add(p *peer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.peers = append(s.peers, p)
		s.accepts++
	}
	return !s.closed
}

func (s *Server) loginDone(p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.in = true
	s.logins++
}
