package configs

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// setting is one row of the tables in settings.go: a key, and what to do with its value. T is [Policy] or [Daemon].
type setting[T any] struct {
	key     string   // "hold.delay", or "hold" for a table.
	table   bool     // A table: its entries are walked; the value itself is only noted.
	allowed string   // What the value may be, in words.
	names   []string // Where the value is names: all that there are.
	// list, where it is not nil, takes the place of read: it judges a list of tables, and says in which line it begins.
	list func(d *document, path []string, p toml.Primitive) (apply func(*T), line int, errs Errors)
	// read judges a decoded value; apply stores it.
	read func(raw any) (apply func(*T), ok bool)
}

// kind is a sort of value: its bounds in words, the names it may have, if any, and its parser over what the TOML library
// decodes into an any.
type kind[V any] struct {
	allowed string
	names   []string
	parse   func(raw any) (V, bool)
}

// field makes the setting of key: a value of kind k, stored where at says.
func field[T, V any](key string, k kind[V], at func(*T) *V) setting[T] {
	return setting[T]{key: key, allowed: k.allowed, names: k.names, read: func(raw any) (func(*T), bool) {
		value, ok := k.parse(raw)
		return func(t *T) { *at(t) = value }, ok
	}}
}

// table makes the setting of a table; note is told that a file has it.
func table[T any](key string, note func(*T)) setting[T] {
	return setting[T]{key: key, table: true, allowed: "a table", read: func(raw any) (func(*T), bool) {
		_, ok := raw.(map[string]any)
		return note, ok
	}}
}

// shares is a share from least to most.
func shares(least, most Share, example string) kind[Share] {
	return kind[Share]{
		allowed: fmt.Sprintf("a share from %q to %q such as %q, with at most two decimals", least, most, example),
		parse: func(raw any) (Share, bool) {
			text, _ := raw.(string)
			share, ok := parseShare(text)
			return share, ok && share >= least && share <= most
		},
	}
}

// durations is a duration from least to most.
func durations(least, most time.Duration, example string) kind[time.Duration] {
	return kind[time.Duration]{
		allowed: fmt.Sprintf("a duration from %s to %s such as %q", FormatDuration(least), FormatDuration(most), example),
		parse: func(raw any) (time.Duration, bool) {
			text, _ := raw.(string)
			d, ok := parseDuration(text)
			return d, ok && d >= least && d <= most
		},
	}
}

// durationsOrOff is a duration from least to most, or zero.
func durationsOrOff(least, most time.Duration, example string) kind[time.Duration] {
	k := durations(least, most, example)
	within := k.parse
	k.allowed += `, or "0s" for off`
	k.parse = func(raw any) (time.Duration, bool) {
		if text, _ := raw.(string); text != "" {
			if d, ok := parseDuration(text); ok && d == 0 {
				return 0, true
			}
		}
		return within(raw)
	}
	return k
}

// rates is a rate of 1 to most times in a duration from least to longest.
func rates(most int, least, longest time.Duration, example string) kind[Rate] {
	return kind[Rate]{
		allowed: fmt.Sprintf("a rate such as %q, from 1 to %d times in a duration from %s to %s", example, most,
			FormatDuration(least), FormatDuration(longest)),
		parse: func(raw any) (Rate, bool) {
			text, _ := raw.(string)
			rate, ok := parseRate(text)
			return rate, ok && rate.Count >= 1 && rate.Count <= most && rate.Per >= least && rate.Per <= longest
		},
	}
}

// sizes is an amount of memory: a string, or a whole number of bytes.
func sizes() kind[Size] {
	return kind[Size]{
		allowed: `a share such as "2%", a size such as "512M" (K, M, G, T of 1024), or a number of bytes`,
		parse: func(raw any) (Size, bool) {
			switch v := raw.(type) {
			case string:
				return parseSize(v)
			case int64:
				return Size{Bytes: uint64(max(v, 0))}, v >= 0
			}
			return Size{}, false
		},
	}
}

// amounts is a number of bytes from least to most, and no share.
func amounts(least, most uint64, example string) kind[uint64] {
	return kind[uint64]{
		allowed: fmt.Sprintf("a size from %q to %q such as %q (K, M, G, T of 1024), or a number of bytes",
			Size{Bytes: least}, Size{Bytes: most}, example),
		parse: func(raw any) (uint64, bool) {
			size, ok := sizes().parse(raw)
			return size.Bytes, ok && size.Share == 0 && size.Bytes >= least && size.Bytes <= most
		},
	}
}

// choice is one of words.
func choice(words ...string) kind[string] {
	return kind[string]{allowed: quoted(words, "or"), names: words, parse: func(raw any) (string, bool) {
		text, ok := raw.(string)
		return text, ok && slices.Contains(words, text)
	}}
}

// subset is a list of words, none of them twice.
func subset(words ...string) kind[[]string] {
	allowed := "a list of " + quoted(words, "and") + ", each at most once"
	return kind[[]string]{allowed: allowed, names: words, parse: func(raw any) ([]string, bool) {
		list, ok := stringList(raw)
		for i, word := range list {
			ok = ok && slices.Contains(words, word) && !slices.Contains(list[:i], word)
		}
		return list, ok
	}}
}

// ranking is one of words, or a list of them that is not empty: the first decides, the next breaks its ties.
func ranking(words ...string) kind[[]string] {
	lists := subset(words...)
	return kind[[]string]{
		allowed: quoted(words, "or") + ", or a list of at least one of them, each at most once", names: words,
		parse: func(raw any) ([]string, bool) {
			if _, isText := raw.(string); isText {
				raw = []any{raw}
			}
			list, ok := lists.parse(raw)
			return list, ok && len(list) > 0
		},
	}
}

// unitGlobs is a list of globs over the names of units.
func unitGlobs() kind[[]string] {
	allowed := `a list of names of units with their type such as "ssh.service", or globs such as "ssh@*.service"`
	return kind[[]string]{allowed: allowed, parse: func(raw any) ([]string, bool) {
		list, ok := stringList(raw)
		for _, glob := range list {
			// A name without a type ("sshd") would match no unit, ever, and nobody would notice.
			_, err := path.Match(glob, "")
			ok = ok && err == nil && strings.ContainsAny(glob, ".*") && !strings.Contains(glob, "/")
		}
		return list, ok
	}}
}

// directories is an absolute path, or "".
func directories() kind[string] {
	return kind[string]{allowed: `an absolute path such as "/run/reprieve/traces", or ""`, parse: func(raw any) (string, bool) {
		text, ok := raw.(string)
		return text, ok && (text == "" || (path.IsAbs(text) && path.Clean(text) == text && text != "/"))
	}}
}

// integers is a whole number from least to most.
func integers(least, most int) kind[int] {
	return kind[int]{allowed: fmt.Sprintf("a whole number from %d to %d", least, most), parse: func(raw any) (int, bool) {
		v, ok := raw.(int64)
		return int(v), ok && v >= int64(least) && v <= int64(most)
	}}
}

// booleans is true or false.
func booleans() kind[bool] {
	return kind[bool]{allowed: "true or false", parse: func(raw any) (bool, bool) {
		v, ok := raw.(bool)
		return v, ok
	}}
}

// stringList returns raw as a list of strings, never nil when ok: an empty list is a value of its own.
func stringList(raw any) (list []string, ok bool) {
	items, ok := raw.([]any)
	list = make([]string, 0, len(items))
	for _, item := range items {
		text, isText := item.(string)
		list, ok = append(list, text), ok && isText
	}
	return list, ok
}

// quoted writes words as a list: "a", "b" or "c".
func quoted(words []string, last string) string {
	var b strings.Builder
	for i, word := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			b.WriteString(" " + last + " ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(word))
	}
	return b.String()
}

// foundText writes a decoded value as TOML would, cut to what fits into a message.
func foundText(raw any) string {
	const most = 80
	text := fmt.Sprint(raw)
	switch v := raw.(type) {
	case string:
		if len(v) > most {
			return strconv.Quote(v[:most]) + "..."
		}
		return strconv.Quote(v)
	case map[string]any:
		return "a table"
	case []map[string]any:
		return "a list of tables"
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = foundText(item)
		}
		text = "[" + strings.Join(items, ", ") + "]"
	case time.Time:
		return "a date or time"
	}
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
