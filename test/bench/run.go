package main

import (
	"flag"
	"io"
	"os"

	"reprieve/test/bench/guest"
)

// runVerb makes the runs of one session: bench run -suite S -round N -load L -build B CONTROLLER...
func runVerb(args []string, _ io.Reader, out io.Writer) error {
	var s guest.Session
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.StringVar(&s.Suite, "suite", "", "Debian's name of the release")
	flags.StringVar(&s.Build, "build", "", "name of the reprieved that is installed")
	flags.IntVar(&s.Round, "round", 1, "number of the round")
	flags.StringVar(&s.Load, "load", "", "name of the load")
	flags.BoolVar(&s.Journal, "journal", false, "print what the controllers say in the journal")
	flags.SetOutput(os.Stderr)
	if err := flags.Parse(args); err != nil {
		return err
	}
	s.Controllers = flags.Args()
	return s.Run(out)
}
