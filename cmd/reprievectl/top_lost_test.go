package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/internal/control"
	"reprieve/internal/gauge"
	"reprieve/internal/top"
)

// terminalOf opens a pseudo-terminal; with its other end closed nobody is there to draw for.
func terminalOf(t *testing.T) (terminal, other *os.File) {
	t.Helper()
	other, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatalf("open a pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { other.Close() })
	if err := unix.IoctlSetPointerInt(int(other.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatalf("unlock it: %v", err)
	}
	n, err := unix.IoctlGetInt(int(other.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatalf("ask for its number: %v", err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return terminal, other
}

// Ensure top ends with an error that names the step when its terminal is lost, and leaves the mode of the keys as it was.
func TestTop_TerminalLost(t *testing.T) {
	for _, tt := range []struct {
		name       string
		keys, draw bool // whose other end is gone
		later      bool // not before the first frame
		want       string
	}{
		{name: "keys", keys: true, want: "set the terminal to give single keys: "},
		{name: "screen", draw: true, want: "draw: "},
		{name: "screen that was drawn on", draw: true, later: true, want: "draw: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			keys, typist := terminalOf(t)
			screen, watcher := terminalOf(t)
			before, err := unix.IoctlGetTermios(int(keys.Fd()), unix.TCGETS)
			if err != nil {
				t.Fatal(err)
			}
			if tt.keys {
				typist.Close()
			}
			switch {
			case tt.draw && tt.later:
				go func() {
					_, _ = watcher.Read(make([]byte, 1<<16))
					watcher.Close()
				}()
			case tt.draw:
				watcher.Close()
			}
			s := topScreen{keys: keys, screen: screen, model: top.NewModel(time.UTC, false), host: top.Host{
				Gauge: gauge.Host{Mount: t.TempDir(), Meminfo: "/proc/meminfo"}, Client: control.Client{Socket: filepath.Join(t.TempDir(), "none")},
			}}
			err = s.show(t.Context())
			if !errors.Is(err, unix.EIO) || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("show() = %v, want %s...: %v", err, tt.want, unix.EIO)
			}
			if tt.keys {
				return // nobody has a mode to restore
			}
			if after, err := unix.IoctlGetTermios(int(keys.Fd()), unix.TCGETS); err != nil || *after != *before {
				t.Errorf("the mode of the keys = %+v, %v, want it as it was: %+v", after, err, before)
			}
		})
	}
}
