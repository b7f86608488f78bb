package main

import (
	"fmt"
	"io"
	"strings"

	"reprieve/configs"
	"reprieve/memcg"
	"reprieve/plugins"
	"reprieve/units"
)

// explainPlaces is where explain finds the host.
type explainPlaces struct {
	mount string   // Of cgroup2.
	dirs  []string // Of the configuration, the first wins; nil is configs.DefaultDirs.
	// systemd is asked where managed_oom is on. The zero value is what a host has.
	systemd units.Options
}

// explanation is what holds for a slice, as --json has it.
type explanation struct {
	Slice    string         `json:"slice"`
	Watched  bool           `json:"watched"`
	Observe  bool           `json:"observe"`              // Nothing is held or stopped on this host, it is only told.
	Masked   string         `json:"masked"`               // The file that masks the slice; "" is none.
	Managed  string         `json:"managedOOM,omitempty"` // With managed_oom: what its unit's settings come to, where it has some or they are not known.
	Settings []explainedKey `json:"settings"`
	Matches  matches        `json:"matches"`

	byUnit bool // It is watched for what its unit says.
	policy configs.Policy
	daemon configs.Daemon
	named  []string // All slices that files name.
}

// explainedKey is one setting. Origin is FILE:LINE, "default" or "built in".
type explainedKey struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
}

// explain says what holds for a slice, why, and what it comes to on this host now.
func explain(args []string, stdout, stderr io.Writer) int {
	return explainAt(args, stdout, stderr, explainPlaces{mount: memcg.DefaultMount})
}

// explainAt is explain of a host that lies somewhere.
func explainAt(args []string, stdout, stderr io.Writer, at explainPlaces) int {
	slice, asJSON, ok := sliceAndJSON("explain", args, stderr)
	if !ok {
		return exitUsage
	}
	if _, err := units.SlicePath(slice); err != nil {
		fmt.Fprintf(stderr, "reprievectl explain: %v%s\n", err, onePrefix(slice))
		return exitUsage
	}
	set, err := configs.Load(configs.Options{Dirs: at.dirs, Names: plugins.Names()})
	if err != nil {
		fmt.Fprintln(stderr, err)
		fmt.Fprintln(stderr, "reprievectl explain: while the configuration has errors nothing can be said of it; reprievectl check has them as well")
		return exitFindings
	}
	found, err := withManaged(set, at.systemd)
	set = found.set
	e := explained(set, slice)
	e.managed(found, err)
	e.Matches = readFiles(at.dirs, slice, &e.policy)
	code := exitOK
	if err := e.Matches.look(at.mount, set, slice); err != nil {
		fmt.Fprintf(stderr, "reprievectl explain: list the cgroup tree: %v; what there is of %s now is not known\n", err, slice)
		code = exitFindings
	}
	if e.unknown() && code == exitOK {
		code = exitFindings // a slip of the pen, as a rule
	}
	if asJSON {
		err = writeJSON(stdout, e)
	} else {
		_, err = io.WriteString(stdout, e.String())
	}
	if err != nil {
		fmt.Fprintf(stderr, "reprievectl explain: write: %v\n", err)
		return exitFindings
	}
	return code
}

// explained takes what the configuration has of a slice.
func explained(set *configs.Set, slice string) *explanation {
	e := &explanation{Slice: slice, policy: set.Policy(slice), daemon: set.Daemon(), named: set.Named()}
	e.Watched, e.Masked, e.Observe = e.policy.Watched, e.policy.Masked, e.daemon.Observe
	for _, s := range e.policy.Settings() {
		e.Settings = append(e.Settings, explainedKey{Key: s.Key, Value: s.Value, Origin: s.Origin.String()})
	}
	return e
}

// managed notes what the settings of the slice's unit come to. That systemd does not answer is said and no failure: explain
// needs no host.
func (e *explanation) managed(found managedFound, err error) {
	m, ok := managedSlice(found.set, e.Slice)
	switch {
	case err != nil:
		e.Managed = err.Error()
	case found.refused != "":
		e.Managed = found.refused
	case ok && m.Ignored == "":
		e.byUnit, e.Managed = true, fmt.Sprintf("taken from its unit (managed_oom, %s)", e.daemon.Origins["compat.managed_oom"])
	case ok:
		e.Managed = fmt.Sprintf("its unit asks for it as well (managed_oom, %s), but %s %s", e.daemon.Origins["compat.managed_oom"], e.Slice, m.Ignored)
	}
}

// unknown reports whether neither a file of its own, nor its unit, nor a group speaks for the slice.
func (e *explanation) unknown() bool {
	return !e.byUnit && !e.Matches.named() && e.Matches.known && !e.Matches.There
}

// onePrefix says what to ask for instead of a prefix of slices, "user-.slice".
func onePrefix(name string) string {
	prefix, ok := strings.CutSuffix(name, "-.slice")
	if !ok || prefix == "" {
		return ""
	}
	return fmt.Sprintf("; ask for one slice that the prefix is for, as in %s-1000.slice", prefix)
}

// String is what explain prints: the answer, the settings, what they mean, and what they match now.
func (e *explanation) String() string {
	var t page
	t.paragraph("%s", e.answer())
	if e.Managed != "" && !e.byUnit {
		t.paragraph("systemd's units: %s.", e.Managed)
	}
	if e.Watched && e.Observe {
		t.paragraph("reprieved only observes (observe = true, %s): it decides all that follows and tells it in the journal, and holds and "+
			"stops nothing.", e.daemon.Origins["observe"])
	}
	t.settings(e.policy.Settings(), e.Matches.Files)
	if e.Watched {
		e.means(&t)
	} else {
		e.remedy(&t)
	}
	e.Matches.show(&t, e)
	return t.String()
}
