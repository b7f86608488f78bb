package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"reprieve/internal/control"
	"reprieve/internal/varlink"
)

// releasedReply is how reprievectl reads the reply.
type releasedReply struct {
	Released int
	Slices   []string
}

// opened is a control socket whose loop is release, until the test ends.
func opened(t *testing.T, release func(string, func(int, []string, error))) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "control")
	c, err := openControl(path, requests{release: release})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("after Close the socket is there: %v", err)
		}
	})
	return path
}

// Ensure each call reaches the loop with its slice, and comes back with the loop's answer or its error.
func TestControl_Release(t *testing.T) {
	path := opened(t, func(slice string, answer func(int, []string, error)) {
		switch slice {
		case "":
			answer(3, []string{"a.slice", "b.slice"}, nil)
			answer(9, nil, errors.New("told twice"))
		case "a.slice":
			go answer(0, nil, nil) // Later, and from elsewhere.
		case "none.slice":
			answer(0, nil, fmt.Errorf("release: %w", errNoSuchSlice))
		default:
			answer(1, nil, errors.New("broken"))
		}
	})
	for _, tt := range []struct {
		in   any
		want releasedReply
		err  *varlink.Error
	}{
		{nil, releasedReply{3, []string{"a.slice", "b.slice"}}, nil},
		{map[string]any{"slice": nil}, releasedReply{3, []string{"a.slice", "b.slice"}}, nil},
		{map[string]any{"slice": "a.slice"}, releasedReply{0, []string{}}, nil},
		{map[string]any{"slice": "none.slice"}, releasedReply{}, &varlink.Error{Name: "io.reprieve.Control.NoSuchSlice", Parameters: map[string]any{"slice": "none.slice"}}},
		{map[string]any{"slice": "b.slice"}, releasedReply{}, &varlink.Error{Name: "io.reprieve.Control.Failed", Parameters: map[string]any{"message": "broken"}}},
		{map[string]any{"slice": ""}, releasedReply{}, varlink.ParameterError("slice")},
		{map[string]any{"slice": 7}, releasedReply{}, varlink.ParameterError("slice")},
	} {
		var got releasedReply
		err := varlink.Call(t.Context(), path, "io.reprieve.Control.Release", tt.in, &got)
		var replied *varlink.Error
		if errors.As(err, &replied); err != nil && replied == nil {
			t.Errorf("Release(%v): %v", tt.in, err)
		}
		if diff := cmp.Diff(tt.err, replied); diff != "" {
			t.Errorf("Release(%v): error: -want +got\n%s", tt.in, diff)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Release(%v): -want +got\n%s", tt.in, diff)
		}
	}
}

// Ensure all that the interface can answer is in its description.
func TestControl_Described(t *testing.T) {
	path := opened(t, nil)
	var got struct{ Description string }
	err := varlink.Call(t.Context(), path, "org.varlink.service.GetInterfaceDescription", map[string]string{"interface": control.Interface}, &got)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\ninterface io.reprieve.Control\n", "\nmethod Release(", "\nerror NoSuchSlice(", "\nerror NoAnswer(", "\nerror Failed("} {
		if !strings.Contains(got.Description, want) {
			t.Errorf("%q is not in the description:\n%s", want, got.Description)
		}
	}
}

// Ensure nobody but the daemon's user can even connect, from the moment the socket is there.
func TestControl_Mode(t *testing.T) {
	info, err := os.Lstat(opened(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := info.Mode(), os.ModeSocket|0o600; got != want {
		t.Errorf("the socket's mode is %v, want %v", got, want)
	}
}

// Ensure a caller is told when the loop hangs, and that Close does not wait for it.
func TestControl_LoopHangs(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	path := filepath.Join(t.TempDir(), "control")
	asked, hang := make(chan struct{}, 2), make(chan struct{})
	c, err := openControl(path, requests{release: func(string, func(int, []string, error)) { asked <- struct{}{}; <-hang }})
	if err != nil {
		t.Fatal(err)
	}
	err = varlink.Call(t.Context(), path, "io.reprieve.Control.Release", nil, nil)
	if e := (*varlink.Error)(nil); !errors.As(err, &e) || e.Name != "io.reprieve.Control.NoAnswer" {
		t.Errorf("Release() = %v, want NoAnswer", err)
	}
	<-asked
	ended := make(chan error, 1)
	go func() { ended <- varlink.Call(t.Context(), path, "io.reprieve.Control.Release", nil, nil) }()
	<-asked
	if err := c.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("a call without an answer succeeds")
		}
	case <-time.After(20 * time.Second):
		t.Error("a call does not end with Close")
	}
	close(hang)
	goleak.VerifyNone(t, leaks)
}

// Ensure what an earlier process left is replaced, and nothing else is.
func TestOpenControl(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(path string) error
		want string // In the error; "" for none.
	}{
		{"nothing", func(string) error { return nil }, ""},
		{"a stale socket", func(path string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
			if err != nil {
				return err
			}
			l.SetUnlinkOnClose(false)
			return l.Close()
		}, ""},
		{"a socket in use", func(path string) error {
			l, err := net.Listen("unix", path)
			if err == nil {
				t.Cleanup(func() { l.Close() })
			}
			return err
		}, "stop the other reprieved"},
		{"a file", func(path string) error { return os.WriteFile(path, []byte("x"), 0o644) }, "is no socket"},
		{"a link", func(path string) error { return os.Symlink("elsewhere", path) }, "is no socket"},
		{"no directory", func(path string) error { return os.Remove(filepath.Dir(path)) }, "no such file"},
	} {
		path := filepath.Join(t.TempDir(), "run", "control")
		if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o755), tt.make(path)); err != nil {
			t.Fatal(err)
		}
		before, _ := os.Lstat(path)
		c, err := openControl(path, requests{release: func(_ string, answer func(int, []string, error)) { answer(0, nil, nil) }})
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: openControl() = %v", tt.name, err)
				continue
			}
			if err := varlink.Call(t.Context(), path, "io.reprieve.Control.Release", nil, nil); err != nil {
				t.Errorf("%s: Release() = %v", tt.name, err)
			}
			c.Close()
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: openControl() = %v, want %q and %s in it", tt.name, err, tt.want, path)
		}
		if after, _ := os.Lstat(path); before != nil && !os.SameFile(before, after) {
			t.Errorf("%s: what was there is gone", tt.name)
		}
	}
}
