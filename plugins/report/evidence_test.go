package report

import (
	"testing"
	"time"

	"reprieve/controller"
	"reprieve/memcg"
)

// Ensure each evidence is rendered with its figures, and what was not asked for is left out.
func TestEvidence(t *testing.T) {
	all := controller.Grounds{
		Fits: controller.Pressing, FitsUnit: "b.slice", Usage: 209 * mib, Mark: memcg.Limit(206 * mib), HighRuns: 13,
		Others: controller.Calm, OthersUnit: "/system.slice", OthersStall: 1200, OthersLimit: 3000,
		Scarcity: controller.Calm, Host: controller.HostReading{AvailableBytes: 300 * mib, AvailableFloor: 20 * mib, SwapFreeBytes: 100 * mib, SwapFloor: 25 * mib},
		Futile: controller.Unknown, FutileUnit: "b.slice", ScanPages: 900, StealPages: 3,
		Kernel: controller.Pressing, OOM: 2,
	}
	const want = "fits=no b.slice 209M mark 206M high 13; others=no /system.slice full 12% limit 30%; scarce=no available 300M floor 20M swap 100M floor 25M; " +
		"futile=unknown b.slice scanned 900 reclaimed 3 pages; kernel=yes oom 2 oom_kill 0"
	if got := evidence(all); got != want {
		t.Errorf("evidence\n got %s\nwant %s", got, want)
	}
	frozen := controller.Grounds{Fits: controller.Calm, FitsUnit: "b.slice", Usage: 209 * mib, Mark: frozenMark}
	if got, want := evidence(frozen), "fits=yes b.slice 209M frozen"; got != want {
		t.Errorf("evidence of a frozen leaf = %q, want %q", got, want)
	}
	if got := evidence(controller.Grounds{}); got != "" {
		t.Errorf("evidence of nothing = %q, want none", got)
	}
}

// Ensure the sentence of a stop has the figures of what cut the wait short.
func TestCutBy(t *testing.T) {
	g := controller.Grounds{OthersUnit: "canary.slice", OthersStall: 4100, OthersLimit: 3000, FutileUnit: "b.slice", FutileFor: 1100 * time.Millisecond, ScanPages: 900, StealPages: 3}
	for why, want := range map[controller.Why]string{
		controller.BecauseOthers: " (canary.slice 41%, limit 30%)",
		controller.BecauseFutile: " (in b.slice for 1.1s: 900 pages scanned and 3 reclaimed in a tick, no swap, no page cache)",
		controller.BecauseExpiry: "",
	} {
		if got := cutBy(controller.Note{Why: why, Grounds: g}); got != want {
			t.Errorf("cutBy(%v) = %q, want %q", why, got, want)
		}
	}
}
