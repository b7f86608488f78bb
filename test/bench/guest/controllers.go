package guest

import (
	"fmt"
	"os"
	"strings"
)

// A controller is who handles the pressure of a run: one at a time.
type controller struct {
	unit    string // "" for the kernel alone
	pkg     string // Debian's package; "" for reprieve, which is installed from the tree
	sockets string // more units to stop with it
	files   func() (map[string]string, error)
}

const (
	runUnits = "/run/systemd/system/"
	settings = "/run/bench/"
)

// controllerOf returns the controller of this name. Each peer is there with what Debian ships, pointed at the watched slice where it wants
// to be told of one, and as fast as is sane: at the same limit as reprieve where it goes by pressure, and where it goes by free memory
// with half of the swap in use.
func controllerOf(name string) (controller, error) {
	controllers := map[string]controller{
		"kernel":            {files: files(nil)},
		"reprieve-0":        {unit: "reprieved.service", files: reprieve("0s")},
		"reprieve-10":       {unit: "reprieved.service", files: reprieve("10s")},
		"systemd-oomd":      systemdOomd(files(nil), ""),
		"systemd-oomd-fast": systemdOomd(files(map[string]string{"/run/systemd/oomd.conf.d/50-bench.conf": "[OOM]\nDefaultMemoryPressureDurationSec=1s\n"}), "10%"),
		"oomd":              {unit: "oomd.service", pkg: "oomd", files: oomdShipped},
		"oomd-fast":         {unit: "oomd.service", pkg: "oomd", files: oomd(oomdFast)},
		"earlyoom":          {unit: "earlyoom.service", pkg: "earlyoom", files: files(nil)},
		"earlyoom-fast": {unit: "earlyoom.service", pkg: "earlyoom",
			files: files(start("earlyoom.service", "/usr/bin/earlyoom -r 3600 -m 15,10 -s 50,40"))},
		"nohang":      {unit: "nohang.service", pkg: "nohang", files: files(nil)},
		"nohang-fast": {unit: "nohang.service", pkg: "nohang", files: nohangFast},
	}
	c, ok := controllers[name]
	if !ok {
		return controller{}, fmt.Errorf("there is no controller %q", name)
	}
	return c, nil
}

func files(fixed map[string]string) func() (map[string]string, error) {
	return func() (map[string]string, error) { return fixed, nil }
}

// start is a drop-in that starts a service with another command.
func start(unit, line string) map[string]string {
	return map[string]string{runUnits + unit + ".d/bench.conf": "[Service]\nExecStart=\nExecStart=" + line + "\n"}
}

// reprieve watches the slice, and has the same delay for the host as a whole, whose other settings are those that are shipped.
func reprieve(delay string) func() (map[string]string, error) {
	return files(map[string]string{
		"/etc/reprieve/slices/" + watched + ".toml": "[pressure]\nfull = \"10%\"\n[hold]\ndelay = \"" + delay + "\"\n",
		"/etc/reprieve/slices/-.slice.d/bench.toml": "[hold]\ndelay = \"" + delay + "\"\n",
	})
}

// systemdOomd watches the slice by pressure, and the host by its swap as Debian ships it: the scenarios' image has that drop-in taken out.
func systemdOomd(more func() (map[string]string, error), limit string) controller {
	pressure := "[Slice]\nManagedOOMMemoryPressure=kill\n"
	if limit != "" {
		pressure += "ManagedOOMMemoryPressureLimit=" + limit + "\n"
	}
	return controller{unit: "systemd-oomd.service", pkg: "systemd-oomd", sockets: "systemd-oomd.socket", files: func() (map[string]string, error) {
		all := map[string]string{
			runUnits + watched + ".d/bench.conf": pressure,
			runUnits + "-.slice.d/bench.conf":    "[Slice]\nManagedOOMSwap=kill\n",
		}
		fixed, err := more()
		for path, text := range fixed {
			all[path] = text
		}
		return all, err
	}}
}

// oomd runs it with a configuration of ours, and without the option that Debian 12 ships for cgroup1, with which it does not start.
func oomd(config string) func() (map[string]string, error) {
	all := start("oomd.service", "/usr/bin/oomd --interval 1 --config "+settings+"oomd.json")
	all[settings+"oomd.json"] = config
	return files(all)
}

// oomdShipped is the shipped configuration with the watched slice in the place of user.slice.
func oomdShipped() (map[string]string, error) {
	text, err := os.ReadFile("/etc/oomd/oomd.json")
	if err != nil {
		return nil, err
	}
	config, err := replace(string(text),
		"user.slice/user-*.slice/session-*.scope,user.slice/user-*.slice/user@*.service/*", watched+"/*",
		`"user.slice"`, `"`+watched+`"`)
	if err != nil {
		return nil, fmt.Errorf("/etc/oomd/oomd.json: %w", err)
	}
	return oomd(config)()
}

const oomdFast = `{"rulesets": [
{"name": "pressure", "detectors": [["above 10 for 1s",
  {"name": "pressure_above", "args": {"cgroup": "` + watched + `", "resource": "memory", "threshold": "10", "duration": "1"}}]],
 "actions": [{"name": "kill_by_memory_size_or_growth", "args": {"cgroup": "` + watched + `/*"}}]},
{"name": "low swap", "detectors": [["half of it",
  {"name": "swap_free", "args": {"threshold_pct": "50"}}]],
 "actions": [{"name": "kill_by_swap_usage", "args": {"cgroup": "` + watched + `/*,system.slice/*"}}]}
]}
`

// nohangFast is the shipped configuration with the checks of pressure switched on and other thresholds.
func nohangFast() (map[string]string, error) {
	text, err := os.ReadFile("/etc/nohang/nohang.conf")
	if err != nil {
		return nil, err
	}
	config, err := assign(string(text), []string{
		"psi_checking_enabled", "True",
		"psi_excess_duration", "1",
		"psi_post_action_delay", "10",
		"max_sleep", "0.1",
		"warning_threshold_min_mem", "20 %",
		"warning_threshold_min_swap", "60 %",
		"soft_threshold_min_mem", "15 %",
		"soft_threshold_min_swap", "50 %",
		"soft_threshold_max_psi", "10",
		"hard_threshold_min_mem", "10 %",
		"hard_threshold_min_swap", "40 %",
		"hard_threshold_max_psi", "20",
	})
	if err != nil {
		return nil, fmt.Errorf("/etc/nohang/nohang.conf: %w", err)
	}
	all := start("nohang.service", "/usr/sbin/nohang --monitor --config "+settings+"nohang.conf")
	all[settings+"nohang.conf"] = config
	return all, nil
}

// replace puts each second string in the place of the one before it. One that is not there is an error: the file is another than it was
// written for.
func replace(text string, pairs ...string) (string, error) {
	for at := 0; at+1 < len(pairs); at += 2 {
		if !strings.Contains(text, pairs[at]) {
			return "", fmt.Errorf("it does not have %q", pairs[at])
		}
		text = strings.ReplaceAll(text, pairs[at], pairs[at+1])
	}
	return text, nil
}

// assign sets keys of a file of lines "KEY = VALUE". One that is not there is an error.
func assign(text string, pairs []string) (string, error) {
	lines := strings.Split(text, "\n")
	for at := 0; at+1 < len(pairs); at += 2 {
		found := false
		for i, line := range lines {
			if key, _, ok := strings.Cut(line, "="); ok && strings.TrimSpace(key) == pairs[at] {
				lines[i], found = pairs[at]+" = "+pairs[at+1], true
			}
		}
		if !found {
			return "", fmt.Errorf("it has no key %s", pairs[at])
		}
	}
	return strings.Join(lines, "\n"), nil
}
