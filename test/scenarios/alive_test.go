//go:build guest

package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"reprieve/test/watch"
)

// running returns the first process of every service that runs, by the service's name, from the cgroup tree: systemctl show of all
// services takes an emulated CPU seconds.
func (g *guest) running() map[string]string {
	g.t.Helper()
	pids := map[string]string{}
	err := filepath.WalkDir(watch.CgroupRoot, func(path string, entry fs.DirEntry, err error) error {
		if err != nil && !watch.Gone(err) {
			return err
		}
		if entry == nil || !entry.IsDir() || !strings.HasSuffix(path, ".service") {
			return nil
		}
		text, err := os.ReadFile(path + "/cgroup.procs")
		if err != nil && !watch.Gone(err) {
			return err
		}
		first := 0
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil && (first == 0 || pid < first) {
				first = pid
			}
		}
		if first != 0 {
			pids[filepath.Base(path)] = strconv.Itoa(first)
		}
		return nil
	})
	if err != nil {
		g.t.Fatal(err)
	}
	return pids
}

// witness notes who runs: all of them must still run, with the same process, when the scenario ends, but those it lets die.
func (g *guest) witness() {
	g.t.Helper()
	g.alive = g.running()
	if len(g.alive) < 3 {
		g.t.Fatalf("running services = %v, want the system's own at least", g.alive)
	}
}

// lets names services that may die in this scenario.
func (g *guest) lets(die ...string) {
	for _, service := range die {
		g.mortal[service] = true
	}
}

// checkAlive asserts that no innocent died, nor died and came back.
func (g *guest) checkAlive() {
	g.t.Helper()
	now := g.running()
	for service, want := range g.alive {
		got := now[service]
		if got == want || g.mortal[service] || (got == "" && g.property(service, "Type") == "oneshot") {
			continue // what runs to its end by itself is nobody's victim
		}
		g.t.Errorf("first process of %s = %q, want %s as before", service, got, want)
	}
}

// cpuTicks returns the CPU time that the daemon has used, user and system, in ticks: fields 14 and 15 of /proc/PID/stat.
func (g *guest) cpuTicks() int {
	g.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", g.mainPID("reprieved.service")))
	if err != nil {
		g.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name, field 2, may hold spaces
	fields := strings.Fields(rest)
	user, userErr := strconv.Atoi(fields[14-3])
	system, systemErr := strconv.Atoi(fields[15-3])
	if err := errors.Join(userErr, systemErr); err != nil {
		g.t.Fatalf("/proc/PID/stat %q: %v", text, err)
	}
	return user + system
}

// beat is where the canary of a scenario writes.
const beat = "/run/canary"

// ticks returns how often the canary has ticked since it started.
func (g *guest) ticks() int {
	g.t.Helper()
	var ticks, worstMicros int
	text, err := os.ReadFile(beat)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	if err == nil {
		_, err = fmt.Sscan(string(text), &ticks, &worstMicros)
	}
	if err != nil {
		g.t.Fatalf("the canary's beat %q: %v", text, err)
	}
	return ticks
}
