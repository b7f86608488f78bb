package report

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprieve/controller"
	"reprieve/memcg"
)

// candidates have every way to be preferred and some to be left out.
func candidates() []controller.Candidate {
	all := []controller.Candidate{
		leaf("b.slice", 50, 410*mib), leaf("app.scope", 100, 20*mib), leaf("tame.service", 100, 20*mib),
		leaf("small.service", 100, 2*mib), leaf("gone.slice", 100, 0), leaf("omit.slice", 100, mib),
	}
	all[0].Preference, all[0].Forged = memcg.Prefer, true
	all[1].Measured, all[1].User, all[1].UID = false, true, 1000
	all[2].Preference, all[2].Tame = memcg.Avoid, true
	all[3].MinBytes = 16 * mib
	all[4].Unreadable, all[4].MinBytes = true, 16*mib
	all[5].Preference = memcg.Omit
	return all
}

// Ensure the table has all that counted, in columns.
func TestTable(t *testing.T) {
	want := `UNIT                    PRIORITY  FOOTPRINT  USAGE  PREFERENCE                                                                WHY NOT
b.slice                 50        410M       420M   prefer, xattr of its own ignored: not owned by root or the slice's owner  -
app.scope of user 1000  100       <20M       30M    -                                                                         -
tame.service            100       20M        30M    avoid, avoid (name chosen by its user)                                    -
small.service           100       2.0M       12M    -                                                                         below min (2.0M of 16M)
gone.slice              100       0B         10M    -                                                                         could not be read
omit.slice              100       1.0M       11M    omit                                                                      left out by user.oomd_omit
and 7 more`
	if diff := cmp.Diff(want, Table(controller.Note{Candidates: candidates(), Others: 7})); diff != "" {
		t.Errorf("Table: -want +got\n%s", diff)
	}
}

// Ensure whoever finds that nothing may be stopped says it of each candidate.
func TestMessage_Nobody(t *testing.T) {
	n := controller.Note{Kind: controller.NoteFailed, Slice: "batch.slice", Step: "find a candidate: none may be stopped", Candidates: candidates()[3:5]}
	want := "batch.slice: cannot find a candidate: none may be stopped (small.service: below min (2.0M of 16M); gone.slice: could not be read)"
	if got := Message(n); got != want {
		t.Errorf("Message(nobody)\n got %q\nwant %q", got, want)
	}
	n.Others, n.Err = 7, errors.New("too many")
	want = "batch.slice: cannot find a candidate: none may be stopped: too many (small.service: below min (2.0M of 16M); gone.slice: could not be read; and 7 more)"
	if got := Message(n); got != want {
		t.Errorf("Message(nobody of many)\n got %q\nwant %q", got, want)
	}
}
