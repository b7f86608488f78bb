package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"reprieve/test/bench/plan"
	"reprieve/test/bench/result"
)

// orderFlags are those that say what was asked for; plan and collect both have them.
func orderFlags(flags *flag.FlagSet) (o *plan.Order, parse func([]string) error) {
	o = &plan.Order{}
	flags.StringVar(&o.Suite, "suite", "", "Debian's name of the release")
	flags.StringVar(&o.Build, "build", "", "name of the reprieved that is to be measured")
	flags.IntVar(&o.Rounds, "rounds", 5, "how many rounds")
	loads := flags.String("loads", "", "names of loads; all where there are none")
	controllers := flags.String("controllers", "", "names of controllers; all where there are none")
	flags.SetOutput(os.Stderr)
	return o, func(args []string) error {
		if err := flags.Parse(args); err != nil {
			return err
		}
		o.Loads, o.Controllers = strings.Fields(*loads), strings.Fields(*controllers)
		return o.Check()
	}
}

// planVerb prints what is still to be done, one session a line: "ROUND LOAD CONTROLLER...".
func planVerb(args []string, _ io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("plan", flag.ContinueOnError)
	file := flags.String("results", "", "file with the results so far")
	order, parse := orderFlags(flags)
	if err := parse(args); err != nil {
		return err
	}
	runs, err := result.ReadFile(*file)
	if err != nil {
		return err
	}
	for _, s := range plan.Sessions(*order, runs) {
		if _, err := fmt.Fprintln(out, s.Round, s.Load, strings.Join(s.Controllers, " ")); err != nil {
			return err
		}
	}
	return nil
}
