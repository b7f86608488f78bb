package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/internal/control"
	"reprieve/internal/terminal"
	"reprieve/internal/top"
)

// Sequences of console_codes(4), as xterm and the Linux console have them.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[2J" // the alternate screen, no cursor
	leaveScreen = "\x1b[0m\x1b[?25h\x1b[?1049l"
)

// topScreen is the terminal around the model: one goroutine draws, one reads keys, one takes looks, one asks for plans.
type topScreen struct {
	keys, screen *os.File
	host         top.Host
	model        *top.Model

	read  chan []byte    // what the terminal sent; closed at its end
	looks chan top.Look  // taken
	wants chan top.Folds // a look
	plans chan []control.Plan
	names chan []string // whose plans are wanted
	fell  chan any      // a goroutine's panic
}

// show draws until a key, a signal or the end of the keys ends it. Whatever does, a panic too, the terminal is as it was.
func (s *topScreen) show(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	defer signal.Stop(ends)
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, unix.SIGWINCH)
	defer signal.Stop(resized)
	// The key for it would leave the shell on the alternate screen.
	signal.Ignore(unix.SIGTSTP)
	defer signal.Reset(unix.SIGTSTP)

	restore, err := terminal.Keys(s.keys)
	if err != nil {
		return fmt.Errorf("set the terminal to give single keys: %w", err)
	}
	defer func() {
		_, _ = s.screen.WriteString(leaveScreen) // a terminal that is gone needs nothing
		_ = restore()
	}()
	if _, err := s.screen.WriteString(enterScreen); err != nil {
		return fmt.Errorf("draw: %w", err)
	}
	s.start(ctx)
	return s.loop(ends, resized)
}

// start has the goroutines begin. They end with the context, but for the one that waits for keys, which ends with the process.
func (s *topScreen) start(ctx context.Context) {
	s.read, s.looks, s.wants = make(chan []byte), make(chan top.Look), make(chan top.Folds, 1)
	s.plans, s.names, s.fell = make(chan []control.Plan), make(chan []string, 1), make(chan any, 3)
	run := func(f func()) {
		go func() {
			// A panic ends the process where it is not recovered, and the terminal would stay as it is.
			defer func() {
				if p := recover(); p != nil {
					s.fell <- p
				}
			}()
			f()
		}()
	}
	run(func() {
		defer close(s.read)
		for {
			buf := make([]byte, 256)
			n, err := s.keys.Read(buf)
			if err != nil {
				return
			}
			select {
			case s.read <- buf[:n]:
			case <-ctx.Done():
				return
			}
		}
	})
	run(func() { answer(ctx, s.wants, s.looks, s.host.Look) })
	run(func() { answer(ctx, s.names, s.plans, s.host.Plans) })
}

// answer answers questions one by one, until the context is over.
func answer[Q, A any](ctx context.Context, questions <-chan Q, answers chan<- A, of func(context.Context, Q) A) {
	for {
		select {
		case <-ctx.Done():
			return
		case q := <-questions:
			select {
			case answers <- of(ctx, q):
			case <-ctx.Done():
				return
			}
		}
	}
}

// loop owns the model.
func (s *topScreen) loop(ends, resized <-chan os.Signal) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var planned time.Time
	s.wants <- s.model.Folds()
	for {
		if err := s.draw(); err != nil {
			return err
		}
		folded := false
		select {
		case <-ends:
			return nil
		case p := <-s.fell:
			panic(p)
		case <-resized:
		case text, ok := <-s.read:
			if !ok {
				return nil // the terminal is gone
			}
			for _, key := range top.ParseKeys(text) {
				if s.model.Press(key) {
					return nil
				}
				folded = folded || key == top.Fold || key == top.FoldAll
				if key == top.Who {
					planned = time.Time{}
				}
			}
		case l := <-s.looks:
			s.model.Take(l)
		case p := <-s.plans:
			s.model.TakePlans(p)
		case <-tick.C:
			folded = true
		}
		if folded {
			offer(s.wants, s.model.Folds())
		}
		if s.model.WantsPlans() && time.Since(planned) >= planEvery {
			offer(s.names, s.model.PlansFor())
			planned = time.Now()
		}
	}
}

// offer asks, unless the question before is not answered yet.
func offer[Q any](questions chan<- Q, q Q) {
	select {
	case questions <- q:
	default:
	}
}

// draw writes a frame in one go. Each line is cleared behind its end, and there is no newline behind the last, which would
// scroll.
func (s *topScreen) draw() error {
	width, height := terminal.Size(s.screen)
	text := "\x1b[H" + strings.Join(s.model.Frame(width, height), "\x1b[K\r\n") + "\x1b[K\x1b[J"
	if _, err := s.screen.WriteString(text); err != nil {
		return fmt.Errorf("draw: %w", err)
	}
	return nil
}
