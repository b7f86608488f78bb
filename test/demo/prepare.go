package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	keeper = "keeper.service" // in batch-a.slice
	hog    = "hog.service"    // in batch-b.slice
	canary = "canary.service" // in batch-c.slice
)

const introduction = `
batch.slice may use 256M of memory, and has three leaf slices: a keeper that holds 40M, a hog that grows by 40M a second, and a
canary that ticks twenty times a second. Reprieve watches batch.slice: when all tasks in it stall for 10% of a second, it holds
what grows, and stops the largest leaf when 8 s of that did not help.

`

const policy = `[pressure]
full = "10%"
[hold]
delay = "8s"
`

const load = "/run/payload/load"

// prepare makes the slices and starts all but the hog.
func prepare() error {
	for path, text := range map[string]string{
		"/etc/reprieve/slices/batch.slice.toml": policy,
		"/run/systemd/system/batch.slice":       "[Slice]\nMemoryMax=256M\n",
		"/run/systemd/system/" + keeper:         service("batch-a.slice", "sleeper -keep 40M"),
		"/run/systemd/system/" + hog:            service("batch-b.slice", "hog -rate 40M -max 600M"),
		"/run/systemd/system/" + canary:         service("batch-c.slice", "canary"),
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, command := range [][]string{{"mkswap", swapDevice}, {"swapon", swapDevice}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", command, err, out)
		}
	}
	if err := systemctl("daemon-reload"); err != nil {
		return err
	}
	return systemctl("start", "reprieved.service", keeper, canary)
}

// swapDevice is the guest's empty disk for swap.
const swapDevice = "/dev/vdc"

func service(slice, verb string) string {
	return "[Service]\nSlice=" + slice + "\nExecStart=" + load + " " + verb + "\n"
}

func systemctl(args ...string) error {
	if out, err := exec.Command("systemctl", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("systemctl %s: %w\n%s", args, err, out)
	}
	return nil
}
