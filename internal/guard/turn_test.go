package guard

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const ms = time.Millisecond

// still is a guard without a thread, whose time the test moves.
type still struct {
	*Guard
	t    *testing.T
	time time.Duration
	told []Fired
}

func newStill(t *testing.T, after time.Duration) *still {
	t.Helper()
	s := &still{t: t}
	g, err := prepare(Options{
		After: after, Now: func() time.Duration { return s.time }, Report: func(f Fired) { s.told = append(s.told, f) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.release)
	s.Guard = g
	return s
}

// at looks at a time, as the thread would.
func (s *still) at(now time.Duration) time.Duration {
	s.time = now
	return s.turn()
}

// victim is a file that a verdict is written to.
type victim struct{ r, w int }

func newVictim(t *testing.T) *victim {
	t.Helper()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	v := &victim{p[0], p[1]}
	t.Cleanup(v.close)
	return v
}

func (v *victim) close() {
	for _, fd := range []*int{&v.r, &v.w} {
		if *fd >= 0 {
			unix.Close(*fd)
		}
		*fd = -1
	}
}

// got takes what was written since the last call.
func (v *victim) got() string {
	var buf [64]byte
	n, err := unix.Read(v.r, buf[:])
	if err != nil {
		return ""
	}
	return string(buf[:n])
}

func (s *still) sign(slot int, deadline time.Duration, v *victim, tag uint64) {
	s.t.Helper()
	if !s.Sign(slot, deadline, v.w, tag) {
		s.t.Fatalf("Sign(%d, %s) = false, want true", slot, deadline)
	}
}

func (s *still) wantGot(v *victim, want string) {
	s.t.Helper()
	if got := v.got(); got != want {
		s.t.Errorf("at %s the victim got %q, want %q", s.time, got, want)
	}
}

// Ensure a verdict is carried out once, when the deadline is past by After
// and not before, and told with how late it was.
func TestGuard_FiresOnce(t *testing.T) {
	s, v := newStill(t, 2*time.Second), newVictim(t)
	s.Beat(9900 * ms)
	s.sign(3, 10*time.Second, v, 77)
	for _, look := range []time.Duration{9900 * ms, 10100 * ms, 11999 * ms} {
		if got := s.at(look); got != 12*time.Second {
			t.Errorf("turn() at %s = %s, want 12s", look, got)
		}
		s.wantGot(v, "")
	}
	s.at(12010 * ms)
	s.wantGot(v, "1")
	want := Fired{Slot: 3, Tag: 77, Done: true, Late: 2010 * ms, Silent: 2110 * ms}
	if len(s.told) != 1 {
		t.Fatalf("%d reports, want 1", len(s.told))
	}
	told := s.told[0]
	if told != want {
		t.Errorf("told %+v, want %+v", told, want)
	}
	for range 3 {
		if got := s.at(s.time + time.Hour); got != never {
			t.Errorf("turn() = %s with nothing signed, want never", got)
		}
	}
	s.wantGot(v, "")
	if s.Sign(3, time.Hour, v.w, 78) || s.Withdraw(3) {
		t.Error("Sign, Withdraw of a verdict that was carried out = true, want false")
	}
	if got, ok := s.Taken(3); !ok || got != want {
		t.Errorf("Taken(3) = %+v, %v, want %+v, true", got, ok, want)
	}
	if got, ok := s.Taken(3); ok {
		t.Errorf("Taken(3) = %+v again, want it told once", got)
	}
	if !s.Withdraw(3) || !s.Sign(3, time.Hour, v.w, 78) {
		t.Error("Withdraw, Sign after Taken = false, want true")
	}
}

// Ensure silence counts from the last beat where that is after the deadline,
// and a loop that beats is never judged.
func TestGuard_Beats(t *testing.T) {
	s, v := newStill(t, 2*time.Second), newVictim(t)
	s.sign(0, time.Second, v, 1)
	for now := time.Duration(0); now < 20*time.Second; now += 100 * ms {
		s.Beat(now)
		if got, want := s.at(now), max(now, time.Second)+2*time.Second; got != want {
			t.Fatalf("turn() at %s = %s, want %s", now, got, want)
		}
	}
	s.wantGot(v, "")
	s.Beat(20 * time.Second)
	s.at(21999 * ms)
	s.wantGot(v, "")
	s.at(22 * time.Second)
	s.wantGot(v, "1")
}

// Ensure a verdict that was taken back, or replaced by another, is not carried out, and the
// descriptor that it had is not written to.
func TestGuard_Withdraw(t *testing.T) {
	s, a, b := newStill(t, time.Second), newVictim(t), newVictim(t)
	s.sign(0, time.Second, a, 1)
	for _, of := range []string{"a signed", "an empty"} {
		if !s.Withdraw(0) {
			t.Fatalf("Withdraw of %s slot = false, want true", of)
		}
	}
	s.wantUnloaded(0)
	s.at(time.Hour)
	s.wantGot(a, "")
	if _, ok := s.Taken(0); ok {
		t.Error("Taken(0) = true after Withdraw")
	}
	s.Beat(s.time)
	s.sign(0, s.time, a, 1)
	s.sign(0, s.time, b, 2)
	s.at(s.time + 2*time.Second) // it comes late itself
	s.at(s.time + time.Second)
	s.wantGot(a, "")
	s.wantGot(b, "1")
	if f, ok := s.Taken(0); !ok || f.Tag != 2 {
		t.Errorf("Taken(0) = %+v, %v, want tag 2", f, ok)
	}
	s.wantUnloaded(0)
}

// wantUnloaded checks that the number of an empty slot takes nothing.
func (s *still) wantUnloaded(slot int) {
	s.t.Helper()
	if errno := s.write(s.slots[slot].fd); errno != unix.EINVAL {
		s.t.Errorf("a write by an empty slot = %v, want EINVAL", errno)
	}
}

// Ensure the loop may close what it signed with, and have its number given to another file.
func TestGuard_OwnDescriptor(t *testing.T) {
	s, v := newStill(t, time.Second), newVictim(t)
	s.sign(0, time.Second, v, 1)
	s.sign(1, time.Minute, v, 1)
	number := v.w
	unix.Close(v.w)
	v.w = -1
	other := newVictim(t)
	if other.r != number && other.w != number {
		t.Fatalf("number %d was not given out again: %+v", number, other)
	}
	s.sign(0, time.Second, &victim{w: number}, 1) // the same victim, says the tag
	s.at(time.Second)
	s.at(2 * time.Second)
	s.wantGot(v, "1")
	s.wantGot(other, "")
}

// Ensure a verdict that was signed again since the thread judged it is not
// claimed by that judgment, not even with the same deadline.
func TestGuard_JudgmentIsOld(t *testing.T) {
	s, v := newStill(t, time.Second), newVictim(t)
	s.sign(0, time.Second, v, 1)
	s.time = time.Minute
	i, w := s.first()
	s.sign(0, time.Second, v, 1)
	s.fire(i, w, s.time)
	s.wantGot(v, "")
	if _, ok := s.Taken(0); ok {
		t.Error("Taken(0) = true, want the verdict to stand")
	}
}

// Ensure a deadline that is signed again counts, and only the first of those that are due is
// carried out; the next waits as long again.
func TestGuard_OneAtATime(t *testing.T) {
	s := newStill(t, time.Second)
	victims := make([]*victim, Slots)
	for i := range victims {
		victims[i] = newVictim(t)
		s.sign(i, time.Hour, victims[i], uint64(i)+100)
	}
	for i := range victims { // the last slot is due first
		s.sign(i, time.Duration(Slots-i)*ms, victims[i], uint64(i)+100)
	}
	for _, slot := range []int{-1, Slots} {
		if s.Sign(slot, time.Second, victims[0].w, 1) {
			t.Errorf("Sign(%d) = true, want it refused", slot)
		}
		if _, ok := s.Taken(slot); ok || !s.Withdraw(slot) {
			t.Errorf("Taken, Withdraw of %d: want nothing there", slot)
		}
	}
	next := s.at(0)
	for i := Slots - 1; i >= 0; i-- {
		s.at(next - 1)
		s.wantGot(victims[i], "")
		s.at(next)
		s.wantGot(victims[i], "1")
		if got := s.at(s.time); got != s.time+time.Second && i > 0 {
			t.Fatalf("turn() after a verdict at %s = %s, want a second later", s.time, got)
		}
		next = s.time + time.Second
	}
	for i, f := range s.told {
		if want := Slots - 1 - i; f.Slot != want || f.Tag != uint64(want)+100 {
			t.Errorf("report %d is of slot %d, tag %d, want slot %d", i, f.Slot, f.Tag, want)
		}
	}
	if len(s.told) != Slots {
		t.Errorf("%d reports, want %d", len(s.told), Slots)
	}
}

// Ensure a thread that comes back late itself gives the loop its time once
// more, and once only.
func TestGuard_Pardon(t *testing.T) {
	s, v := newStill(t, time.Second), newVictim(t)
	s.sign(0, time.Second, v, 1)
	s.at(0) // sleeps until 2 s
	if got, want := s.at(time.Minute), time.Minute+time.Second; got != want {
		t.Errorf("turn() after a minute without CPU = %s, want %s", got, want)
	}
	s.wantGot(v, "")
	s.at(2 * time.Minute)
	s.wantGot(v, "1")
}

// Ensure a write that fails is told with its errno, and is not tried again.
func TestGuard_WriteFails(t *testing.T) {
	s, v := newStill(t, time.Second), newVictim(t)
	s.sign(0, time.Second, v, 1)
	unix.Close(v.r) // EPIPE; the runtime ignores SIGPIPE but for descriptors 1 and 2
	v.r = -1
	s.at(time.Second)
	s.at(2 * time.Second)
	s.at(3 * time.Second)
	if f, ok := s.Taken(0); !ok || f.Errno != unix.EPIPE || !f.Done || len(s.told) != 1 {
		t.Errorf("Taken(0) = %+v, %v after %d reports, want EPIPE and one", f, ok, len(s.told))
	}
}

// Ensure a guard that is off signs nothing, keeps still when it is switched off, and wakes
// up when it is switched on.
func TestGuard_Off(t *testing.T) {
	s, v := newStill(t, 0), newVictim(t)
	if s.Sign(0, time.Second, v.w, 1) {
		t.Error("Sign = true with After 0, want false")
	}
	s.SetAfter(time.Second)
	s.sign(0, time.Second, v, 1)
	s.SetAfter(0)
	if got := s.at(time.Minute); got != never {
		t.Errorf("turn() = %s when off, want never", got)
	}
	s.wantGot(v, "")
	s.SetAfter(time.Second)
	s.at(time.Minute)
	s.wantGot(v, "1")
}

// Ensure a descriptor that is not open is refused, and what stood before is gone.
func TestGuard_SignClosed(t *testing.T) {
	s, v := newStill(t, time.Second), newVictim(t)
	s.sign(0, time.Second, v, 1)
	if s.Sign(0, time.Second, -1, 2) {
		t.Error("Sign of descriptor -1 = true, want false")
	}
	s.at(time.Minute)
	s.at(2 * time.Minute)
	s.wantGot(v, "")
}

// Ensure a word keeps the deadline, rounded up and within its bounds.
func TestWord_Deadline(t *testing.T) {
	for _, tt := range []struct{ deadline, want time.Duration }{
		{0, 0}, {-time.Second, 0}, {1, ms}, {ms, ms}, {1500 * time.Microsecond, 2 * ms},
		{365 * 24 * time.Hour, 365 * 24 * time.Hour}, {never, latest * ms},
	} {
		w := word(turnMask << stateBits).as(signed) // the count overflows
		got := w.sign(tt.deadline)
		if got.deadline() != tt.want || got.state() != signed || got == w {
			t.Errorf("sign(%s) has deadline %s, state %d, want %s, %d", tt.deadline, got.deadline(), got.state(), tt.want, signed)
		}
	}
}
