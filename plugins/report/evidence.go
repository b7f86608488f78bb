package report

import (
	"fmt"
	"strings"

	"reprieve/controller"
)

// evidence renders what a judgment went by, one word an evidence and its
// figures behind it: "fits=no batch-b.slice 209M mark 206M high 13; others=yes ...".
// What was not asked for is left out.
func evidence(g controller.Grounds) string {
	var all []string
	add := func(name string, e controller.Evidence, format string, args ...any) {
		answer := map[controller.Evidence]string{controller.Calm: "no", controller.Unknown: "unknown", controller.Pressing: "yes"}[e]
		if answer != "" {
			all = append(all, strings.TrimSpace(name+"="+answer+" "+fmt.Sprintf(format, args...)))
		}
	}
	// "fits" is good news, all others are bad.
	fits := map[controller.Evidence]controller.Evidence{controller.Calm: controller.Pressing, controller.Unknown: controller.Unknown, controller.Pressing: controller.Calm}[g.Fits]
	if g.Mark == frozenMark {
		add("fits", fits, "%s %s frozen", g.FitsUnit, size(g.Usage))
	} else {
		add("fits", fits, "%s %s mark %s high %d", g.FitsUnit, size(g.Usage), size(uint64(g.Mark)), g.HighRuns)
	}
	if g.OthersUnit != "" {
		add("others", g.Others, "%s full %s limit %s", g.OthersUnit, percent(g.OthersStall), percent(g.OthersLimit))
	}
	add("scarce", g.Scarcity, "available %s floor %s swap %s floor %s", size(g.Host.AvailableBytes), size(g.Host.AvailableFloor),
		size(g.Host.SwapFreeBytes), size(g.Host.SwapFloor))
	add("futile", g.Futile, "%s scanned %d reclaimed %d pages", g.FutileUnit, g.ScanPages, g.StealPages)
	add("kernel", g.Kernel, "oom %d oom_kill %d", g.OOM, g.OOMKill)
	return strings.Join(all, "; ")
}

// meek says why a held leaf cannot be the cause.
func meek(n controller.Note) string {
	return fmt.Sprintf("neither grew nor had pages reclaimed for %s while others stall on", seconds(n.Took))
}

// cutBy gives the numbers of what cut a wait short.
func cutBy(n controller.Note) string {
	g := n.Grounds
	switch n.Why {
	case controller.BecauseOthers:
		return fmt.Sprintf(" (%s %s, limit %s)", g.OthersUnit, percent(g.OthersStall), percent(g.OthersLimit))
	case controller.BecauseScarce:
		return fmt.Sprintf(" (%s available, %s of swap)", size(g.Host.AvailableBytes), size(g.Host.SwapFreeBytes))
	case controller.BecauseFutile:
		return fmt.Sprintf(" (in %s for %s: %d pages scanned and %d reclaimed in a tick, no swap, no page cache)",
			g.FutileUnit, seconds(g.FutileFor), g.ScanPages, g.StealPages)
	}
	return ""
}
