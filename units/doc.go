// Package units speaks to systemd: it names the unit behind a cgroup path,
// describes units, reads their memory limits, queues stop and start jobs and
// sends signals, each within a deadline.
//
// It is the only importer of go-systemd and godbus and keeps both at arm's
// length: one connection at a time, opened, watched and replaced by
// [Manager.Run]; no signal is decoded, no job is waited for, and no call
// outlives its context for the caller.
//
// It talks to PID 1 over /run/systemd/private, and over the system bus where
// that socket does not answer. The private socket needs no bus daemon and no
// polkit, but is lost at every daemon-reexec; the bus connection survives that,
// but needs dbus-daemon or dbus-broker alive and paged in.
//
// The units of a user manager (user@UID.service) are not PID 1's: [OfUser] names
// them and [Manager.StopUserUnit] stops them, over a connection that lasts one
// call and trusts the peer with nothing.
package units
