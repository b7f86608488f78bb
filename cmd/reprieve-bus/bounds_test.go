package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"reprieve/internal/control"
)

// Ensure no more calls are answered at once than the bound, and one that ends makes room.
func TestEnter(t *testing.T) {
	s := newService(t.Context(), nil, control.Client{}, 0, testWriter{t})
	var leave func()
	for range callsMost {
		l, refused := s.enter()
		if refused != nil {
			t.Fatal(refused)
		}
		leave = l
	}
	if _, refused := s.enter(); refused == nil || refused.Name != "org.freedesktop.DBus.Error.LimitsExceeded" {
		t.Errorf("one more than %d: %v, want it refused", callsMost, refused)
	}
	leave()
	if _, refused := s.enter(); refused != nil {
		t.Errorf("when there is room: %v", refused)
	}
}

// Ensure many who ask at once, and again, cost the daemon one answer, also where it gives none, until something happens.
func TestSnapshot(t *testing.T) {
	asked := 0
	fail := errors.New("no daemon")
	s := snapshot{ask: func(context.Context) (control.Status, error) { asked++; return control.Status{}, fail }}
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if _, err := s.get(t.Context()); !errors.Is(err, fail) {
				t.Errorf("get() = %v, want %v", err, fail)
			}
		})
	}
	all.Wait()
	before := asked
	s.forget()
	if _, _ = s.get(t.Context()); before != 1 || asked != 2 {
		t.Errorf("the daemon was asked %d times, and %d after something happened; want 1 and 2", before, asked)
	}
}

// Ensure the program says how it is called, and what is wrong with a call.
func TestRun(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		out  string
		err  string
	}{
		{[]string{"-version"}, 0, "reprieve-bus ", ""},
		{[]string{"-help"}, 0, "", "usage: reprieve-bus"},
		{[]string{"-nonsense"}, 2, "", "usage: reprieve-bus"},
		{[]string{"now"}, 2, "", `unexpected argument "now"`},
	} {
		var stdout, stderr strings.Builder
		code := run(t.Context(), tt.args, &stdout, &stderr)
		if code != tt.code || !strings.Contains(stdout.String(), tt.out) || !strings.Contains(stderr.String(), tt.err) {
			t.Errorf("run(%q) = %d, %q, %q, want %d, %q, %q", tt.args, code, stdout.String(), stderr.String(), tt.code, tt.out, tt.err)
		}
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
	var stderr strings.Builder
	if code := run(t.Context(), nil, &stderr, &stderr); code != 1 || !strings.Contains(stderr.String(), "<3>system bus: ") {
		t.Errorf("run() without a bus = %d, %q, want 1 and why", code, stderr.String())
	}
}
