package configs

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Share is a part of a whole in hundredths of a percent: 100% is 10000.
type Share uint32

// percent is 1% as a Share; whole is all of it.
const (
	percent Share = 100
	whole   Share = 100 * percent
)

// String returns the share as it is written in a file: "20%", "12.5%", "0.05%".
func (s Share) String() string {
	if s%percent == 0 {
		return fmt.Sprintf("%d%%", s/percent)
	}
	return strings.TrimRight(fmt.Sprintf("%d.%02d", s/percent, s%percent), "0") + "%"
}

// Of returns this share of a total in bytes, rounded down.
func (s Share) Of(totalBytes uint64) uint64 {
	// 128 bits between, so that no total overflows; a share above 100% is not made by this package, and saturates.
	high, low := bits.Mul64(totalBytes, uint64(s))
	if high >= uint64(whole) {
		return math.MaxUint64
	}
	quotient, _ := bits.Div64(high, low, uint64(whole))
	return quotient
}

// parseShare reads "20%" or "12.5%": digits, at most two of them after a point, and the sign. No more than 100%.
func parseShare(text string) (Share, bool) {
	number, ok := strings.CutSuffix(text, "%")
	if !ok {
		return 0, false
	}
	ones, fraction, point := strings.Cut(number, ".")
	if len(fraction) > 2 || point && fraction == "" {
		return 0, false
	}
	// "12.5" is 1250 hundredths; ParseUint takes no sign, no blank and no underscore.
	hundredths, err := strconv.ParseUint(ones+(fraction + "00")[:2], 10, 16)
	if ones == "" || err != nil || hundredths > uint64(whole) {
		return 0, false
	}
	return Share(hundredths), true
}

// Size is an amount of memory: bytes, or a share of a total that is known only later. At most one of the two is not 0.
type Size struct {
	Bytes uint64
	Share Share
}

// Of returns the size in bytes, where totalBytes is what a share is taken of; rounded down.
func (s Size) Of(totalBytes uint64) uint64 {
	if s.Share == 0 {
		return s.Bytes
	}
	return s.Share.Of(totalBytes)
}

// String returns the size as it is written in a file: "2%", "512M", "1000".
func (s Size) String() string {
	if s.Share != 0 {
		return s.Share.String()
	}
	for i := len(sizeUnits) - 1; i >= 0 && s.Bytes != 0; i-- {
		if shift := 10 * (i + 1); s.Bytes%(1<<shift) == 0 {
			return fmt.Sprintf("%d%c", s.Bytes>>shift, sizeUnits[i])
		}
	}
	return strconv.FormatUint(s.Bytes, 10)
}

// sizeUnits are the suffixes of a size, each 1024 times the one before, as in systemd's MemoryMax=.
const sizeUnits = "KMGT"

// parseSize reads "512M", "2%" or "1000": a whole number of bytes with or without a unit, or a share.
func parseSize(text string) (Size, bool) {
	if strings.HasSuffix(text, "%") {
		share, ok := parseShare(text)
		return Size{Share: share}, ok
	}
	shift := 0
	if n := len(text); n > 0 {
		if i := strings.IndexByte(sizeUnits, text[n-1]); i >= 0 {
			text, shift = text[:n-1], 10*(i+1)
		}
	}
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil || number > math.MaxUint64>>shift {
		return Size{}, false
	}
	return Size{Bytes: number << shift}, true
}
