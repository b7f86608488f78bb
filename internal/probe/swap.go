package probe

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"reprieve/internal/figure"
)

// Left is a watched slice and its pressure.left.
type Left struct {
	Slice string
	Left  time.Duration // 0 is off.
}

// area is one line of /proc/swaps.
type area struct {
	kind             string // zram, partition or file
	sizeKiB, usedKiB uint64
}

// parseSwaps reads /proc/swaps. A line that it does not understand is passed over.
//
//	Filename				Type		Size		Used		Priority
//	/dev/zram0                              partition	4038652		0		100
//	/swap\040file                           file		2097148		1024		-2
func parseSwaps(text string) []area {
	var all []area
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 5 {
			continue
		}
		size, err := strconv.ParseUint(f[2], 10, 64)
		used, errUsed := strconv.ParseUint(f[3], 10, 64)
		if err != nil || errUsed != nil {
			continue // the heading
		}
		kind := f[1]
		if strings.HasPrefix(path.Base(f[0]), "zram") {
			kind = "zram"
		}
		all = append(all, area{kind, size, used})
	}
	return all
}

// Swap looks at what swap there is, and says what follows from it for the watched slices.
func Swap(p Places, watched []Left) []Finding {
	const name = "swap"
	text, err := p.read("/proc/swaps")
	if err != nil {
		return []Finding{note(name, "", "/proc/swaps cannot be read: %v", cause(err))}
	}
	areas := parseSwaps(text)
	if len(areas) == 0 {
		return withoutSwap(name, watched)
	}
	var sizeKiB, usedKiB uint64
	var on []string
	zram := true
	for _, a := range areas {
		sizeKiB, usedKiB = sizeKiB+a.sizeKiB, usedKiB+a.usedKiB
		on = append(on, fmt.Sprintf("%s on %s", figure.Size(a.sizeKiB<<10), medium(a.kind)))
		zram = zram && a.kind == "zram"
	}
	follows := "a slice under pressure stalls for seconds before anything gives, so that a limit on stall sees it"
	if zram {
		follows += "; what is swapped out stays in memory, compressed, so that a hold wins less room than on a disk"
	}
	findings := []Finding{good(name, "%s: %s", strings.Join(on, ", "), follows)}
	if free := sizeKiB - min(usedKiB, sizeKiB); free < sizeKiB/4 {
		findings = append(findings, note(name, "more swap, or see who is in it: reprievectl top, or memory.swap.current of the groups",
			"only %s of %s is free: from there on a host is watched as one without swap is", figure.Size(free<<10), figure.Size(sizeKiB<<10)))
		findings = append(findings, lefts(name, watched)...)
	}
	return findings
}

// withoutSwap says what looks where stall comes too late.
func withoutSwap(name string, watched []Left) []Finding {
	return append([]Finding{note(name, "a swap file, or zram (package systemd-zram-generator): with it a burst has somewhere to go, and a stall is seen sooner",
		"none: stall rises only in the last half second before the kernel's OOM killer. pressure.left looks how fast memory fills instead")},
		lefts(name, watched)...)
}

// lefts names the watched slices that do not look how fast memory fills.
func lefts(name string, watched []Left) []Finding {
	var blind []string
	for _, w := range watched {
		if w.Left == 0 {
			blind = append(blind, w.Slice)
		}
	}
	if len(blind) == 0 {
		return nil
	}
	slices.Sort(blind)
	return []Finding{note(name, "take left = \"0\" away from their [pressure] tables; the default is 3 s",
		"pressure.left is off for %s: nothing sees memory fill up there", strings.Join(blind, ", "))}
}

// medium says in words what swap is on.
func medium(kind string) string {
	switch kind {
	case "zram":
		return kind
	case "file":
		return "a file"
	}
	return "a " + kind
}
