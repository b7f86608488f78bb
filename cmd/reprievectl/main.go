// Command reprievectl is the operator's tool: it shows what the daemon does and did and what the configuration means, judges it and
// the host, and lifts holds, through the daemon where one runs. What it can do is the table in [verbs].
//
// It exits with 0, with 1 when something failed or is wrong, and with 2 when it was called wrongly; verbs that add a code say so in
// their help.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }
