package report

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"reprieve/controller"
)

// hooks tells how those who listen took the news of a stop; who did not answer
// comes first, since a sentence has room for a few only.
func hooks(n controller.Note) string {
	told := 0
	var well, badly []string
	for _, h := range n.Hooks {
		if asked(h) {
			told++
		}
		if h.Err == nil {
			well = append(well, fmt.Sprintf("%s answered in %s", path.Base(h.Name), millis(h.Took)))
		} else {
			badly = append(badly, unanswered(h, n.Took))
		}
	}
	number := verb(told, "1 was told", fmt.Sprintf("%d were told", told))
	if told == 0 {
		number = "nobody was told"
	}
	return fmt.Sprintf("%s that %s is about to be stopped: %s", number, who(n), names(append(badly, well...)))
}

// asked reports whether a hook was called at all.
func asked(h controller.HookAnswer) bool { return h.Err == nil || h.Took > 0 }

// unanswered tells why there is no answer. An error that begins with the name
// of the hook stands for itself.
func unanswered(h controller.HookAnswer, bound time.Duration) string {
	text := h.Err.Error()
	switch {
	case errors.Is(h.Err, context.DeadlineExceeded):
		return fmt.Sprintf("%s did not answer in %s", path.Base(h.Name), setting(bound))
	case strings.HasPrefix(text, h.Name):
		return text
	}
	return path.Base(h.Name) + ": " + text
}

// hooksField renders the same for programs, in the order of the note, with
// whole names.
func hooksField(n controller.Note) string {
	var all []string
	for _, h := range n.Hooks {
		how := "failed"
		switch {
		case h.Err == nil:
			how = millis(h.Took)
		case errors.Is(h.Err, context.DeadlineExceeded):
			how = "no answer"
		case !asked(h):
			how = "not asked"
		}
		all = append(all, h.Name+" "+how)
	}
	return strings.Join(all, "; ")
}

// allAnswered reports whether no hook failed.
func allAnswered(n controller.Note) bool {
	return !slices.ContainsFunc(n.Hooks, func(h controller.HookAnswer) bool { return h.Err != nil })
}

// millis renders a short time that was measured, in whole milliseconds, no less than one.
func millis(d time.Duration) string {
	return max((d + time.Millisecond/2).Truncate(time.Millisecond), time.Millisecond).String()
}
