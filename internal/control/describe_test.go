package control

import (
	"strings"
	"testing"
)

// Ensure the description has each method and error, and every type that is sent once.
func TestDescription(t *testing.T) {
	got := Description()
	for _, want := range []string{
		"\ninterface io.reprieve.Control\n", "\nmethod Status() -> (", "\nmethod Plan(slice: string) -> (", "\nmethod Pause(usec: int) -> (released: int)",
		"\nmethod Release(slice: ?string)", "\nmethod Monitor() -> (\n  kind: string,", "\n  uid: int,", "\n  deadlineUnixUsec: int", "\nerror NoSuchSlice(slice: string)", "\nerror NoAnswer()", "\nerror Failed(message: string)",
		"\n  episode: ?Now", "\n  slices: []Slice", "\n  candidates: []Candidate", "\n  fullPercent: float", "\n  at: string", "\ntype Tally (", "\ntype Histogram (",
	} {
		if strings.Count(got, want) == 0 {
			t.Errorf("%q is not in the description:\n%s", want, got)
		}
	}
	for _, name := range []string{"Slice", "Histogram", "Candidate", "Verdict", "Hold", "Last", "Limits"} {
		if n := strings.Count(got, "\ntype "+name+" ("); n != 1 {
			t.Errorf("type %s is described %d times, want once", name, n)
		}
	}
	for _, method := range []string{MethodStatus, MethodPlan, MethodPause, MethodRelease, MethodMonitor} {
		if !strings.Contains(got, "\nmethod "+strings.TrimPrefix(method, Interface+".")+"(") {
			t.Errorf("%s is not in the description", method)
		}
	}
}
