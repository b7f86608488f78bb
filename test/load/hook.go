package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"reprieve/internal/varlink"
)

// prekill is the interface that is called before a stop, as systemd has it.
const prekill = "io.systemd.oom.Prekill"

// notifier is somebody who wants to be told of a stop that is about to begin, and what he does about it.
type notifier struct {
	log   string        // file to append a line to
	delay time.Duration // before the answer
	hang  bool          // instead of one
	grow  size          // bytes to take before it
}

// hook listens on a socket for io.systemd.oom.Prekill.Notify. What it is told it appends to -log, as "CGROUP populated N": whether
// processes were left in that group when it was ready to answer.
func hook(args []string) error {
	flags := flag.NewFlagSet("hook", flag.ExitOnError)
	socket := flags.String("socket", "", "path of the socket; what is there is removed")
	var n notifier
	flags.StringVar(&n.log, "log", "", "file to append a line to for each call")
	flags.DurationVar(&n.delay, "delay", 0, "wait so long before the answer")
	flags.BoolVar(&n.hang, "hang", false, "note the call and never answer")
	flags.Var(&n.grow, "grow", "take so many bytes of memory at each call, and keep them")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := os.Remove(*socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: *socket, Net: "unix"})
	if err != nil {
		return err
	}
	server := varlink.Serve(listener, varlink.Service{Interfaces: []varlink.Interface{{
		Name:        prekill,
		Description: "interface " + prekill + "\nmethod Notify(cgroup: string) -> ()\n",
		Methods:     map[string]varlink.Method{"Notify": n.notify},
	}}})
	defer server.Close()
	return forever()
}

func (n *notifier) notify(_ context.Context, in json.RawMessage) (any, error) {
	var told struct {
		Cgroup string `json:"cgroup"`
	}
	if err := varlink.Decode(in, &told); err != nil {
		return nil, err
	}
	if n.grow > 0 {
		m, err := reserve(n.grow)
		if err != nil {
			return nil, err
		}
		m.grow(int(n.grow))
	}
	time.Sleep(n.delay)
	if err := n.note(told.Cgroup); err != nil {
		return nil, err
	}
	if n.hang {
		return nil, forever()
	}
	return nil, nil
}

// note writes the line of one call.
func (n *notifier) note(cgroup string) error {
	events, err := os.ReadFile("/sys/fs/cgroup" + cgroup + "/cgroup.events")
	if err != nil {
		events = []byte(err.Error())
	}
	populated, _, _ := strings.Cut(string(events), "\n")
	f, err := os.OpenFile(n.log, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = fmt.Fprintf(f, "%s %s\n", cgroup, populated)
	return err
}
