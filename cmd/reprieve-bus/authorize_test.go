package main

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"reprieve/internal/bustest"
	"reprieve/internal/control"
	"reprieve/internal/reprieve1"
)

// fakePolkit answers as a script says, and keeps what it was asked.
type fakePolkit struct {
	mu     sync.Mutex
	answer verdict
	fail   *dbus.Error
	asked  []asked
}

type asked struct {
	Kind, Name, Action string
	Flags              uint32
}

func (p *fakePolkit) check(who subject, action string, _ map[string]string, flags uint32, _ string) (verdict, *dbus.Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name, _ := who.Details["name"].Value().(string)
	p.asked = append(p.asked, asked{who.Kind, name, action, flags})
	return p.answer, p.fail
}

// script has polkit answer so, and returns what it was asked before.
func (p *fakePolkit) script(v verdict, fail *dbus.Error) []asked {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.asked
	if v.Details == nil {
		v.Details = map[string]string{}
	}
	p.answer, p.fail, p.asked = v, fail, nil
	return before
}

func startPolkit(t *testing.T, address string) *fakePolkit {
	t.Helper()
	p := &fakePolkit{}
	conn := bustest.Dial(t, address)
	err := conn.ExportMethodTable(map[string]any{"CheckAuthorization": p.check}, "/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.PolicyKit1.Authority")
	if err != nil {
		t.Fatal(err)
	}
	bustest.Own(t, conn, "org.freedesktop.PolicyKit1")
	return p
}

// Ensure what changes something is done for whom polkit lets and nobody else, and that polkit is asked about the caller
// itself, for the action, and may ask a person only where the call says so.
func TestAuthorize(t *testing.T) {
	h := newHost(t, anotherUser())
	conn := bustest.Dial(t, h.address)
	polkit := startPolkit(t, h.address)
	const interactive = dbus.FlagAllowInteractiveAuthorization
	for _, tt := range []struct {
		name   string
		answer verdict
		fail   *dbus.Error
		flags  dbus.Flags
		method string
		in     any
		done   string // by the daemon
		err    string
	}{
		{"may pause", verdict{Authorized: true}, nil, 0, "Pause", uint64(5), `pause {"usec":5}`, ""},
		{"may release all", verdict{Authorized: true}, nil, 0, "Release", "", "release {}", ""},
		{"may release one", verdict{Authorized: true}, nil, interactive, "Release", "a.slice", `release {"slice":"a.slice"}`, ""},
		{"one that is not watched", verdict{Authorized: true}, nil, 0, "Release", "none.slice", `release {"slice":"none.slice"}`, reprieve1.ErrorNoSuchSlice},
		{"may not", verdict{}, nil, 0, "Pause", uint64(5), "", "org.freedesktop.DBus.Error.AccessDenied"},
		{"may not, asked", verdict{Challenge: true}, nil, interactive, "Pause", uint64(5), "", "org.freedesktop.DBus.Error.AccessDenied"},
		{"would have to be asked", verdict{Challenge: true}, nil, 0, "Release", "", "", "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"},
		{"polkit fails", verdict{Authorized: true}, dbus.NewError("org.freedesktop.PolicyKit1.Error.Failed", []any{"no"}), 0, "Release", "", "", "org.freedesktop.DBus.Error.AccessDenied"},
		{"too long", verdict{Authorized: true}, nil, 0, "Pause", uint64(1) << 63, "", "org.freedesktop.DBus.Error.InvalidArgs"},
	} {
		polkit.script(tt.answer, tt.fail)
		h.daemon.done()
		err := callFlagged(conn, tt.flags, tt.method, tt.in)
		if got := errorName(err); got != tt.err || err != nil && got == "" {
			t.Errorf("%s: %s(%v) = %v, want %q", tt.name, tt.method, tt.in, err, tt.err)
		}
		if got := h.daemon.done(); got != tt.done {
			t.Errorf("%s: the daemon was asked for %q, want %q", tt.name, got, tt.done)
		}
		want := []asked{{"system-bus-name", conn.Names()[0], "org.reprieve1." + strings.ToLower(tt.method), 0}}
		if tt.flags == interactive {
			want[0].Flags = 1
		}
		if tt.name == "too long" {
			want = nil
		}
		if diff := cmp.Diff(want, polkit.script(verdict{}, nil)); diff != "" {
			t.Errorf("%s: polkit was asked: -want +got\n%s", tt.name, diff)
		}
	}
}

// callFlagged calls a method of the manager; godbus's own Call keeps this flag back.
func callFlagged(conn *dbus.Conn, flags dbus.Flags, method string, in any) error {
	m := &dbus.Message{Type: dbus.TypeMethodCall, Flags: flags, Body: []any{in}, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldDestination: dbus.MakeVariant(reprieve1.Name), dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath(reprieve1.Path)),
		dbus.FieldInterface: dbus.MakeVariant(reprieve1.Interface), dbus.FieldMember: dbus.MakeVariant(method),
		dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(in)),
	}}
	return (<-conn.Send(m, make(chan *dbus.Call, 1)).Done).Err
}

// Ensure root alone may where there is no polkit, and is not asked for where there is.
func TestAuthorize_NoPolkit(t *testing.T) {
	h := newHost(t, anotherUser())
	err := manager(bustest.Dial(t, h.address)).Call(reprieve1.Interface+".Pause", 0, uint64(5)).Err
	if errorName(err) != "org.freedesktop.DBus.Error.AccessDenied" || !strings.Contains(err.Error(), "for root alone") {
		t.Errorf("Pause() of who is not root = %v, want it denied", err)
	}
	if got := h.daemon.done(); got != "" {
		t.Errorf("the daemon was asked for %q, want nothing", got)
	}
	h = newHost(t, trustedUser())
	polkit := startPolkit(t, h.address)
	var released uint32
	if err := manager(bustest.Dial(t, h.address)).Call(reprieve1.Interface+".Pause", 0, uint64(5)).Store(&released); err != nil || released != 2 {
		t.Errorf("Pause() of root = %d, %v, want 2", released, err)
	}
	if got := polkit.script(verdict{}, nil); len(got) > 0 {
		t.Errorf("polkit was asked about root: %v", got)
	}
}

// Ensure the shipped policy lets nobody but root have the name.
func TestPolicy_Own(t *testing.T) {
	address := bustest.Start(t, bustest.Closed+shippedPolicy(t, "4294967294"))
	conn := bustest.Dial(t, address)
	err := newService(t.Context(), conn, control.Client{}, 0, testWriter{t}).serve()
	if err == nil || !strings.Contains(err.Error(), "take the name org.reprieve1") {
		t.Errorf("serve() as somebody else than root = %v, want the name refused", err)
	}
}

// Ensure a second service ends at once, and one whose bus is gone ends with an error.
func TestServe_Ends(t *testing.T) {
	h := newHost(t, trustedUser())
	err := newService(t.Context(), bustest.Dial(t, h.address), control.Client{}, 0, testWriter{t}).serve()
	if err == nil || !strings.Contains(err.Error(), "is taken") {
		t.Errorf("a second service: serve() = %v, want the name taken", err)
	}
	address := bustest.Start(t, bustest.Open)
	conn := bustest.Dial(t, address)
	ended := make(chan error, 1)
	go func() {
		ended <- newService(t.Context(), conn, control.Client{Socket: "/nonexistent"}, 0, testWriter{t}).serve()
	}()
	for client := bustest.Dial(t, address); !owned(t, client); {
		time.Sleep(time.Millisecond)
	}
	conn.Close()
	if err := within(t, "the end", ended); err == nil {
		t.Error("serve() = nil when the bus is gone, want an error, so that it is started again")
	}
}
