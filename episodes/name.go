package episodes

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// The parts of a file's name: 20261122T190512.123456Z_batch.slice_3f0c6a52-....json. The time comes first, always as long,
// so that names sort by it. A slice may have underscores in its name, a time and an id have none.
const (
	nameTime   = "20060102T150405.000000Z"
	nameSuffix = ".json"
	nameNew    = ".new" // follows the suffix while the file is being written
)

const (
	// idMax is how long an episode's id may be; a UUID has 36 characters.
	idMax = 64
	// sliceMax is how much of a slice's name, escaped, is in a file's name, which the kernel allows 255 bytes.
	sliceMax = 150
)

// fileName returns the name of the file of an episode. It is the same as long as the episode goes on.
func fileName(slice, episode string, began time.Time) string {
	return began.UTC().Format(nameTime) + "_" + escape(slice) + "_" + episode + nameSuffix
}

// parseName reads a name of fileName's. Anything else is not ours.
func parseName(name string) (Entry, bool) {
	stem, ours := strings.CutSuffix(name, nameSuffix)
	stamp, rest, found := strings.Cut(stem, "_")
	last := strings.LastIndexByte(rest, '_')
	if !ours || !found || last <= 0 || !validID(rest[last+1:]) {
		return Entry{}, false
	}
	began, err := time.Parse(nameTime, stamp)
	if err != nil || began.Format(nameTime) != stamp {
		return Entry{}, false
	}
	slice, ok := unescape(rest[:last])
	return Entry{Name: name, Slice: slice, Episode: rest[last+1:], Began: began, escaped: rest[:last]}, ok
}

// validID reports whether an episode's id can be in a name: letters, digits and dashes.
func validID(id string) bool {
	strange := func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-'
	}
	return id != "" && len(id) <= idMax && !strings.ContainsFunc(id, strange)
}

// escape writes a slice's name so that it can be in a file's name: %XX for what cannot. Backslashes, which systemd has in
// names, can. The end of a name that is too long gives way to a hash of the whole, after "%~".
func escape(slice string) string {
	var s strings.Builder
	for i := range len(slice) {
		if c := slice[i]; c <= ' ' || c >= 0x7f || c == '/' || c == '%' {
			fmt.Fprintf(&s, "%%%02X", c)
		} else {
			s.WriteByte(c)
		}
	}
	if s.Len() <= sliceMax {
		return s.String()
	}
	sum := sha256.Sum256([]byte(slice))
	end := "%~" + hex.EncodeToString(sum[:8])
	text := s.String()[:sliceMax-len(end)]
	// No half of an escape stays.
	if i := strings.LastIndexByte(text, '%'); i > len(text)-3 {
		text = text[:i]
	}
	return text + end
}

// unescape undoes escape. Of a name that was too long it gives the beginning, and an ellipsis.
func unescape(text string) (string, bool) {
	text, hash, cut := strings.Cut(text, "%~")
	if cut && len(hash) != 16 {
		return "", false
	}
	var s strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			s.WriteByte(text[i])
			continue
		}
		if i+2 >= len(text) {
			return "", false
		}
		c, err := hex.DecodeString(text[i+1 : i+3])
		if err != nil {
			return "", false
		}
		s.Write(c)
		i += 2
	}
	if cut {
		s.WriteString("…")
	}
	return s.String(), s.Len() > 0
}

// path returns where a name is in the store.
func (s Store) path(name string) string { return filepath.Join(s.Dir, name) }
