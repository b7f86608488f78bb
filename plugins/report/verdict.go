package report

import (
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
	}
	return v
}

func candidateOf(c *controller.Candidate) episodes.Candidate {
	return episodes.Candidate{
		Unit: c.Unit, UID: c.UID, Path: c.Path, Out: whyNot(c), Priority: c.Score.Priority, Preference: preference(c),
		FootprintBytes: c.Score.FootprintBytes, Bound: !c.Measured, ExcessBytes: c.Score.ExcessBytes,
		UsageBytes: c.UsageBytes, SwapBytes: c.SwapBytes, GainedBytes: c.Score.GrowthBytes, StalledUsec: c.Score.StallMicros,
		ScanRate: c.Score.ScanRate, Offences: c.Score.Offences, MinBytes: c.MinBytes,
	}
}
