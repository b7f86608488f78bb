package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"reprieve/internal/control"
	"reprieve/internal/varlink"
)

// planVerb tells whom a stop would take now, and why. Nothing is done.
func planVerb(args []string, stdout, stderr io.Writer) int {
	return planAt(args, stdout, stderr, thisHost())
}

func planAt(args []string, stdout, stderr io.Writer, from source) int {
	slice, asJSON, ok := sliceAndJSON("plan", args, stderr)
	if !ok {
		return exitUsage
	}
	fail := func(of string, err error) {
		fmt.Fprintf(stderr, "reprievectl plan: %s%s\n", of, from.unanswered(strings.Join(append([]string{"plan"}, args...), " "), err))
	}
	slices, err := from.planned(slice)
	if err != nil {
		fail("", err)
		return exitFindings
	}
	code := exitOK
	plans := []control.Plan{}
	for _, one := range slices {
		p, err := from.client.Plan(context.Background(), one)
		// A slice that went since it was listed is not asked for, and one that cannot be weighed keeps nobody from the next.
		if e := (*varlink.Error)(nil); slice == "" && errors.As(err, &e) && e.Name == control.ErrorNoSuchSlice {
			continue
		}
		if err != nil {
			of := "" // who named a slice knows which it is
			if slice == "" {
				of = one + ": "
			}
			fail(of, err)
			code = exitFindings
			continue
		}
		plans = append(plans, p)
	}
	if asJSON {
		err = writeJSON(stdout, plans)
	} else if code == exitOK || len(plans) > 0 {
		_, err = io.WriteString(stdout, planText(plans))
	}
	if err != nil {
		fmt.Fprintln(stderr, "reprievectl plan: write:", err)
		return exitFindings
	}
	return code
}

// planned returns the slices to plan for: the one that was asked for, or all that are watched.
func (s source) planned(slice string) ([]string, error) {
	if slice != "" {
		return []string{slice}, nil
	}
	status, err := s.client.Status(context.Background())
	var names []string
	for _, one := range status.Slices {
		names = append(names, one.Unit)
	}
	return names, err
}
