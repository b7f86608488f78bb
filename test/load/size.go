package main

import (
	"fmt"
	"strconv"
	"strings"
)

// size is a flag value in bytes, written with K, M or G (binary) or none: 20M.
type size uint64

func (s *size) String() string { return strconv.FormatUint(uint64(*s), 10) }

func (s *size) Set(text string) error {
	digits, shift := text, 0
	if cut := len(text) - 1; cut > 0 {
		if at := strings.IndexByte("KMG", text[cut]); at >= 0 {
			digits, shift = text[:cut], 10*(at+1)
		}
	}
	n, err := strconv.ParseUint(digits, 10, 64-shift)
	if err != nil {
		return fmt.Errorf("read %q, want a size such as 20M", text)
	}
	*s = size(n << shift)
	return nil
}
