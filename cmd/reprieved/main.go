// Reprieved is the daemon: it wires the rooms together and runs the event
// loop. Nothing in it decides; see package controller.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}
