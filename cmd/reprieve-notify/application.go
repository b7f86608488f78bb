package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// applications are the desktop entries of the user.
type applications struct {
	Dirs   []string // with the .desktop files, the first that has one counts
	Locale string   // "de_DE", "de" or ""
}

// application is what a desktop calls a unit.
type application struct {
	ID   string // of the desktop entry; "" where there is none
	Name string
	Icon string
}

// entryMost is how much of a desktop entry is read; the group that counts comes first.
const entryMost = 64 << 10

// applicationDirs are those of the XDG base directories.
func applicationDirs(getenv func(string) string) []string {
	home := getenv("XDG_DATA_HOME")
	if home == "" && getenv("HOME") != "" {
		home = filepath.Join(getenv("HOME"), ".local/share")
	}
	shared := getenv("XDG_DATA_DIRS")
	if shared == "" {
		shared = "/usr/local/share:/usr/share"
	}
	var dirs []string
	for _, dir := range append([]string{home}, filepath.SplitList(shared)...) {
		if filepath.IsAbs(dir) {
			dirs = append(dirs, filepath.Join(dir, "applications"))
		}
	}
	return dirs
}

// locale is the language of messages: "de_DE" of "de_DE.UTF-8@euro".
func locale(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			v, _, _ = strings.Cut(v, "@")
			v, _, _ = strings.Cut(v, ".")
			if v == "C" || v == "POSIX" {
				return ""
			}
			return v
		}
	}
	return ""
}

// of returns what a unit is called: as its desktop entry says, or else by its own name.
func (a applications) of(unit string) application {
	for _, id := range entryIDs(unit) {
		for _, dir := range a.Dirs {
			if app, ok := a.read(filepath.Join(dir, id+".desktop")); ok {
				app.ID = id
				return app
			}
		}
	}
	return application{Name: unit}
}

// escaped is how systemd writes a byte that may not be in a unit's name.
var escaped = regexp.MustCompile(`\\x[0-9a-f]{2}`)

// entryIDs are the desktop entries that a unit may be of, the likeliest first. Desktops name units app-LAUNCHER-ID-RANDOM.scope
// or app-LAUNCHER-ID@RANDOM.service, the launcher and what is random not always there, and not all escape a "-" in ID.
func entryIDs(unit string) []string {
	name, kind := unit, ""
	if dot := strings.LastIndexByte(unit, '.'); dot >= 0 {
		name, kind = unit[:dot], unit[dot:]
	}
	name, _, instance := strings.Cut(name, "@")
	parts := strings.Split(name, "-")
	switch {
	case len(parts) < 2 || (parts[0] != "app" && parts[0] != "dbus"):
		return nil
	case kind == ".scope" && !instance && len(parts) > 2:
		parts = parts[1 : len(parts)-1]
	case kind == ".scope" || kind == ".service":
		parts = parts[1:]
	default:
		return nil
	}
	var ids []string
	for i := range parts {
		id := escaped.ReplaceAllStringFunc(strings.Join(parts[i:], "-"), func(x string) string {
			n, _ := strconv.ParseUint(x[2:], 16, 8)
			return string([]byte{byte(n)})
		})
		if id != "" && id[0] != '.' && !strings.ContainsAny(id, "/\x00") {
			ids = append(ids, id)
		}
	}
	return ids
}

// read returns the name and the icon of a desktop entry.
func (a applications) read(path string) (application, bool) {
	f, err := os.Open(path)
	if err != nil {
		return application{}, false
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, entryMost))
	if err != nil {
		return application{}, false
	}
	app := parseEntry(string(text), a.Locale)
	return app, app.Name != ""
}

// parseEntry reads the group [Desktop Entry]:
//
//	[Desktop Entry]
//	Name=Web Browser
//	Name[de]=Webbrowser
//	Icon=web-browser
func parseEntry(text, locale string) application {
	language, _, _ := strings.Cut(locale, "_")
	values, in := map[string]string{}, false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			in = line == "[Desktop Entry]"
			continue
		}
		if key, value, ok := strings.Cut(line, "="); in && ok {
			values[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	app := application{Name: values["Name"], Icon: values["Icon"]}
	for _, l := range []string{language, locale} {
		if name := values["Name["+l+"]"]; l != "" && name != "" {
			app.Name = name
		}
	}
	return app
}
