package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/internal/control"
	"reprieve/internal/gauge"
	"reprieve/internal/metrics"
	"reprieve/internal/varlink"
)

// daemon answers Status at a socket. Where hold is not nil it says on asked that it was asked, and waits for hold.
func daemon(t *testing.T, hold <-chan struct{}, asked chan<- struct{}) metrics.Source {
	t.Helper()
	path := filepath.Join(t.TempDir(), "control")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	v := varlink.Serve(l, varlink.Service{Interfaces: []varlink.Interface{{Name: control.Interface, Methods: map[string]varlink.Method{
		"Status": func(ctx context.Context, _ json.RawMessage) (any, error) {
			if hold != nil {
				asked <- struct{}{}
				<-hold
			}
			return control.Status{Version: "v1", Bus: "connected"}, nil
		},
	}}}})
	t.Cleanup(func() { v.Close() })
	return metrics.Source{Client: control.Client{Socket: path}, Host: gauge.Host{Mount: t.TempDir(), Meminfo: "/nonexistent"}}
}

// start serves at a socket, and returns its URL, how to end it, and what serve returns.
func start(t *testing.T, from metrics.Source, idle time.Duration) (url string, end context.CancelFunc, returned <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	result := make(chan error, 1)
	go func() { result <- serve(ctx, l, from, idle) }()
	return "http://" + l.Addr().String(), cancel, result
}

// Ensure /metrics is answered as Prometheus wants it, and nothing else is there.
func TestServe(t *testing.T) {
	url, end, returned := start(t, daemon(t, nil, nil), time.Hour)
	for _, tt := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/metrics", 200}, {"HEAD", "/metrics", 200}, {"POST", "/metrics", 405}, {"GET", "/", 404}, {"GET", "/metrics/x", 404},
		{"GET", "/debug/pprof/", 404}, {"DELETE", "/metrics", 405},
	} {
		request, err := http.NewRequestWithContext(t.Context(), tt.method, url+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != tt.want {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, answer.StatusCode, tt.want)
		}
		if tt.method == "GET" && tt.want == 200 {
			if got := answer.Header.Get("Content-Type"); got != metrics.ContentType {
				t.Errorf("Content-Type is %q, want %q", got, metrics.ContentType)
			}
			if !strings.Contains(string(text), "\nreprieve_up 1\n") {
				t.Errorf("the answer is %q", text)
			}
		}
	}
	end()
	if err := <-returned; err != nil {
		t.Errorf("serve() = %v when it is told to end", err)
	}
}

// Ensure a daemon that does not run is told, and is no failure.
func TestServe_Down(t *testing.T) {
	url, _, _ := start(t, metrics.Source{Client: control.Client{Socket: "/nonexistent/control"}}, time.Hour)
	answer, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode != 200 || !strings.HasSuffix(string(text), "\nreprieve_up 0\n") {
		t.Errorf("%d %q, want 200 and reprieve_up 0", answer.StatusCode, text)
	}
}

// Ensure it ends when nobody asks, and not while somebody is served, however long.
func TestServe_Idle(t *testing.T) {
	// A slow machine may take longer to ask than the service waits: then it waits longer.
	for idle := 100 * time.Millisecond; ; idle *= 4 {
		hold, asked := make(chan struct{}), make(chan struct{}, 1)
		url, _, returned := start(t, daemon(t, hold, asked), idle)
		answered := make(chan int, 1)
		go func() {
			answer, err := http.Get(url + "/metrics")
			if err != nil {
				answered <- 0
				return
			}
			answer.Body.Close()
			answered <- answer.StatusCode
		}()
		select {
		case <-returned:
			continue
		case <-asked:
		}
		select {
		case err := <-returned:
			t.Fatalf("serve() = %v while somebody is served", err)
		case <-time.After(4 * idle):
		}
		if conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err != nil {
			t.Errorf("while somebody is served it listens no more: %v", err)
		} else {
			conn.Close()
		}
		close(hold)
		if got := <-answered; got != 200 {
			t.Errorf("who was served has %d, want 200", got)
		}
		if err := <-returned; err != nil {
			t.Errorf("serve() = %v when it is idle", err)
		}
		return
	}
}

// Ensure the socket is taken from systemd, and any other start says how to start it.
func TestPassed(t *testing.T) {
	env := func(pid, fds string) func(string) string {
		return func(name string) string { return map[string]string{"LISTEN_PID": pid, "LISTEN_FDS": fds}[name] }
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fd, err := unix.Dup(int(file.Fd())) // passed closes it
	if err != nil {
		t.Fatal(err)
	}
	got, err := passed(env("7", "1"), 7, fd)
	if err != nil || got.Addr().String() != l.Addr().String() {
		t.Fatalf("passed() = %v, %v, want %v", got, err, l.Addr())
	}
	got.Close()
	plain, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	null, err := unix.Dup(int(plain.Fd()))
	plain.Close()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		pid, fds string
		fd       int
		want     string
	}{
		{"", "", 3, `systemd passed no socket (LISTEN_PID is "", this is 7)`}, {"8", "1", 3, "systemd passed no socket"},
		{"7", "2", 3, `systemd passed "2" sockets`}, {"7", "1", null, "descriptor " + strconv.Itoa(null) + ", which systemd passed, is no stream socket"},
	} {
		if _, err := passed(env(tt.pid, tt.fds), 7, tt.fd); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("LISTEN_PID=%q LISTEN_FDS=%q: %v, want %q", tt.pid, tt.fds, err, tt.want)
		}
	}
	if _, err := passed(env("7", "1"), 7, 1<<20); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a descriptor that is none: %v, want an error", err)
	}
}
