package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"reprieve/test/bench/plan"
	"reprieve/test/bench/result"
)

// notRun is what stands where nothing was measured.
const notRun = "not run yet"

// title names a load for people; what it does is in the documentation.
func title(load string) string {
	return map[string]string{
		"steady": "A steady hog, with swap",
		"noswap": "A steady hog, without swap",
		"limit":  "A slice at its own memory.max",
		"many":   "Many small processes",
		"burst":  "A burst that ends by itself",
		"scan":   "A file scan",
	}[load]
}

// Tables returns the tables of one suite's valid runs, with its chart in front, or that it was not run yet.
func Tables(suite string, runs []result.Run, chart string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "### %s\n\n", suite)
	if len(runs) == 0 {
		return out.String() + notRun + "\n"
	}
	out.WriteString(provenance(runs))
	if Chart(suite, runs) != "" {
		fmt.Fprintf(&out, "\n![Seconds from the breach to the empty group](%s)\n", chart)
	}
	for _, load := range plan.Loads() {
		fmt.Fprintf(&out, "\n#### %s (`%s`)\n\n%s", title(load), load, loadTable(suite, load, runs))
	}
	fmt.Fprintf(&out, "\n#### What the controllers themselves cost\n\n%s", costTable(suite, runs))
	return out.String()
}

// provenance says what was measured: kernel, versions, rounds.
func provenance(runs []result.Run) string {
	versions, rounds := map[string]bool{}, 0
	for _, run := range runs {
		rounds = max(rounds, run.Round)
		if run.Build != "" {
			versions["reprieved, build "+run.Build] = true
		} else if run.Version != "" {
			versions[strings.TrimSuffix(run.Controller, "-fast")+" "+run.Version] = true
		}
	}
	var names []string
	for name := range versions {
		names = append(names, name)
	}
	slices.Sort(names)
	return fmt.Sprintf("Kernel %s; %s; rounds: %d; runs: %d. %s\n", runs[len(runs)-1].Kernel, strings.Join(names, ", "), rounds, len(runs), still(runs))
}

// still says whether the CPUs of the guests did their part.
func still(runs []result.Run) string {
	looked, stood, most := 0, 0, int64(0)
	for _, run := range runs {
		if run.StoodMicros == nil {
			continue
		}
		looked++
		if *run.StoodMicros > 0 {
			stood, most = stood+1, max(most, *run.StoodMicros)
		}
	}
	if looked == 0 {
		return "Whether a CPU of the guests stood still was not looked at."
	}
	of := "of all runs"
	if looked < len(runs) {
		of = fmt.Sprintf("of the %d runs that were looked at", looked)
	}
	if stood == 0 {
		return fmt.Sprintf("A CPU of the guest stood still for a second in none %s.", of)
	}
	return fmt.Sprintf("A CPU of the guest stood still in %d %s, for %.1f s at most.", stood, of, float64(most)/1e6)
}

// loadTable has a row for each controller that ran with the load.
func loadTable(suite, load string, runs []result.Run) string {
	controllers := present(runs, suite, load)
	if len(controllers) == 0 {
		return notRun + "\n"
	}
	rows := [][]string{{"controller", "breach to empty, s", "× " + base, "over the limit, s", "stall of guard.slice, some / full, ms",
		"of system.slice", "canary's ticks kept", "p99, ms", "worst, ms", "load stopped", "innocent died", "kernel kills"}}
	for _, name := range controllers {
		g := of(runs, load, name)
		rows = append(rows, []string{
			"`" + name + "`",
			span(g.spread(reaction)),
			times(g.ratio(reaction, of(runs, load, base))),
			span(g.spread(over)),
			span(g.spread(some(guard))) + " / " + number(g.spread(full(guard)).Median),
			span(g.spread(some(system))) + " / " + number(g.spread(full(system)).Median),
			percent(g.spread(ticks)),
			span(g.spread(p99)),
			span(g.spread(worst)),
			stops(g),
			innocent(g),
			strconv.FormatInt(kernelKills(g), 10),
		})
	}
	return table(rows)
}

// costTable has a row for each controller that is a program.
func costTable(suite string, runs []result.Run) string {
	rows := [][]string{{"controller", "CPU in calm, ms/s", "× " + base, "wake-ups in calm, 1/s", "without swap", "CPU in a crisis, ms/s", "own stall, ms", "group's peak, MiB",
		"VmRSS, MiB", "major faults", "restarted"}}
	for _, name := range present(runs, suite, "") {
		g := of(runs, "", name)
		if g.spread(crisisCPU).N == 0 {
			continue
		}
		swap, noSwap := of(runs, "steady", name), of(runs, "noswap", name)
		rows = append(rows, []string{
			"`" + name + "`",
			span(swap.spread(calmCPU)),
			times(swap.ratio(calmCPU, of(runs, "steady", base))),
			span(swap.spread(calmWakeUps)),
			span(noSwap.spread(calmWakeUps)),
			span(g.spread(crisisCPU)),
			span(g.spread(ownStall)),
			span(g.spread(ofCrisis(func(c *result.Crisis) float64 { return float64(c.PeakBytes) / mebibyte }))),
			span(g.spread(ofCrisis(func(c *result.Crisis) float64 { return float64(c.RSSBytes) / mebibyte }))),
			span(g.spread(ofCrisis(func(c *result.Crisis) float64 { return float64(c.MajorFaults) }))),
			strconv.Itoa(restarts(g)),
		})
	}
	if len(rows) == 1 {
		return notRun + "\n"
	}
	return table(rows)
}

func calmCPU(r result.Run) (float64, bool) {
	return ofCalm(func(c *result.Calm) float64 { return float64(c.CPUMicros) / millisecond })(r)
}

func calmWakeUps(r result.Run) (float64, bool) {
	return ofCalm(func(c *result.Calm) float64 { return float64(c.WakeUps) })(r)
}

func crisisCPU(r result.Run) (float64, bool) {
	return ofCrisis(func(c *result.Crisis) float64 {
		return float64(c.CPUMicros) / millisecond / (float64(max(c.Micros, 1)) / second)
	})(r)
}

func ownStall(r result.Run) (float64, bool) {
	return ofCrisis(func(c *result.Crisis) float64 { return float64(c.Stall.Some) / millisecond })(r)
}

// stopped counts the runs in which the load was gone at the end.
func stopped(g group) int {
	n := 0
	for _, run := range g {
		if run.Outcome.EmptyMicros != nil {
			n++
		}
	}
	return n
}

// stops says in how many runs the load was stopped, and in how many of them before a breach that anybody suffered from.
func stops(g group) string {
	text := fmt.Sprintf("%d of %d", stopped(g), len(g))
	if early := stopped(g) - g.spread(reaction).N; early > 0 {
		text += fmt.Sprintf(", %d before a breach", early)
	}
	return text
}

func restarts(g group) int {
	n := 0
	for _, run := range g {
		if run.Crisis != nil && run.Crisis.Restarted {
			n++
		}
	}
	return n
}

func kernelKills(g group) int64 {
	var n int64
	for _, run := range g {
		n += run.Outcome.OOMKills
	}
	return n
}

// innocent names those that died and should not have, each with the number of runs in which it did.
func innocent(g group) string {
	count := map[string]int{}
	var names []string
	for _, run := range g {
		for _, name := range run.Outcome.Innocent {
			if count[name]++; count[name] == 1 {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return "none"
	}
	slices.Sort(names)
	for at, name := range names {
		names[at] = fmt.Sprintf("`%s` %d×", strings.TrimSuffix(name, ".service"), count[name])
	}
	return strings.Join(names, ", ")
}
