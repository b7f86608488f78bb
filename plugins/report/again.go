package report

import (
	"errors"
	"slices"
	"strings"

	"reprieve/controller"
	"reprieve/episodes"
)

// What a record may lack for another choice.
var (
	ErrOldVerdict = errors.New("it was written by an older reprieved, without what groups come to: nothing can be chosen from it again")
	ErrNotSampled = errors.New("this order goes by what happened since the breach, which was not read: " +
		"only an order with reclaim or offender has that read")
)

// Again makes the choice of a verdict once more from what the record has, and nothing else: by the same order it is the same. then is
// the order of the verdict's Pick. Who could not be stopped cannot be stopped by another order; those who are not listed are not
// compared, but count in the groups above them. The errors are ErrOldVerdict and ErrNotSampled.
func Again(v *episodes.Verdict, then, order controller.Order) (*episodes.Verdict, error) {
	if slices.ContainsFunc(v.Candidates, func(c episodes.Candidate) bool { return c.Born == 0 }) {
		return nil, ErrOldVerdict
	}
	if order.Samples() && !then.Samples() {
		return nil, ErrNotSampled
	}
	type ranked struct {
		episodes.Candidate
		as controller.Contender
	}
	all := make([]ranked, len(v.Candidates))
	for i, c := range v.Candidates {
		all[i] = ranked{c, contender(v, &c)}
	}
	slices.SortStableFunc(all, func(a, b ranked) int {
		switch {
		case a.Out == "" && b.Out != "":
			return -1
		case a.Out != "" && b.Out == "":
			return 1
		case a.Out != "":
			return 0 // as they were
		}
		return order.Compare(&a.as, &b.as)
	})
	again := *v
	again.Pick, again.Choice, again.Candidates = strings.Split(order.Name(), ", "), "", nil
	for i, c := range all {
		if c.Rank = 0; c.Out == "" {
			c.Rank = i + 1
		}
		again.Candidates = append(again.Candidates, c.Candidate)
	}
	return &again, nil
}

// contender is a candidate as it was compared.
func contender(v *episodes.Verdict, c *episodes.Candidate) controller.Contender {
	as := controller.Contender{Path: c.Path, Class: c.Class, Score: controller.Score{
		Priority: c.Priority, Born: c.Born, FootprintBytes: c.FootprintBytes, ExcessBytes: c.ExcessBytes, GrowthBytes: c.GainedBytes,
		SwapBytes: c.SwapBytes, StallMicros: c.StalledUsec, ScanRate: c.ScanRate, Offences: c.Offences,
	}}
	for _, g := range v.Groups {
		if !strings.HasPrefix(c.Path, g.Path+"/") {
			continue
		}
		above := controller.Group{Unit: g.Unit, Path: g.Path, Score: controller.Score{Priority: g.Priority, Born: g.Born}}
		if at := slices.IndexFunc(g.Sums, func(s episodes.Sum) bool { return s.Class == c.Class }); at >= 0 {
			s := &g.Sums[at]
			above.Score.FootprintBytes, above.Score.ExcessBytes, above.Score.SwapBytes = s.FootprintBytes, s.ExcessBytes, s.SwapBytes
			above.Score.GrowthBytes, above.Score.StallMicros = s.GainedBytes, s.StalledUsec
			above.Score.ScanRate, above.Score.Offences = s.ScanRate, s.Offences
		}
		as.Above = append(as.Above, above)
	}
	slices.SortFunc(as.Above, func(a, b controller.Group) int { return len(a.Path) - len(b.Path) })
	return as
}
