package main

import (
	"context"
	"encoding/json"
	"time"

	"reprieve/internal/control"
	"reprieve/internal/reprieve1"
)

// askBound is how long org.reprieve1 may take to answer.
const askBound = 10 * time.Second

// answer is what org.reprieve1 says there is.
type answer struct {
	told   int // signals that were heard before it was asked
	status control.Status
	err    error
}

// ask asks who has the name for what was there before its signals were heard. One question at a time.
func (p *program) ask(ctx context.Context, answers chan<- answer) {
	if p.asking || p.owner == "" {
		return
	}
	p.asking = true
	a, object := answer{told: p.told}, p.system.Object(p.owner, reprieve1.Path)
	go func() {
		bounded, cancel := context.WithTimeout(ctx, askBound)
		defer cancel()
		var text string
		if a.err = object.CallWithContext(bounded, reprieve1.Interface+".Status", 0).Store(&text); a.err == nil {
			a.err = json.Unmarshal([]byte(text), &a.status)
		}
		select {
		case answers <- a:
		case <-ctx.Done():
		}
	}()
}

// answered shows the holds of an answer. One that a signal has overtaken may have a hold that is over, and is asked for again; who
// does not answer has nothing to tell, and says so when that changes.
func (p *program) answered(ctx context.Context, a answer, answers chan<- answer) {
	p.asking = false
	if a.told != p.told {
		p.ask(ctx, answers)
		return
	}
	if a.err != nil {
		return
	}
	for _, e := range p.desk.self.standing(p.mount, a.status) {
		p.screen.show(p.desk.take(reprieve1.Held, e, time.Now()))
	}
}
