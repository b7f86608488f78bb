package notify

import (
	"strconv"
	"time"
)

// WatchdogInterval is the time within which the service manager wants each
// next Watchdog: WatchdogSec= of the unit, from WATCHDOG_USEC and WATCHDOG_PID
// as getenv gives them (sd_watchdog_enabled(3)). Send one at half of it. It is
// 0, no watchdog, where the first is missing or no positive number of
// microseconds, or the second names a process other than pid.
func WatchdogInterval(getenv func(string) string, pid int) time.Duration {
	if p := getenv("WATCHDOG_PID"); p != "" && p != strconv.Itoa(pid) {
		return 0
	}
	micros, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || micros <= 0 || micros > int64((1<<63-1)/time.Microsecond) {
		return 0
	}
	return time.Duration(micros) * time.Microsecond
}
