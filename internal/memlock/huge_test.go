package memlock

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Ensure the kernel says that the process has no huge pages afterwards.
func TestNoHugePages(t *testing.T) {
	if err := NoHugePages(); err != nil {
		t.Fatalf("NoHugePages() = %v", err)
	}
	if got, err := unix.PrctlRetInt(unix.PR_GET_THP_DISABLE, 0, 0, 0, 0); got != 1 || err != nil {
		t.Errorf("prctl PR_GET_THP_DISABLE = %d, %v, want 1", got, err)
	}
}
