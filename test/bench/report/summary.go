package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"reprieve/test/bench/result"
)

// What is wanted of the loads: of some that they are stopped, of the others that they live.
var (
	mustStop = []string{"steady", "noswap", "limit", "many"}
	mustLive = []string{"burst", "scan"}
)

// Summary returns one table over all loads of one suite's valid runs, or that it was not run yet: how long each controller let the limit be
// broken where somebody has to be stopped, whether it spared who should live, and who died besides.
func Summary(suite string, runs []result.Run) string {
	rows := [][]string{append(append([]string{"controller"}, slices.Concat(mustStop, mustLive)...), "innocent died", "kernel kills")}
	for _, name := range present(runs, suite, "") {
		row := []string{"`" + name + "`"}
		for _, load := range mustStop {
			row = append(row, overCell(of(runs, load, name)))
		}
		for _, load := range mustLive {
			row = append(row, lifeCell(of(runs, load, name)))
		}
		all := of(runs, "", name)
		rows = append(rows, append(row, innocent(bystanders(all)), strconv.FormatInt(kernelKills(all), 10)))
	}
	if len(rows) == 1 {
		return notRun + "\n"
	}
	return table(rows)
}

// overCell is the median of the seconds over the limit, and in how many runs the load was not stopped.
func overCell(g group) string {
	if len(g) == 0 {
		return "–"
	}
	text := number(g.spread(over).Median) + " s"
	if left := len(g) - stopped(g); left > 0 {
		text += fmt.Sprintf(", not stopped %d of %d", left, len(g))
	}
	return text
}

// lifeCell says in how many runs the load lived.
func lifeCell(g group) string {
	switch dead := stopped(g); {
	case len(g) == 0:
		return "–"
	case dead == 0:
		return "lives"
	default:
		return fmt.Sprintf("dies %d of %d", dead, len(g))
	}
}

// bystanders returns the runs without their loads among those who died.
func bystanders(g group) group {
	out := slices.Clone(g)
	for i := range out {
		out[i].Outcome.Innocent = slices.DeleteFunc(slices.Clone(out[i].Outcome.Innocent), func(name string) bool {
			return strings.TrimSuffix(name, ".service") == "load"
		})
	}
	return out
}
