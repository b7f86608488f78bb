package units

import (
	"bytes"
	"context"
	"os"
	"sync"
	"time"

	godbus "github.com/godbus/dbus/v5"
)

// follower is told of what may change the answer of ManagedOOM, and tells of it once in a while. It is never behind: what is read
// after changed was called has everything that came before.
type follower struct {
	changed func()
	gather  time.Duration
	dropIns *os.File // nil: they cannot be watched.

	mu      sync.Mutex // Guards what follows.
	pending bool       // changed will be called.
	ended   bool
}

// FollowManagedOOM calls changed when the answer of [Manager.ManagedOOM] may have become another: at most once in Gather, so long after
// the first sign, from a goroutine of its own. It must not block for long. There is one follower at a time, until Run returns; nil ends
// it, and it may be called once more while that happens.
//
// The signs are those of systemd: a reload that is over, a slice that was loaded, a start or an end of systemd-oomd; files that
// "systemctl set-property" writes, for which systemd sends no signal (seen with 252; in core/dbus-cgroup.c the properties are not
// marked as ones whose change is told); and a new connection, before which there may have been any. An error says that the files
// cannot be watched; the rest is followed all the same.
func (m *Manager) FollowManagedOOM(changed func()) error {
	var f *follower
	var err error
	if changed != nil {
		f = &follower{changed: changed, gather: m.o.Gather}
		f.dropIns, err = watchDropIns(m.o.ControlDirs, f.soon)
	}
	if old := m.follow.Swap(f); old != nil {
		old.end()
	}
	return err
}

// soon has changed called, unless it will be anyhow.
func (f *follower) soon() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pending || f.ended {
		return
	}
	f.pending = true
	time.AfterFunc(f.gather, f.call)
}

func (f *follower) call() {
	f.mu.Lock()
	f.pending = false
	ended := f.ended
	f.mu.Unlock()
	if !ended {
		f.changed()
	}
}

func (f *follower) end() {
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
	if f.dropIns != nil {
		f.dropIns.Close()
	}
}

// oomdPath is the object of systemd-oomd.service.
const oomdPath = unitPrefix + "systemd_2doomd_2eservice"

// heard is given a signal, or as much of it as the reader's buffer holds, and decides without decoding: decoding costs a hundred
// allocations, and PID 1 sends signals of every unit. One too many does no harm.
func (f *follower) heard(message []byte) {
	has := func(text string) bool { return bytes.Contains(message, []byte(text+"\x00")) }
	switch {
	case has("Reloading"):
		// Its body is one boolean: whether it begins.
		if begins := len(message) >= headBytes && bytes.ContainsAny(message[len(message)-4:], "\x01"); !begins {
			f.soon()
		}
	case has("UnitNew") && has(".slice"), has("PropertiesChanged") && has(oomdPath):
		f.soon()
	}
}

// subscribe asks for the signals of a follower where they do not come by themselves, which is over the bus.
func (m *Manager) subscribe(ctx context.Context, l *link) error {
	if l.via != ViaBus || m.follow.Load() == nil || l.subscribed.Load() {
		return nil
	}
	const from = "type='signal',sender='" + systemdName + "',"
	return m.inside(ctx, m.slots, func() error {
		for _, rule := range []string{
			from + "interface='" + systemdName + ".Manager',member='Reloading'",
			from + "interface='" + systemdName + ".Manager',member='UnitNew'",
			from + "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',path='" + oomdPath + "'",
		} {
			if err := l.bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.AddMatch", 0, rule).Err; err != nil {
				return judge(ctx, l, err)
			}
		}
		object := l.bus.Object(systemdName, godbus.ObjectPath("/org/freedesktop/systemd1"))
		err := object.CallWithContext(ctx, systemdName+".Manager.Subscribe", 0).Err
		l.subscribed.Store(err == nil)
		return judge(ctx, l, err)
	})
}
