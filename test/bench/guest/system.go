// Package guest makes the runs of the benchmark, inside a guest: it sets up a controller and a load, has package observe look, and puts
// the guest back.
package guest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// patience is the longest wait for a command, on an emulated CPU after a crisis.
const patience = 2 * time.Minute

// command runs a command to its end and returns what it printed, without the last newline.
func command(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.WaitDelay = 5 * time.Second // a child that keeps the output open does not keep us
	out, err := c.CombinedOutput()
	text := string(bytes.TrimRight(out, "\n"))
	if err != nil {
		return text, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, text)
	}
	return text, nil
}

// steps runs commands one after the other, up to the first that fails.
func steps(commands ...[]string) error {
	for _, c := range commands {
		if _, err := command(c[0], c[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// write makes files and the directories above them, and notes their paths.
func write(files map[string]string, written *[]string) error {
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
		*written = append(*written, path)
	}
	return nil
}

// until returns when ok does, or an error when it does not within patience.
func until(what string, ok func() bool) error {
	for end := time.Now().Add(patience); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("still waiting for %s after %s", what, patience)
		}
	}
	return nil
}

// counter returns the number behind a name in a file of lines "NAME NUMBER" or "NAME: NUMBER kB", in units of that file.
func counter(path, name string) (int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	n, ok := field(string(text), name)
	if !ok {
		return 0, fmt.Errorf("%s has no number %s", path, name)
	}
	return n, nil
}

// field is counter for a text.
func field(text, name string) (int64, bool) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 || strings.TrimSuffix(words[0], ":") != name {
			continue
		}
		n, err := strconv.ParseInt(words[1], 10, 64)
		return n, err == nil
	}
	return 0, false
}

// available is MemAvailable in bytes.
func available() (int64, error) {
	kilobytes, err := counter("/proc/meminfo", "MemAvailable")
	return kilobytes << 10, err
}
