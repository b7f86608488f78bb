// Package scenarios tests the installed daemon against a real kernel and a real systemd, inside a guest.
//
// Its tests are built with the tag guest, and run as root by run.sh in a machine of their own that test/vm boots: they load
// slices, kill daemons and switch swap on. Each test is one scenario and ends with the same questions, asked in guest.check: is
// everybody alive who should be? Has the kernel's OOM killer stayed out of it? Is every memory.high what it was, and
// every memory.oom.group when the daemon has ended?
//
// The guest's CPUs are emulated, ten to twenty times slower than real ones. A scenario asserts orders, counts, ratios and lower
// bounds of a configured delay; never that something was quick. Every wait ends after the time in patience.
package scenarios
