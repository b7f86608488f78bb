//go:build guest

package scenarios

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"reprieve/test/watch"
)

// signals collects what org.reprieve1 tells on the system bus.
type signals struct {
	mu  sync.Mutex
	all []signal
}

// signal is one of them: its name, the unit and the episode.
type signal struct{ name, unit, episode string }

const (
	busObject  = "/org/reprieve1"
	busManager = "org.reprieve1.Manager"
)

// followSignals begins to collect until the end of the scenario. The bus starts reprieve-bus for it.
func (g *guest) followSignals() *signals {
	g.t.Helper()
	g.lets("reprieve-bus.service")
	g.t.Cleanup(func() { g.run("systemctl", "stop", "reprieve-bus.service") })
	connected := func() bool {
		out, err := try("busctl", "get-property", "org.reprieve1", busObject, busManager, "Connected")
		return err == nil && out == "b true"
	}
	g.wait("reprieve-bus to be connected", connected)
	s, monitor := &signals{}, exec.Command("busctl", "--system", "--json=short", "monitor", "--match", "type='signal',interface='"+busManager+"'")
	out, err := monitor.StdoutPipe()
	if err == nil {
		err = monitor.Start()
	}
	if err != nil {
		g.t.Fatalf("busctl monitor: %v", err)
	}
	g.t.Cleanup(func() { _ = monitor.Process.Kill(); _ = monitor.Wait() })
	go s.read(bufio.NewScanner(out))
	return s
}

func (s *signals) read(lines *bufio.Scanner) {
	for lines.Scan() {
		var m struct {
			Type, Member string
			Payload      struct{ Data []any }
		}
		if json.Unmarshal(bytes.TrimSpace(lines.Bytes()), &m) != nil || m.Type != "signal" || len(m.Payload.Data) < 4 {
			continue
		}
		one := signal{name: m.Member}
		one.unit, _ = m.Payload.Data[1].(string)
		one.episode, _ = m.Payload.Data[3].(string)
		s.mu.Lock()
		s.all = append(s.all, one)
		s.mu.Unlock()
	}
}

// checkSignals asserts that an episode was told on the bus from the breach to the end of the stop, and nobody was named but its victim.
func (g *guest) checkSignals(s *signals, stop watch.Message) {
	g.t.Helper()
	var names []string
	var of []signal
	g.wait("the signals of the stop", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		names, of = nil, nil
		for _, one := range s.all {
			if one.episode == stop["REPRIEVE_EPISODE"] {
				names, of = append(names, one.name), append(of, one)
			}
		}
		return slices.Contains(names, "Settled")
	})
	at := -1
	for _, want := range []string{"Breach", "Held", "Stopping", "Stopped", "Settled"} {
		i := slices.Index(names, want)
		if i <= at {
			g.t.Errorf("signals %v, want Breach, Held, Stopping, Stopped and Settled in this order", names)
			break
		}
		at = i
	}
	for _, one := range of {
		if one.unit != "" && one.unit != stop["UNIT"] {
			g.t.Errorf("the signal %s is about %q, want %s alone", one.name, one.unit, stop["UNIT"])
		}
	}
}

// checkBusRefuses asserts that nobody but root may ask for a pause by the bus where there is no polkit.
func (g *guest) checkBusRefuses() {
	g.t.Helper()
	g.withoutPolkit()
	const want = "for root alone: there is no polkit on this host"
	out, err := tryAs(65534, busCall("Pause", "uint64:60000000")...)
	if err == nil || !strings.Contains(out, want) {
		g.t.Errorf("a pause asked for by somebody: %q, %v; want it refused with %q", out, err, want)
	}
	if got := g.asksStatus().PausedUntilUnixUsec; got != 0 {
		g.t.Errorf("paused until %d after a pause that was refused", got)
	}
}
