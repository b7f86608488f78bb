package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"reprieve/test/bench/report"
	"reprieve/test/bench/result"
)

// reportVerb writes the tables into a document between its marks, and the charts beside it: bench report -results DIR -document FILE
// SUITE... A chart that is there although there is nothing to draw is removed.
func reportVerb(args []string, _ io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	results := flags.String("results", "", "directory with SUITE.jsonl")
	document := flags.String("document", "", "Markdown file with the marks")
	flags.SetOutput(os.Stderr)
	if err := flags.Parse(args); err != nil {
		return err
	}
	var text strings.Builder
	for _, suite := range flags.Args() {
		runs, err := result.ReadFile(filepath.Join(*results, suite+".jsonl"))
		if err != nil {
			return err
		}
		valid := result.Valid(runs)
		chart := strings.TrimSuffix(*document, ".md") + "-" + suite + ".svg"
		if err := drawing(chart, report.Chart(suite, valid)); err != nil {
			return err
		}
		text.WriteString("\n" + report.Tables(suite, valid, filepath.Base(chart)))
		fmt.Fprintf(out, "bench: %s: %d runs in the tables, %d lines left out\n", suite, len(valid), len(runs)-len(valid))
	}
	before, err := os.ReadFile(*document)
	if err != nil {
		return err
	}
	after, err := report.Splice(string(before), text.String()+"\n")
	if err != nil {
		return fmt.Errorf("%s: %w", *document, err)
	}
	return os.WriteFile(*document, []byte(after), 0o644)
}

// drawing writes a picture, or removes the one that is there where there is none to write.
func drawing(path, text string) error {
	if text != "" {
		return os.WriteFile(path, []byte(text), 0o644)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
