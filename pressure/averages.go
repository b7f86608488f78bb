package pressure

import "bytes"

// Averages is what the kernel itself remembers of a group's stall: moving
// averages over 10, 60 and 300 seconds, in hundredths of a percent.
type Averages struct {
	Some [3]uint16
	Full [3]uint16
}

// ParseAverages reads the averages of the text of a memory.pressure file, see
// Parse. It reports whether all six are there, each at most 100%. It allocates nothing.
func ParseAverages(text []byte) (a Averages, ok bool) {
	some, full := false, false
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, newline)
		switch {
		case bytes.HasPrefix(line, somePrefix):
			some = averages(line, &a.Some)
		case bytes.HasPrefix(line, fullPrefix):
			full = averages(line, &a.Full)
		}
	}
	if !some || !full {
		return Averages{}, false
	}
	return a, true
}

var averageKeys = [3][]byte{[]byte(" avg10="), []byte(" avg60="), []byte(" avg300=")}

func averages(line []byte, into *[3]uint16) bool {
	for i, key := range averageKeys {
		at := bytes.Index(line, key)
		if at < 0 {
			return false
		}
		value := line[at+len(key):]
		if end := bytes.IndexByte(value, ' '); end >= 0 {
			value = value[:end]
		}
		var ok bool
		if into[i], ok = percent(value); !ok {
			return false
		}
	}
	return true
}

// percent reads a number as the kernel writes one, "12.34", in hundredths.
func percent(b []byte) (uint16, bool) {
	dot := bytes.IndexByte(b, '.')
	if dot < 0 || len(b)-dot != 3 {
		return 0, false
	}
	whole, ok := decimal(b[:dot])
	part, okPart := decimal(b[dot+1:])
	if !ok || !okPart || whole > 100 || whole == 100 && part > 0 {
		return 0, false
	}
	return uint16(whole*100 + part), true
}
