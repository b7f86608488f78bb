package configs

import (
	"fmt"
	"time"
)

// ParseDuration reads a duration as the files of this package spell it: "1m30s", "1h", "1d12h". The error says what was
// read and what is allowed; bounds are the caller's.
func ParseDuration(text string) (time.Duration, error) {
	d, ok := parseDuration(text)
	if !ok {
		return 0, fmt.Errorf("%q is no duration; it is written as 90s, 10m, 1h30m or 1d", text)
	}
	return d, nil
}
