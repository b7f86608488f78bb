package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"reprieve/internal/metrics"
)

// metricsVerb writes what the daemon tells as metrics for Prometheus. That it does not run is a metric, and no error.
func metricsVerb(args []string, stdout, stderr io.Writer) int {
	return metricsAt(args, stdout, stderr, thisHost())
}

func metricsAt(args []string, stdout, stderr io.Writer, from source) int {
	output := ""
	if _, ok := parse("metrics", args, stderr, func(set *flag.FlagSet) { set.StringVar(&output, "output", "", "") }); !ok {
		return exitUsage
	}
	in, err := metrics.Source{Client: from.client, Host: from.host}.Gather(context.Background())
	if err != nil {
		fmt.Fprintln(stderr, "reprievectl metrics:", from.unanswered("metrics", err))
		return exitFindings
	}
	if output == "" {
		err = metrics.Write(stdout, in)
	} else {
		err = metrics.WriteFile(output, in)
	}
	if err != nil {
		fmt.Fprintf(stderr, "reprievectl metrics: %v\n", err)
		return exitFindings
	}
	return exitOK
}
