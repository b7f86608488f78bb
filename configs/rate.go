package configs

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rate is a limit of how often something may be done: at most Count times in any time of length Per.
type Rate struct {
	Count int
	Per   time.Duration
}

// String returns the rate as it is written in a file: "3/1h".
func (r Rate) String() string { return fmt.Sprintf("%d/%s", r.Count, FormatDuration(r.Per)) }

// parseRate reads "3/1h": a whole number without a sign, a slash, and a duration.
func parseRate(text string) (Rate, bool) {
	number, duration, found := strings.Cut(text, "/")
	count, err := strconv.ParseUint(number, 10, 31)
	if !found || err != nil {
		return Rate{}, false
	}
	per, ok := parseDuration(duration)
	return Rate{Count: int(count), Per: per}, ok
}
