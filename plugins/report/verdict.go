package report

import (
	"slices"
	"strings"

	"reprieve/controller"
	"reprieve/episodes"
)

// VerdictOf is the choice that a note tells, in a form that outlives it.
func VerdictOf(n *controller.Note) *episodes.Verdict {
	v := &episodes.Verdict{Pick: strings.Split(n.Pick, ", "), Choice: choice(*n), Eligible: n.Eligible, Others: n.Others}
	rank := 0
	for i := range n.Candidates {
		c := candidateOf(&n.Candidates[i])
		if c.Out == "" {
			rank++
			c.Rank = rank
		}
		v.Candidates = append(v.Candidates, c)
		for j := range n.Candidates[i].Above {
			addGroup(v, &n.Candidates[i].Above[j], c.Class)
		}
	}
	return v
}

// addGroup puts a group above a candidate into the verdict, once for each class that was compared in it.
func addGroup(v *episodes.Verdict, g *controller.Group, class int) {
	at := slices.IndexFunc(v.Groups, func(known episodes.Group) bool { return known.Path == g.Path })
	if at < 0 {
		at = len(v.Groups)
		v.Groups = append(v.Groups, episodes.Group{Unit: g.Unit, Path: g.Path, Priority: g.Score.Priority, Born: g.Score.Born})
	}
	into := &v.Groups[at]
	if slices.ContainsFunc(into.Sums, func(s episodes.Sum) bool { return s.Class == class }) {
		return
	}
	into.Sums = append(into.Sums, episodes.Sum{
		Class: class, FootprintBytes: g.Score.FootprintBytes, ExcessBytes: g.Score.ExcessBytes, SwapBytes: g.Score.SwapBytes,
		GainedBytes: g.Score.GrowthBytes, StalledUsec: g.Score.StallMicros, ScanRate: g.Score.ScanRate, Offences: g.Score.Offences,
	})
}

func candidateOf(c *controller.Candidate) episodes.Candidate {
	return episodes.Candidate{
		Unit: c.Unit, UID: c.UID, Path: c.Path, Out: whyNot(c), Priority: c.Score.Priority, Preference: preference(c),
		Class: c.Class(), Born: c.Score.Born,
		FootprintBytes: c.Score.FootprintBytes, Bound: !c.Measured, ExcessBytes: c.Score.ExcessBytes,
		UsageBytes: c.UsageBytes, SwapBytes: c.SwapBytes, GainedBytes: c.Score.GrowthBytes, StalledUsec: c.Score.StallMicros,
		ScanRate: c.Score.ScanRate, Offences: c.Score.Offences, MinBytes: c.MinBytes,
	}
}
