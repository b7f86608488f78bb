// Command reprievectl is the operator's tool: it says what the configuration of Reprieve means, and whether it is right.
// Of the running host it says besides which units a stop would take along. It lifts holds, through the daemon where one runs; nothing else of it needs one. It exits with 0, with 1 when it found something wrong, and with 2 when it was called wrongly.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }
