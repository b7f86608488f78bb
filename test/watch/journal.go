package watch

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
	"sync"
	"time"
)

// Journal collects what reprieved writes to the journal. Its methods may be called from any goroutine.
type Journal struct {
	cursor string
	stop   context.CancelFunc
	done   chan struct{} // closed when the follower is gone

	mu       sync.Mutex
	messages []Message // under mu
	err      error     // under mu: the first line that could not be read
}

// Follow starts to collect, from the next entry on. The caller must Close the journal. An error is one of starting journalctl or of
// the form of what it printed.
func Follow() (*Journal, error) {
	var last Message
	short, done := context.WithTimeout(context.Background(), time.Minute)
	defer done()
	line, err := exec.CommandContext(short, "journalctl", "--lines=1", "--output=json").Output()
	if err == nil {
		err = json.Unmarshal(line, &last)
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal's last entry %q: %w", line, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	j := &Journal{cursor: last["__CURSOR"], stop: cancel, done: make(chan struct{})}
	command := exec.CommandContext(ctx, "journalctl", "--follow", "--no-tail", "--after-cursor="+j.cursor, "--output=json", "SYSLOG_IDENTIFIER=reprieved")
	lines, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("follow the journal: %w", err)
	}
	go nudge(ctx)
	go func() {
		defer close(j.done)
		j.collect(lines)
		_ = command.Wait() // Close killed it
	}()
	return j, nil
}

// nudge writes an entry of nobody's to the journal each second: journalctl was seen to show an entry only when the next one came, 15 s
// later, and what a scenario wanted to look at was over by then.
func nudge(ctx context.Context) {
	for tick := time.Tick(time.Second); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			c, err := net.Dial("unixgram", "/run/systemd/journal/socket")
			if err != nil {
				continue // journald is being started again, as some scenarios have it
			}
			_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			_, _ = c.Write([]byte("PRIORITY=7\nSYSLOG_IDENTIFIER=scenario\nMESSAGE=time goes by\n"))
			c.Close()
		}
	}
}

// Close stops to collect. It returns when journalctl is gone.
func (j *Journal) Close() {
	j.stop()
	<-j.done
}

// Cursor is the place in the journal before the first entry that is collected, for journalctl --after-cursor.
func (j *Journal) Cursor() string { return j.cursor }

// All returns the messages with this MESSAGE_ID, or for "" all lines of the daemon, oldest first. An error tells of an entry that
// could not be read.
func (j *Journal) All(id string) ([]Message, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []Message
	for _, m := range j.messages {
		if id == "" || m["MESSAGE_ID"] == id {
			found = append(found, m)
		}
	}
	return found, j.err
}

func (j *Journal) collect(r io.Reader) {
	for lines := bufio.NewReader(r); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return // the end of journalctl
		}
		j.add(line)
	}
}

func (j *Journal) add(line []byte) {
	var m Message
	err := json.Unmarshal(line, &m)
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case err == nil:
		j.messages = append(j.messages, m)
	case j.err == nil:
		j.err = fmt.Errorf("journal entry %q: %w", line, err)
	}
}
