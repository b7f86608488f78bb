package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/internal/control"
	"reprieve/internal/gauge"
	"reprieve/internal/top"
)

// topPatience is how long a screen may take to show what is waited for.
const topPatience = 30 * time.Second

// TestTop_Child is no test: TestTop runs it in a terminal, on the host whose directory REPRIEVE_TEST_TOP names.
func TestTop_Child(t *testing.T) {
	root := os.Getenv("REPRIEVE_TEST_TOP")
	if root == "" {
		t.Skip("it is run by TestTop_Terminal")
	}
	s := topScreen{keys: os.Stdin, screen: os.Stdout, model: top.NewModel(time.UTC, false), host: top.Host{
		Gauge:  gauge.Host{Mount: filepath.Join(root, "cgroup"), Meminfo: filepath.Join(root, "meminfo")},
		Client: control.Client{Socket: filepath.Join(root, "control")},
	}}
	if os.Getenv("REPRIEVE_TEST_PANIC") != "" {
		s.host.Client.Socket += ".none" // the priorities are those of files then
		s.host.Priority = func(string) int { panic("on purpose") }
	}
	if err := s.show(t.Context()); err != nil {
		t.Fatal(err)
	}
	os.Exit(0) // without a word of the test's own
}

// pane is a shell in a terminal of tmux's.
type pane struct {
	t      *testing.T
	socket string
}

// openPane starts a shell in a terminal of a size.
func openPane(t *testing.T, width, height int) *pane {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is missing: what top does to a terminal is not tested; it is the Debian package tmux")
	}
	dir, err := os.MkdirTemp("", "top") // the name of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	p := &pane{t, filepath.Join(dir, "s")}
	t.Cleanup(func() {
		_ = exec.Command("tmux", "-S", p.socket, "kill-server").Run()
		os.RemoveAll(dir)
	})
	p.tmux("-f", "/dev/null", "start-server", ";", "set", "-g", "status", "off", ";", "new-session", "-d",
		"-x", strconv.Itoa(width), "-y", strconv.Itoa(height), "env PS1='ready> ' ENV= sh")
	p.await("the prompt", p.prompted)
	return p
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", p.socket}, args...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// typed sends text, and then a key of tmux's such as Enter.
func (p *pane) typed(text, key string) {
	p.t.Helper()
	if text != "" {
		p.tmux("send-keys", "-l", text)
	}
	if key != "" {
		p.tmux("send-keys", key)
	}
}

// await waits until the screen is as wanted, and returns it.
func (p *pane) await(what string, ok func(screen string) bool) string {
	p.t.Helper()
	screen := ""
	for end := time.Now().Add(topPatience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if screen = p.tmux("capture-pane", "-p"); ok(screen) {
			return screen
		}
	}
	p.t.Fatalf("no %s on the screen:\n%s", what, screen)
	return ""
}

// prompted reports whether the last line on the screen is a prompt that waits.
func (p *pane) prompted(screen string) bool {
	return strings.HasSuffix(strings.TrimRight(screen, "\n "), "ready>")
}

// run starts top on a host, and waits until it shows the tree.
func (p *pane) run(root, more string) {
	p.t.Helper()
	p.typed(fmt.Sprintf("clear; REPRIEVE_TEST_TOP=%s %s %s -test.run '^TestTop_Child$'", root, more, os.Args[0]), "Enter")
}

// child is the process that the shell runs.
func (p *pane) child() int {
	p.t.Helper()
	shell := strings.TrimSpace(p.tmux("list-panes", "-F", "#{pane_pid}"))
	text, err := os.ReadFile(fmt.Sprintf("/proc/%s/task/%s/children", shell, shell))
	if err != nil {
		p.t.Skipf("the children of a process cannot be listed: %v", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		p.t.Fatalf("the shell has the children %q, want one", text)
	}
	return pid
}

// restored looks that the shell is back, that top's screen is gone, and that the terminal shows what is typed.
func (p *pane) restored(how string) {
	p.t.Helper()
	screen := p.await("prompt after "+how, p.prompted)
	if strings.Contains(screen, "q quit") {
		p.t.Errorf("after %s its screen is still there:\n%s", how, screen)
	}
	p.typed("clear; stty -a | tr ' ;' '\\n\\n' | grep -c -x -e icanon -e echo", "Enter")
	p.await("line mode and echo after "+how, func(s string) bool { return strings.HasPrefix(s, "2\n") })
}

// Ensure top draws in a terminal of any size and leaves it as it was, however it ends.
func TestTop_Terminal(t *testing.T) {
	d := &scripted{status: episode(), plans: verdicts()}
	root := filepath.Dir(d.listen(t).client.Socket)
	p := openPane(t, 80, 24)

	p.run(root, "")
	screen := p.await("tree", func(s string) bool { return strings.Contains(s, "batch.slice !held") })
	if !strings.HasPrefix(screen, "reprievectl top  ") || !strings.Contains(strings.TrimRight(screen, "\n"), "\nq quit") {
		t.Errorf("in 80x24 it shows\n%s", screen)
	}
	p.await("whom a stop would take", func(s string) bool { return strings.Contains(s, "batch.slice: would stop batch-b.slice: ") })
	p.typed("s", "")
	p.await("other order", func(s string) bool { return strings.Contains(s, "s sort: usage") })
	p.typed("?", "")
	p.await("help", func(s string) bool { return strings.Contains(s, "any key goes back") })
	p.typed(" ", "")
	p.tmux("resize-window", "-x", "200", "-y", "50")
	p.await("wider tree", func(s string) bool {
		lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
		return len(lines) == 50 && strings.HasPrefix(lines[49], "q quit") && len(lines[2]) == 200
	})
	p.typed("q", "")
	p.restored("q")

	p.run(root, "NO_COLOR=1")
	p.await("tree", func(s string) bool { return strings.Contains(s, "batch.slice !held") })
	p.typed("", "C-c")
	p.restored("SIGINT")

	p.run(root, "")
	p.await("tree", func(s string) bool { return strings.Contains(s, "batch.slice !held") })
	if err := unix.Kill(p.child(), unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.restored("SIGTERM")

	p.run(root, "REPRIEVE_TEST_PANIC=1")
	p.await("trace of a panic", func(s string) bool { return p.prompted(s) && strings.Contains(s, "goroutine ") })
	p.restored("a panic")
}

// Ensure top says what it needs where there is no terminal.
func TestTop_NoTerminal(t *testing.T) {
	var stdout, stderr strings.Builder
	code := topVerb(nil, &stdout, &stderr)
	if want := "reprievectl top: needs a terminal "; code != exitFindings || !strings.HasPrefix(stderr.String(), want) || stdout.Len() > 0 {
		t.Errorf("topVerb() = %d, %q, %q, want %d, %q", code, stdout.String(), stderr.String(), exitFindings, want)
	}
}
