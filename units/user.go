package units

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// userQuotaBytes is what one call to a user manager may make us keep in memory,
// login and decoded messages together. The answer to StopUnit is 80 bytes; the
// peer is in the hands of the user, and godbus itself would read a line without
// end or a message of 128 MiB.
const userQuotaBytes = 64 << 10

// StopUserUnit queues a stop job (mode "replace") for a unit of the user manager
// of uid, as [OfUser] names it, and returns when that manager has queued it. It
// makes a connection of its own to UserSocket(uid) and closes it again, all
// within ctx, which CallTimeout bounds; Run need not have connected. It is not
// repeated.
//
// The socket lies in a directory of the user, who may put anything there:
// another socket, a link to one, a peer that hangs or lies. So before a byte is
// sent the kernel is asked who listens, and the answer has a quota. What a
// forger gains is that his own unit is not stopped this way.
//
// Every error is a *JobError around one of: ErrBadName; ErrWrongPeer;
// ErrDisconnected, when there is no such socket, nobody listens, the connection
// is lost or Run has returned; ErrNoAnswer; ErrNoSuchUnit; or what the manager
// answered. At most MaxCalls of these are under way at once, in places of their
// own: a peer that hangs never takes one from a call to PID 1.
func (m *Manager) StopUserUnit(ctx context.Context, uid uint32, unit string) error {
	if !validName(unit) {
		return badName("stop", unit)
	}
	ctx, cancel := context.WithTimeout(ctx, m.o.CallTimeout)
	defer cancel()
	var l *link
	err := m.inside(ctx, m.userSlots, func() (err error) {
		l, err = m.dialUser(ctx, uid)
		return err
	})
	if err != nil {
		return &JobError{Verb: "stop", Unit: unit, Step: fmt.Sprintf("connect to the manager of uid %d", uid), Err: err}
	}
	defer l.close()
	err = m.inside(ctx, m.userSlots, func() error { return l.stop(ctx, unit) })
	if err != nil {
		return &JobError{Verb: "stop", Unit: unit, Step: stepQueueStop, Err: err}
	}
	return nil
}

// dialUser connects for as long as ctx lasts.
func (m *Manager) dialUser(ctx context.Context, uid uint32) (*link, error) {
	l, err := dialWay(ctx, way{
		path:       m.o.UserSocket(uid),
		check:      func(c net.Conn) error { return checkPeer(c, uid) },
		quotaBytes: userQuotaBytes,
	}, m.o.CallTimeout)
	switch {
	case err == nil, errors.Is(err, ErrWrongPeer):
		return l, err
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%w: %w: %w", ErrNoAnswer, ctx.Err(), err)
	}
	return nil, fmt.Errorf("%w: %w", ErrDisconnected, err)
}

// checkPeer asks the kernel who called listen(2) on the other end, SO_PEERCRED
// of unix(7). Links need no check of their own: whatever the path led to, it is
// the peer reached that counts, and no path can be swapped any more.
func checkPeer(c net.Conn, uid uint32) error {
	unix, ok := c.(*net.UnixConn)
	if !ok {
		return fmt.Errorf("%w: %T is no unix socket", ErrWrongPeer, c)
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrWrongPeer, err)
	}
	var cred *syscall.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err := errors.Join(err, credErr); err != nil {
		return fmt.Errorf("%w: read SO_PEERCRED: %w", ErrWrongPeer, err)
	}
	return judgePeer(*cred, uid)
}

// judgePeer refuses PID 1 for root too: the unit would be another one of the
// same name. Pid 0 is a process that cannot be seen from here, and a user
// manager can.
func judgePeer(cred syscall.Ucred, uid uint32) error {
	if cred.Uid != uid || cred.Pid <= 1 {
		return fmt.Errorf("%w: uid %d, pid %d, want uid %d and a pid above 1", ErrWrongPeer, cred.Uid, cred.Pid, uid)
	}
	return nil
}
