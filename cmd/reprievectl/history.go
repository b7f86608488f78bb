package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"reprieve/episodes"
	"reprieve/internal/terminal"
)

// historyNewest is how many episodes are listed where nobody says how many.
const historyNewest = 20

// archive is where history and show find records, and how they write times.
type archive struct {
	store episodes.Store
	named bool // Somebody said where the records are.
	now   func() time.Time
	zone  *time.Location
	look  time.Duration // How often --follow looks for new records.
}

// thisArchive is that of the host.
func thisArchive() archive {
	return archive{store: episodes.Store{Dir: episodes.DefaultDir}, now: time.Now, zone: time.Local, look: time.Second}
}

// missing says what an error of the store is to who asks. A host without records has no folder yet; to name one that is not
// there is a slip of the pen.
func (a archive) missing(err error) error {
	if a.named || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("no records: there is no %s; reprieved makes it with the first episode that it records", a.store.Dir)
}

// history is one call of the verb.
type history struct {
	archive
	filter         episodes.Filter
	asJSON, follow bool
	stdout, stderr io.Writer

	table historyTable
	code  int
}

// listHistory lists episodes, the newest last. It ends by itself or, with --follow, by a signal.
func listHistory(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	return historyAt(ctx, args, stdout, stderr, thisArchive())
}

func historyAt(ctx context.Context, args []string, stdout, stderr io.Writer, from archive) int {
	h := history{archive: from, stdout: stdout, stderr: stderr}
	newest := -1
	operands, ok := parse("history", args, stderr, func(set *flag.FlagSet) {
		set.Func("n", "", func(text string) (err error) {
			newest, err = parseNumber(text, 0)
			return err
		})
		set.Func("since", "", func(text string) (err error) {
			h.filter.Since, err = parseSince(text, from.now().In(from.zone))
			return err
		})
		set.BoolVar(&h.asJSON, "json", false, "")
		set.BoolVar(&h.follow, "follow", false, "")
		set.StringVar(&h.store.Dir, "dir", from.store.Dir, "")
	})
	if !ok {
		return exitUsage
	}
	h.filter.Slice = strings.Join(operands, "")
	if h.filter.Slice != "" && !strings.HasSuffix(h.filter.Slice, ".slice") {
		fmt.Fprintf(stderr, "reprievectl history: %q is no slice; the name of one ends with .slice, as in batch.slice\n", h.filter.Slice)
		return exitUsage
	}
	if newest < 0 && h.filter.Since.IsZero() {
		newest = historyNewest
	}
	h.named = h.store.Dir != from.store.Dir
	h.table = newHistoryTable(from.now(), from.zone, terminal.Colours(stdout))
	if h.follow {
		h.followFrom(ctx, max(newest, 0))
	} else {
		h.filter.Newest = max(newest, 0)
		h.list()
	}
	return h.code
}

// list writes what there is.
func (h *history) list() {
	all, err := h.store.List(h.filter)
	if err != nil && (h.named || !errors.Is(err, fs.ErrNotExist)) {
		h.fail(err)
		return
	}
	slices.Reverse(all)
	good := []episodes.Summary{} // none are [] in JSON, not null
	for _, r := range h.store.Summaries(all) {
		if s, ok := h.judge(r); ok {
			good = append(good, s)
		}
	}
	switch {
	case h.asJSON:
		h.written(writeJSON(h.stdout, good))
	case len(all) == 0:
		fmt.Fprintf(h.stderr, "reprievectl history: %s\n", h.none(err))
	case len(good) > 0:
		h.written(h.table.write(h.stdout, good))
	}
}

// judge returns what was read of a record, or names it where it is bad. One that was removed meanwhile, since there are
// newer ones, is none.
func (h *history) judge(r episodes.Reading) (episodes.Summary, bool) {
	switch {
	case errors.Is(r.Err, fs.ErrNotExist):
		return episodes.Summary{}, false
	case r.Err != nil:
		h.fail(r.Err)
		return episodes.Summary{}, false
	}
	return r.Summary, true
}

// fail says what is wrong, and that the call failed.
func (h *history) fail(err error) {
	fmt.Fprintf(h.stderr, "reprievectl history: %v\n", err)
	h.code = exitFindings
}

// written takes the error of an output.
func (h *history) written(err error) {
	if err != nil {
		h.fail(fmt.Errorf("write: %w", err))
	}
}

// none says why nothing is listed.
func (h *history) none(missing error) string {
	all, _ := h.store.List(episodes.Filter{})
	switch {
	case missing != nil:
		return fmt.Sprintf("%v: reprievectl status says whether it runs and what it watches", h.archive.missing(missing))
	case len(all) == 0:
		return fmt.Sprintf("no records: none in %s; nothing was in breach, or reprieve.toml has records = 0", h.store.Dir)
	}
	return fmt.Sprintf("no such records: of the %d in %s, from %s to %s, none is asked for", len(all), h.store.Dir,
		all[len(all)-1].Began.In(h.zone).Format(time.DateTime), all[0].Began.In(h.zone).Format(time.DateTime))
}
