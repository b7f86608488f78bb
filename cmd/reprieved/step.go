package main

import (
	"context"
	"time"

	"reprieve/configs"
	"reprieve/controller"
)

// stepJob has systemd take a step of the ladder: a signal to a unit, or a
// start of one.
type stepJob struct {
	d    *daemon
	s    *slice
	step configs.Step
	busy bool
	err  error
}

func (j *stepJob) Run() { j.err = j.ask() }

func (j *stepJob) ask() error {
	ctx, cancel := context.WithTimeout(context.Background(), min(j.step.Delay, reviveBound))
	defer cancel()
	if j.step.Signal == "" {
		return j.d.manager.StartUnit(ctx, j.step.Unit)
	}
	return j.d.manager.SignalUnit(ctx, j.step.Unit, j.step.To == "all", int32(j.step.SignalNumber()))
}

// Answer brings the machine systemd's answer. The job is free before that.
func (j *stepJob) Answer() {
	step, err := j.step, j.err
	j.busy = false
	j.d.carry(j.s, j.s.m.StepAnswered(j.d.now(), step, err, j.d.room()))
}

// takeStep has a step of the ladder taken.
func (d *daemon) takeStep(s *slice, c *controller.Decision) {
	j := &s.stepping
	if j.busy {
		j = &stepJob{} // systemd has not answered to the one before
	}
	*j = stepJob{d: d, s: s, step: c.Step, busy: true}
	if !d.starter.Give(j) {
		j.err = errBusy
		j.Answer()
	}
}

// notifyJob tells those who listen that a candidate is about to be stopped.
type notifyJob struct {
	d     *daemon
	s     *slice
	path  string
	inode uint64
	bound time.Duration // for all of them together
	busy  bool
	all   []controller.HookAnswer
}

func (j *notifyJob) Run() {
	ctx, cancel := context.WithTimeout(context.Background(), j.bound)
	defer cancel()
	for _, a := range j.d.hooks.Notify(ctx, j.path) {
		j.all = append(j.all, controller.HookAnswer{Name: a.Name, Took: a.Took, Err: a.Err})
	}
}

// Answer brings the machine what they said. The job is free before that.
func (j *notifyJob) Answer() {
	inode, all := j.inode, j.all
	j.busy = false
	j.d.carry(j.s, j.s.m.HooksAnswered(j.d.now(), inode, all, j.d.room()))
}

// notify has those who listen told. They have until the decision says.
func (d *daemon) notify(s *slice, c *controller.Decision) {
	j := &s.notifying
	if j.busy {
		j = &notifyJob{} // some of the last stop have not answered
	}
	*j = notifyJob{d: d, s: s, path: c.Victim.Path, inode: c.Victim.Inode, bound: c.Until - d.now(), busy: true}
	if !d.crier.Give(j) {
		j.Answer()
	}
}
