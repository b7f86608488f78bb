package configs

import (
	"slices"
	"strings"
)

// meant returns the name that the first unknown one of a decoded value, a string or a list, was probably meant to be, or "".
func meant(raw any, names []string) string {
	items, isList := raw.([]any)
	if !isList {
		items = []any{raw}
	}
	for _, item := range items {
		if text, isText := item.(string); isText && !slices.Contains(names, text) {
			return Nearest(text, names)
		}
	}
	return ""
}

// Nearest returns the key or name of known that an unknown one was probably meant to be, or "": one with at most two letters
// different, else the only one of that name in another table (a key that stands under the wrong heading).
func Nearest(key string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		// Two letters of a short name are all of it.
		if d := distance(strings.ToLower(key), k); d < least && 2*d < len(k) {
			best, least = k, d
		}
	}
	if best != "" {
		return best
	}
	for _, k := range known {
		if lastPart(k) != lastPart(strings.ToLower(key)) {
			continue
		}
		if best != "" {
			return ""
		}
		best = k
	}
	return best
}

// lastPart returns what follows the last dot of a key, or all of it.
func lastPart(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// distance is the number of bytes to insert, delete or replace, and of neighbours to swap, to make b of a. It costs the
// product of the lengths: long keys are as far away as can be without counting.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	// The rows of the last two bytes of a, and of this one.
	older, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			cost := row[j]
			if a[i] != b[j] {
				cost++
			}
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				cost = min(cost, older[j-1]+1)
			}
			next[j+1] = min(cost, next[j]+1, row[j+1]+1)
		}
		older, row, next = row, next, older
	}
	return row[len(b)]
}
