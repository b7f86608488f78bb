package probe

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Connection is how systemd could be reached.
type Connection struct {
	Via string // "private" or "bus"; "" is neither.
	Err error  // Why neither.
}

// Systemd looks whether PID 1 is systemd, how it can be reached, and whether the managers of users have their sockets.
func Systemd(p Places, c Connection, root bool) []Finding {
	findings := []Finding{initSystem(p)}
	if findings[0].State == Bad {
		return findings
	}
	findings = append(findings, reached(c, root))
	if f, ok := userManagers(p, root); ok {
		findings = append(findings, f)
	}
	return findings
}

// initSystem looks for systemd: /run/systemd/system is what sd_booted(3) goes by.
func initSystem(p Places) Finding {
	const name = "systemd"
	if !p.there("/run/systemd/system") {
		comm, err := p.read("/proc/1/comm")
		if err != nil {
			comm = "unknown"
		}
		return bad(name, "boot with systemd; in a container, run it as PID 1", "PID 1 is no systemd (it is %q): there is nobody to stop a unit through", comm)
	}
	if v := systemdVersion(p); v != "" {
		return good(name, "systemd %s", v)
	}
	return good(name, "PID 1 is systemd")
}

// systemdVersion is the version of the library that systemd's programs share, by the name of its file
// (libsystemd-shared-257.so, also -257.9-1.fc42.so); "" where there is none, or several. For people only.
func systemdVersion(p Places) string {
	var versions []string
	for _, dir := range []string{"/usr/lib/systemd", "/usr/lib64/systemd", "/usr/lib/*/systemd", "/lib/systemd"} {
		found, _ := filepath.Glob(p.at(path.Join(dir, "libsystemd-shared-*.so"))) // the pattern is a good one
		for _, file := range found {
			version, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(file), "libsystemd-shared-"), "-")
			versions = append(versions, strings.TrimSuffix(version, ".so"))
		}
	}
	slices.Sort(versions)
	if versions = slices.Compact(versions); len(versions) != 1 {
		return ""
	}
	return versions[0]
}

// reached says which of the two ways leads to systemd.
func reached(c Connection, root bool) Finding {
	const name = "connection"
	switch {
	case c.Via == "private":
		return good(name, "systemd answers on its private socket, which needs no bus")
	case c.Via != "" && root:
		return note(name, "systemctl daemon-reexec makes the private socket anew",
			"systemd answers over the bus alone: without a bus a stop is a cgroup.kill, and Restart= brings units back")
	case c.Via != "":
		return good(name, "systemd answers over the bus; its private socket is for root")
	case !root:
		return note(name, "sudo reprievectl doctor", "systemd cannot be asked by this user: %v", c.Err)
	}
	return bad(name, "systemctl status, systemctl status dbus; journalctl -b _PID=1",
		"systemd answers neither on /run/systemd/private nor over the bus (%v): a stop is a cgroup.kill, and Restart= brings units back", c.Err)
}

// userManagers counts who has a manager whose units are stopped through its own socket. Without /run/user there are none.
func userManagers(p Places, root bool) (f Finding, ok bool) {
	const name, dir = "user managers", "/run/user"
	entries, err := os.ReadDir(p.at(dir))
	if err != nil {
		return note(name, "", "%s cannot be listed: %v", dir, cause(err)), !errors.Is(err, fs.ErrNotExist)
	}
	var there, hidden int
	var silent []string
	for _, e := range entries {
		_, err := os.Stat(p.at(path.Join(dir, e.Name(), "systemd", "private")))
		switch {
		case err == nil:
			there++
		case errors.Is(err, fs.ErrPermission):
			hidden++
		default:
			silent = append(silent, e.Name())
		}
	}
	switch {
	case len(entries) == 0:
		return Finding{}, false
	case hidden > 0 && !root:
		return note(name, "sudo reprievectl doctor", "those of other users cannot be seen by this user"), true
	case len(silent) > 0:
		return note(name, "systemctl status user@"+silent[0]+".service",
			"none listens for uid %s: units there are stopped by cgroup.kill, and their Restart= may bring them back", strings.Join(silent, ", ")), true
	}
	return good(name, "%d, whose units are stopped through their own sockets", there), true
}

// Killers names other memory killers that are active. seen is false where systemd could not be asked.
func Killers(active []string, seen bool) []Finding {
	const name = "other killers"
	if !seen {
		return []Finding{note(name, "", "systemd could not be asked whether another memory killer is active")}
	}
	if len(active) == 0 {
		return []Finding{good(name, "no other memory killer is active")}
	}
	var findings []Finding
	for _, unit := range active {
		remedy := "systemctl disable --now " + unit
		if unit == "systemd-oomd.service" {
			remedy = "reprievectl check names the slices that both watch; ManagedOOMMemoryPressure=auto and ManagedOOMSwap=auto there, or " + remedy
		}
		findings = append(findings, note(name, remedy,
			"%s is active: where it watches the same groups it takes the stall of a hold for pressure, and may kill who is only held", unit))
	}
	return findings
}
