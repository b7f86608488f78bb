package units

import (
	"errors"
	"syscall"
	"testing"
	"time"
)

// Ensure judgePeer can tell the user's own process from PID 1, whose uid root's
// manager shares, and from a process out of sight.
func TestJudgePeer(t *testing.T) {
	for _, tt := range []struct {
		cred syscall.Ucred
		uid  uint32
		want error
	}{
		{syscall.Ucred{Pid: 700, Uid: 1000, Gid: 5}, 1000, nil},
		{syscall.Ucred{Pid: 700, Uid: 0}, 0, nil},
		{syscall.Ucred{Pid: 1, Uid: 0}, 0, ErrWrongPeer},
		{syscall.Ucred{Pid: 1, Uid: 1000}, 1000, ErrWrongPeer},
		{syscall.Ucred{Pid: 0, Uid: 1000}, 1000, ErrWrongPeer},
		{syscall.Ucred{Pid: 700, Uid: 1001}, 1000, ErrWrongPeer},
		{syscall.Ucred{Pid: 700, Uid: 0}, 1000, ErrWrongPeer},
	} {
		if err := judgePeer(tt.cred, tt.uid); !errors.Is(err, tt.want) {
			t.Errorf("judgePeer(%+v, %d) = %v, want %v", tt.cred, tt.uid, err, tt.want)
		}
	}
}

// Ensure monotonicMicros can count microseconds.
func TestMonotonicMicros(t *testing.T) {
	began := time.Now()
	first := monotonicMicros()
	time.Sleep(time.Millisecond)
	second := monotonicMicros()
	if took := uint64(time.Since(began).Microseconds()); second < first+1000 || second-first > took+1 {
		t.Errorf("monotonicMicros() = %d, then %d after at least 1000 and at most %d more", first, second, took+1)
	}
}
