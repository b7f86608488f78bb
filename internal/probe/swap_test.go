package probe

import (
	"testing"
	"time"
)

// Ensure swap is told by what it is on, and a host without it by what looks there instead.
func TestSwap(t *testing.T) {
	const (
		swaps = "proc/swaps"
		head  = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
		zram  = "/dev/zram0                              partition\t4194304\t\t0\t\t100\n"
		file  = "/swap\\040file                           file\t\t12582912\t\t1024\t\t-2\n"
		full  = "/dev/sda2                               partition\t1048576\t\t1000000\t\t-2\n"
	)
	compare(t, []looked{
		{"zram", map[string]string{swaps: head + zram}, "good swap", []string{"4.0G on zram", "compressed"}},
		{"file", map[string]string{swaps: head + file}, "good swap", []string{"12G on a file"}},
		{"both", map[string]string{swaps: head + zram + file}, "good swap", []string{"4.0G on zram, 12G on a file"}},
		{"nearly used up", map[string]string{swaps: head + full}, "good swap, note swap *, note swap *",
			[]string{"1.0G on a partition", "only 47M of 1.0G", "off for batch.slice, user-*.slice"}},
		{"none", map[string]string{swaps: head}, "note swap *, note swap *", []string{"last half second", "off for batch.slice, user-*.slice"}},
		{"not to be seen", map[string]string{}, "note swap", nil},
		{"nonsense", map[string]string{swaps: head + "a b c d e\n"}, "note swap *, note swap *", nil},
	}, func(p Places) []Finding {
		return Swap(p, []Left{{"user-*.slice", 0}, {"-.slice", 3 * time.Second}, {"batch.slice", 0}})
	})
	compare(t, []looked{{"all look", map[string]string{swaps: head}, "note swap *", []string{"pressure.left looks"}}},
		func(p Places) []Finding { return Swap(p, []Left{{"-.slice", 3 * time.Second}}) })
}
