// Package watch reads, inside a guest, what the daemon says in the journal and what becomes of the slices it watches. The scenarios
// and the demo are built on it. It reads the journal with journalctl and the cgroups by their files, with nothing of the daemon's own
// code, so that a mistake there is not made twice.
package watch
