package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"go.uber.org/goleak"

	"reprieve/internal/bustest"
	"reprieve/internal/reprieve1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// fakeDesktop takes notifications and tells of each.
type fakeDesktop struct {
	conn *dbus.Conn
	last uint32
	told chan string
	slow atomic.Bool // Notify answers when free is closed
	free chan struct{}
}

func newDesktop(t *testing.T, address string) *fakeDesktop {
	t.Helper()
	d := &fakeDesktop{conn: bustest.Dial(t, address), told: make(chan string, 64), free: make(chan struct{})}
	if err := d.conn.ExportMethodTable(map[string]any{"Notify": d.notify, "CloseNotification": d.closed}, notifyPath, notifyName); err != nil {
		t.Fatal(err)
	}
	bustest.Own(t, d.conn, notifyName)
	return d
}

func (d *fakeDesktop) notify(_ string, replaces uint32, _, title, body string, _ []string, hints map[string]dbus.Variant, expire int32) (uint32, *dbus.Error) {
	id := replaces
	if id == 0 {
		d.last++
		id = d.last
	}
	d.told <- fmt.Sprintf("%d urgency %v expire %d: %s: %s", id, hints["urgency"].Value(), expire, title, body)
	if d.slow.Load() {
		<-d.free
	}
	return id, nil
}

func (d *fakeDesktop) closed(id uint32) *dbus.Error {
	d.told <- fmt.Sprintf("%d closed", id)
	return nil
}

// next is what the desktop is told next.
func (d *fakeDesktop) next(t *testing.T) string {
	t.Helper()
	select {
	case s := <-d.told:
		return s
	case <-time.After(patience):
		t.Fatalf("the desktop is told nothing for %v", patience)
		panic("not reached")
	}
}

// fakeBus is org.reprieve1 as far as it matters here.
type fakeBus struct {
	conn   *dbus.Conn
	status *fakeStatus
}

// newBus takes the name.
func newBus(t *testing.T, address string) fakeBus {
	t.Helper()
	b := fakeBus{bustest.Dial(t, address), &fakeStatus{}}
	if err := b.conn.ExportMethodTable(map[string]any{"Status": b.status.answer}, reprieve1.Path, reprieve1.Interface); err != nil {
		t.Fatal(err)
	}
	bustest.Own(t, b.conn, reprieve1.Name)
	return b
}

// connected tells whether the daemon answers.
func (b fakeBus) connected(t *testing.T, is bool) {
	t.Helper()
	changed := map[string]dbus.Variant{reprieve1.Connected: dbus.MakeVariant(is)}
	if err := b.conn.Emit(reprieve1.Path, "org.freedesktop.DBus.Properties.PropertiesChanged", reprieve1.Interface, changed, []string{}); err != nil {
		t.Fatal(err)
	}
}

func (b fakeBus) emit(t *testing.T, signal string, e reprieve1.Event) {
	t.Helper()
	if err := b.conn.Emit(reprieve1.Path, reprieve1.Interface+"."+signal, e.Body()...); err != nil {
		t.Fatal(err)
	}
}

// testWriter has what the program says in the test's log.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(text []byte) (int, error) {
	w.t.Logf("reprieve-notify: %s", text)
	return len(text), nil
}

// started runs the program on two real buses until the test ends, or end is called.
func started(t *testing.T) (bus fakeBus, desktop *fakeDesktop, systemAddress string, end func()) {
	t.Helper()
	systemAddress = bustest.Start(t, bustest.Open)
	sessionAddress := bustest.Start(t, bustest.Open)
	desktop = newDesktop(t, sessionAddress)
	bus = newBus(t, systemAddress)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	system, session := bustest.Dial(t, systemAddress), bustest.Dial(t, sessionAddress)
	p := &program{system: system, screen: newScreen(session, testWriter{t}), desk: newDesk(me(), applications{}), stderr: testWriter{t}, mount: standingMount(t)}
	go func() { ended <- p.run(ctx) }()
	over := false
	end = func() {
		if over {
			return
		}
		over = true
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("run() = %v at its end", err)
			}
		case <-time.After(patience):
			t.Errorf("run() does not end")
		}
	}
	t.Cleanup(end)
	for n := 0; n < 2 || bus.status.times() == 0; { // It listens when it has its matches, the last of which is for the name's owner.
		n = matches(t, system)
	}
	return bus, desktop, systemAddress, end
}

// matches is how many rules the connection of the program has.
func matches(t *testing.T, conn *dbus.Conn) int {
	t.Helper()
	var stats map[string]dbus.Variant
	err := conn.BusObject().Call("org.freedesktop.DBus.Debug.Stats.GetConnectionStats", 0, conn.Names()[0]).Store(&stats)
	if err != nil {
		t.Skipf("this dbus-daemon tells no statistics: %v", err)
	}
	n, _ := stats["MatchRules"].Value().(uint32)
	return int(n)
}

// deadline is one that is far away.
func deadline() int64 { return time.Now().Add(time.Hour).Unix() }

// Ensure what is told on the system bus comes to the desktop: a hold as one critical notification that is updated each second and
// closed at its end, a stop in its place, and the return of memory.
func TestProgram(t *testing.T) {
	bus, desktop, _, end := started(t)
	bus.emit(t, reprieve1.Held, event("a<b>.scope", 1000, deadline()))
	if got := desktop.next(t); !strings.HasPrefix(got, "1 urgency 2 expire 0: a<b>.scope is held: Memory is short. If that goes on, it may be stopped in 3") {
		t.Errorf("a hold is shown as %q", got)
	}
	if got := desktop.next(t); !strings.HasPrefix(got, "1 urgency 2 expire 0: a<b>.scope is held: ") {
		t.Errorf("a second later it is %q, want the same notification", got)
	}
	bus.emit(t, reprieve1.Stopping, event("a<b>.scope", 1000, 0))
	bus.emit(t, reprieve1.Stopped, event("a<b>.scope", 1000, 0))
	bus.emit(t, reprieve1.Settled, event("", 0, 0))
	for _, want := range []string{"1 urgency 2 expire 0: a<b>.scope is being stopped: ", "1 urgency 1 expire -1: a<b>.scope was stopped: ", "2 urgency 1 expire -1: Memory is back: a&lt;b&gt;.scope may be"} {
		if got := afterUpdates(t, desktop); !strings.HasPrefix(got, want) {
			t.Errorf("then the desktop is told %q, want %q", got, want)
		}
	}
	bus.emit(t, reprieve1.Held, event("c.scope", 1000, 0))
	if got := desktop.next(t); !strings.HasPrefix(got, "3 urgency 2 ") {
		t.Errorf("another hold is %q", got)
	}
	end()
	if got := desktop.next(t); got != "3 closed" {
		t.Errorf("at the program's end the desktop is told %q, want that the hold's notification is closed", got)
	}
}

// afterUpdates is what the desktop is told next, but for updates of a hold.
func afterUpdates(t *testing.T, d *fakeDesktop) string {
	t.Helper()
	for {
		if s := d.next(t); !strings.Contains(s, "is held") {
			return s
		}
	}
}

// Ensure who closes a hold's notification is left in peace by its updates, and told of the stop all the same.
func TestProgram_Dismissed(t *testing.T) {
	bus, desktop, _, _ := started(t)
	bus.emit(t, reprieve1.Held, event("a.scope", 1000, deadline()))
	desktop.next(t)
	if err := desktop.conn.Emit(notifyPath, notifyName+".NotificationClosed", uint32(1), uint32(2)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2500 * time.Millisecond) // Two updates would come.
	for len(desktop.told) > 1 {
		t.Errorf("updates go on: %q", <-desktop.told)
	}
	bus.emit(t, reprieve1.Stopped, event("a.scope", 1000, 0))
	if got := afterUpdates(t, desktop); !strings.HasPrefix(got, "2 urgency 1 expire -1: a.scope was stopped") {
		t.Errorf("the stop is told as %q, want a notification of its own", got)
	}
}

// Ensure a notification that the desktop shows and is slow to answer for is not lost: what it is updated to meanwhile, and that it is
// taken away, comes behind the answer, also at the end of the program.
func TestProgram_SlowDesktop(t *testing.T) {
	for _, tt := range []struct {
		name string
		ends bool // otherwise what was held is released
	}{
		{"released", false},
		{"end", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bus, desktop, _, end := started(t)
			desktop.slow.Store(true)
			bus.emit(t, reprieve1.Held, event("a.scope", 1000, deadline()))
			if got := desktop.next(t); !strings.HasPrefix(got, "1 urgency 2 ") {
				t.Fatalf("a hold is shown as %q, want a critical notification", got)
			}
			if tt.ends {
				done := make(chan struct{})
				go func() {
					defer close(done)
					end()
				}()
				defer func() { <-done }() // it has a bound of its own
			} else {
				bus.emit(t, reprieve1.Relieved, event("a.scope", 1000, 0))
			}
			select {
			case got := <-desktop.told:
				t.Errorf("the desktop is told %q before it has answered", got)
			case <-time.After(500 * time.Millisecond):
			}
			close(desktop.free)
			for {
				got := desktop.next(t)
				if got == "1 closed" {
					return
				}
				if !strings.HasPrefix(got, "1 urgency 2 ") { // an update that was waiting
					t.Fatalf("the desktop is told %q, want notification 1 closed", got)
				}
			}
		})
	}
}

// Ensure a signal that somebody else sends to the program itself, past all matches, is not believed.
func TestProgram_Forged(t *testing.T) {
	bus, desktop, address, _ := started(t)
	forger := bustest.Dial(t, address)
	var names []string
	if err := forger.BusObject().Call("org.freedesktop.DBus.ListNames", 0).Store(&names); err != nil {
		t.Fatal(err)
	}
	e := event("forged.scope", 1000, 0)
	for _, name := range names {
		if strings.HasPrefix(name, ":") {
			forger.Send(signalTo(name, reprieve1.Held, e), nil)
		}
	}
	if err := forger.BusObject().Call("org.freedesktop.DBus.ListNames", 0).Err; err != nil {
		t.Fatal(err) // The bus has passed on what came before.
	}
	bus.emit(t, reprieve1.Held, event("real.scope", 1000, 0))
	if got := desktop.next(t); !strings.Contains(got, "real.scope is held") {
		t.Errorf("the desktop is told %q, want the real hold alone", got)
	}
}

// signalTo is a signal for one connection.
func signalTo(name, signal string, e reprieve1.Event) *dbus.Message {
	return &dbus.Message{Type: dbus.TypeSignal, Body: e.Body(), Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldDestination: dbus.MakeVariant(name), dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath(reprieve1.Path)),
		dbus.FieldInterface: dbus.MakeVariant(reprieve1.Interface), dbus.FieldMember: dbus.MakeVariant(signal),
		dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(e.Body()...)),
	}}
}

// Ensure nothing stays on the screen when the daemon, or who speaks for it, is gone, and that the next one is listened to.
func TestProgram_Lost(t *testing.T) {
	bus, desktop, address, _ := started(t)
	for name, leave := range map[string]func(){
		"the daemon": func() { bus.connected(t, false) },
		"reprieve-bus": func() {
			if _, err := bus.conn.ReleaseName(reprieve1.Name); err != nil {
				t.Fatal(err)
			}
			bus = newBus(t, address)
		},
	} {
		bus.emit(t, reprieve1.Held, event("a.scope", 1000, 0))
		if got := desktop.next(t); !strings.Contains(got, "a.scope is held") {
			t.Errorf("%s: a hold is shown as %q", name, got)
		}
		leave()
		if got := desktop.next(t); !strings.HasSuffix(got, " closed") {
			t.Errorf("without %s the desktop is told %q, want the notification closed", name, got)
		}
	}
	bus.emit(t, reprieve1.Held, event("b.scope", 1000, 0))
	if got := desktop.next(t); !strings.Contains(got, "b.scope is held") {
		t.Errorf("then a hold is shown as %q", got)
	}
}
