package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/memcg"
)

// rehearseFlag makes this program a dummy. It is no part of the usage: only a
// rehearsal starts it so, see playDummy.
const rehearseFlag = "-rehearse"

const (
	dummyBytes = 1 << 20          // what a dummy takes of memory, so that there is something to hold and to weigh
	dummyLife  = 10 * time.Second // a dummy that nobody kills ends by itself; longer than rehearsalBound
)

// dummy is a process that a rehearsal holds and kills: this program, which
// waits for it.
type dummy struct {
	process         *os.Process
	pidfd           int
	orders, answers *os.File // ours of the two pipes to it
	reaped          bool
}

// startDummy starts program as a dummy. It is in this process's own group
// until it is admitted elsewhere: the service's RestrictNamespaces= answers
// clone3(2), and with it CLONE_INTO_CGROUP, by ENOSYS (systemd's
// seccomp-util.c), since a filter cannot look into its arguments.
//
// It is killed when the thread ends that calls this, as with the whole
// process: the caller keeps its goroutine on its thread until it calls clear.
func startDummy(program string) (*dummy, error) {
	in, orders, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	answers, out, err := os.Pipe()
	if err != nil {
		orders.Close()
		return nil, err
	}
	defer out.Close()
	d := &dummy{pidfd: -1, orders: orders, answers: answers}
	d.process, err = os.StartProcess(program, []string{"reprieved", rehearseFlag}, &os.ProcAttr{
		Env: []string{"GOMAXPROCS=1"}, Files: []*os.File{in, out, os.Stderr}, Sys: &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL},
	})
	if err == nil {
		// Nobody else waits for it, so that its number is its own.
		d.pidfd, err = unix.PidfdOpen(d.process.Pid, 0)
	}
	if err != nil {
		d.clear(time.Now())
		return nil, err
	}
	return d, nil
}

// ready has the dummy take its memory, and waits until it has it.
func (d *dummy) ready(until time.Time) error {
	if _, err := d.orders.Write([]byte{'\n'}); err != nil {
		return fmt.Errorf("tell process %d to take memory: %w", d.process.Pid, err)
	}
	if err := d.answers.SetReadDeadline(until); err != nil {
		return err
	}
	var answer [1]byte
	_, err := d.answers.Read(answer[:])
	switch {
	case err == io.EOF:
		return fmt.Errorf("process %d ended as soon as it was started", d.process.Pid)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("wait for process %d to take %d bytes: %w", d.process.Pid, dummyBytes, memcg.ErrLate)
	}
	return err
}

// killed waits until the dummy has ended, and asks whether it was SIGKILL.
func (d *dummy) killed(until time.Time) error {
	state, err := d.wait(until)
	if err != nil {
		return err
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == unix.SIGKILL {
		return nil
	}
	return fmt.Errorf("process %d ended by %v, not by SIGKILL", d.process.Pid, state)
}

// wait reaps the dummy. A pidfd is readable when its process has ended.
func (d *dummy) wait(until time.Time) (*os.ProcessState, error) {
	for {
		rest := time.Until(until)
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(d.pidfd), Events: unix.POLLIN}}, int(max(rest, 0).Milliseconds()))
		switch {
		case n > 0:
			d.reaped = true
			return d.process.Wait()
		case err != nil && err != unix.EINTR:
			return nil, fmt.Errorf("poll process %d: %w", d.process.Pid, err)
		case rest <= 0:
			return nil, fmt.Errorf("wait for the end of process %d: %w", d.process.Pid, memcg.ErrLate)
		}
	}
}

// clear ends the dummy, whatever became of it. One that the kernel does not
// let go by the deadline is reaped when it does.
func (d *dummy) clear(until time.Time) {
	d.orders.Close()
	d.answers.Close()
	if d.process != nil && !d.reaped {
		_ = d.process.Kill()
		if _, err := d.wait(until); err != nil {
			go d.process.Wait()
		}
	}
	if d.pidfd >= 0 {
		unix.Close(d.pidfd)
	}
}

// playDummy is all that this program does as a dummy: when it hears from in it
// takes its memory and says so, and then it waits to be killed, for dummyLife
// at most, or until nobody has the other end of in.
func playDummy(in io.Reader, out io.Writer) int {
	time.AfterFunc(dummyLife, func() { os.Exit(exitFailure) })
	// The daemon's own -1000, which it got with its life, would make it
	// immune: one that no stop chooses.
	if err := os.WriteFile("/proc/self/oom_score_adj", []byte("0"), 0); err != nil {
		fmt.Fprintf(os.Stderr, "<4>%v\n", err)
	}
	var order [1]byte
	if _, err := in.Read(order[:]); err != nil {
		return exitFailure
	}
	// New pages, charged to the group that it is in now: the heap may have its
	// memory from a huge page that was charged before.
	memory, err := unix.Mmap(-1, 0, dummyBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return exitFailure
	}
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
	if _, err := out.Write([]byte{'\n'}); err != nil {
		return exitFailure
	}
	_, _ = io.Copy(io.Discard, in)
	return exitFailure
}
