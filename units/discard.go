package units

import (
	"sync"

	godbus "github.com/godbus/dbus/v5"
)

// discard is a godbus signal handler that delivers nothing. godbus's own
// starts a goroutine for every signal that finds its channel full. wire lets no
// signal through in the first place; this is what go-systemd registers with,
// and what ends its dispatch goroutine by closing the channel.
type discard struct {
	mu     sync.Mutex
	closed bool
	chs    []chan<- *godbus.Signal
}

var (
	_ godbus.SignalHandler   = (*discard)(nil)
	_ godbus.SignalRegistrar = (*discard)(nil)
	_ godbus.Terminator      = (*discard)(nil)
)

// DeliverSignal drops the signal.
func (d *discard) DeliverSignal(string, string, *godbus.Signal) {}

// AddSignal keeps ch, to close it at the end. A connection that is lost before
// go-systemd registers closes it here, or its reader would wait for ever.
func (d *discard) AddSignal(ch chan<- *godbus.Signal) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		close(ch)
		return
	}
	d.chs = append(d.chs, ch)
}

// RemoveSignal is there for the interface: go-systemd never calls it.
func (d *discard) RemoveSignal(chan<- *godbus.Signal) {}

// Terminate closes every channel once; godbus calls it when it closes.
func (d *discard) Terminate() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.closed = true
	for _, ch := range d.chs {
		close(ch)
	}
}
