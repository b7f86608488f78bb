package controller_test

import (
	"strings"
	"testing"
)

// Ensure a held leaf that neither grows nor reclaims is let go while others stall on, and stays free; and that nobody is let go who still
// runs into the mark, has pages reclaimed, or stands beside calm neighbours.
func TestMachine_Acquits(t *testing.T) {
	for _, tt := range []struct {
		name string
		tick func(b, c *group)
		want bool
	}{
		{"meek beside a stalled neighbour", func(_, c *group) { c.stall = 0.29 }, true},
		{"its pages are reclaimed", func(b, c *group) { c.stall = 0.29; b.scanned++ }, false},
		{"it pushes on", func(b, c *group) { c.stall = 0.29; b.grow = mib }, false},
		{"the neighbours are calm", func(_, c *group) { c.stall = 0 }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			a, b, c := hogs()
			p := policy()
			p.Hold.Urgent = 9000 // the neighbour does not cut the wait short
			s := w.slice("w.slice", rules(p), a, b, c)
			s.stall = 0.5
			held := false
			w.run(5*sec, func() {
				if b.leaf.Held() {
					if !held {
						b.usage -= 5 * mib
					}
					held, b.grow = true, 0
					tt.tick(b, c)
				}
			})
			story := strings.Join(w.log, ", ")
			if got := strings.Contains(story, "acquitted w-b.slice, lift w-b.slice"); got != tt.want {
				t.Errorf("let go %v, want %v: %s", got, tt.want, story)
			}
			if tt.want && strings.Count(story, "hold w-b.slice") != 1 {
				t.Errorf("held again after it was let go: %s", story)
			}
		})
	}
}
