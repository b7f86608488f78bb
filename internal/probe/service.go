package probe

import (
	"fmt"
	"math"
	"path"
	"strconv"

	"golang.org/x/sys/unix"

	"reprieve/internal/figure"
)

// reprieved is the service, and ownSlice the slice that protects it.
const (
	reprieved = "reprieved.service"
	ownSlice  = "reprieve.slice"
	seeLog    = "journalctl -b -u reprieved; systemctl status reprieved"
)

// Service is what systemd says of reprieved.service, properties as in org.freedesktop.systemd1(5).
type Service struct {
	Seen         bool   // systemd answered; without it nothing else counts.
	LoadState    string // "loaded"; "not-found", "masked" and others.
	ActiveState  string // "active", "failed" and others.
	FileState    string // UnitFileState: "enabled", "disabled" and others.
	NeedReload   bool   // A unit file changed and systemd was not told.
	MemlockBytes uint64 // LimitMEMLOCK; 2^64-1 is no limit.
	Capabilities uint64 // CapabilityBoundingSet, a bit each.
	HasLimits    bool   // The last two were answered.
}

// Installed looks whether the service is there, enabled and running, and whether its unit lets it lock its memory.
func Installed(p Places, s Service) []Finding {
	if !s.Seen {
		return []Finding{note("service", "", "systemd could not be asked about %s", reprieved)}
	}
	findings := []Finding{serviceState(s)}
	if s.LoadState != "loaded" {
		return findings
	}
	if s.FileState != "enabled" && s.FileState != "enabled-runtime" {
		findings = append(findings, note("service", "systemctl enable reprieved", "it does not start at boot: %s is %q", reprieved, s.FileState))
	}
	if s.NeedReload {
		findings = append(findings, note("service", "systemctl daemon-reload", "a unit file or drop-in of %s changed and systemd does not know yet", reprieved))
	}
	findings = append(findings, mayLock(s))
	if s.ActiveState == "active" {
		findings = append(findings, protected(p))
	}
	return findings
}

// serviceState says how the service is.
func serviceState(s Service) Finding {
	const name = "service"
	switch {
	case s.LoadState == "not-found":
		return note(name, "install it, then systemctl enable --now reprieved", "%s is not installed", reprieved)
	case s.LoadState == "masked":
		return bad(name, "systemctl unmask reprieved", "%s is masked", reprieved)
	case s.LoadState != "loaded":
		return bad(name, "systemctl status reprieved", "systemd cannot load %s: %s", reprieved, s.LoadState)
	}
	switch s.ActiveState {
	case "active", "reloading":
		return good(name, "%s is active", reprieved)
	case "failed":
		return bad(name, seeLog, "%s failed: nothing is watched", reprieved)
	case "activating":
		return note(name, seeLog, "%s is starting, or tries again and again", reprieved)
	}
	return note(name, "systemctl start reprieved", "%s is %s: nothing is watched", reprieved, s.ActiveState)
}

// mayLock looks whether the daemon may lock its memory. internal/memlock refuses any finite limit without CAP_IPC_LOCK.
func mayLock(s Service) Finding {
	const name = "memory lock"
	switch {
	case !s.HasLimits:
		return note(name, "", "systemd did not say what %s may lock", reprieved)
	case s.MemlockBytes == math.MaxUint64:
		return good(name, "%s may lock its memory (LimitMEMLOCK=infinity)", reprieved)
	case s.Capabilities&(1<<unix.CAP_IPC_LOCK) != 0:
		return good(name, "%s may lock its memory (CAP_IPC_LOCK)", reprieved)
	}
	return bad(name, "LimitMEMLOCK=infinity in a drop-in: systemctl edit reprieved",
		"%s may lock %d bytes and has no CAP_IPC_LOCK: it would wait for its own pages when memory is short", reprieved, s.MemlockBytes)
}

// protected looks whether the slice around the daemon grants what the service asks for: without it MemoryMin= counts for nothing.
func protected(p Places) Finding {
	const name = ownSlice
	dir := path.Join(mount, ownSlice)
	whole, errWhole := p.bytes(path.Join(dir, "memory.min"))
	part, errPart := p.bytes(path.Join(dir, reprieved, "memory.min"))
	remedy := "Slice=" + ownSlice + " in " + reprieved + ", and MemoryMin=32M in both, as shipped"
	switch {
	case !p.there(dir):
		return note(name, remedy, "%s runs outside of it: nothing protects its memory", reprieved)
	case errWhole != nil || errPart != nil:
		return note(name, remedy, "memory.min of the daemon cannot be read: %v", cause(firstOf(errWhole, errPart)))
	case part == 0 || whole < part:
		return note(name, remedy, "the daemon's memory is not protected: memory.min is %d in the slice and %d in the service", whole, part)
	}
	return good(name, "it protects %s of the daemon's memory", figure.Size(part))
}

// bytes reads a limit of a group; "max" is the largest number.
func (p Places) bytes(file string) (uint64, error) {
	text, err := p.read(file)
	if err != nil {
		return 0, err
	}
	if text == "max" {
		return math.MaxUint64, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is neither max nor a number", text)
	}
	return n, nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Daemon is what a daemon that runs says of itself.
type Daemon struct {
	Seen     bool   // It answered.
	Unproved string // What the rehearsal at its start could not prove; "" is nothing.
	Locked   bool   // Its memory is locked.
	BadLoads int    // Configurations that a reload met and did not take.
}

// Proof tells what the daemon proved at its start. It makes no group of its own to hold and kill: the daemon does that, in
// the sandbox that counts.
func Proof(d Daemon) []Finding {
	const name = "kill path"
	if !d.Seen {
		return []Finding{note(name, "systemctl status reprieved, or journalctl -b -u reprieved -g rehears; as root, with the daemon running, this asks it",
			"it cannot be proved from here: the daemon holds, freezes and kills a group of its own at each start, and says what failed")}
	}
	findings := []Finding{good(name, "the daemon held, froze and killed a group of its own at its start")}
	if d.Unproved != "" {
		findings[0] = bad(name, seeLog, "the daemon could not prove all of it at its start: %s", d.Unproved)
	}
	if !d.Locked {
		findings = append(findings, note("memory lock", seeLog, "the daemon's memory is not locked"))
	}
	if d.BadLoads > 0 {
		findings = append(findings, bad("configuration", "reprievectl check, then systemctl reload reprieved",
			"the daemon runs with an earlier one: %d reloads met errors", d.BadLoads))
	}
	return findings
}
