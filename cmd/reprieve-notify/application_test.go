package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Ensure the desktop entry of a unit is looked for under each name that desktops give, the likeliest first.
func TestEntryIDs(t *testing.T) {
	for unit, want := range map[string][]string{
		"app-gnome-firefox-1234.scope":                       {"gnome-firefox", "firefox"},
		"app-org.gnome.Terminal@5f0a.service":                {"org.gnome.Terminal"},
		"app-org.kde.konsole-1234.scope":                     {"org.kde.konsole"},
		"app-firefox.scope":                                  {"firefox"},
		`app-gnome-code\x2dinsiders-99.scope`:                {"gnome-code-insiders", "code-insiders"},
		"app-flatpak-org.mozilla.firefox-1234.scope":         {"flatpak-org.mozilla.firefox", "org.mozilla.firefox"},
		"app-dbus\\x2d:1.2\\x2dorg.gnome.Nautilus@0.service": {"dbus-:1.2-org.gnome.Nautilus"},
		"dbus-:1.2-org.gnome.Nautilus@0.service":             {":1.2-org.gnome.Nautilus", "org.gnome.Nautilus"},
		`app-\x2e\x2e\x2fetc.scope`:                          nil,
		"pipewire.service":                                   nil,
		"app.slice":                                          nil,
		"app-a.slice":                                        nil,
		"":                                                   nil,
	} {
		if diff := cmp.Diff(want, entryIDs(unit)); diff != "" {
			t.Errorf("entryIDs(%q): -want +got\n%s", unit, diff)
		}
	}
}

// Ensure a unit is called what its desktop entry says in the user's language, from the first directory that has one, and by
// its own name where none does.
func TestApplications(t *testing.T) {
	own, shared := t.TempDir(), t.TempDir()
	for path, text := range map[string]string{
		filepath.Join(own, "firefox.desktop"):    "[Desktop Entry]\nName=Web & Mail\nName[de]=Netz\n Name[pt_BR] = Rede\nIcon=ff\n[Desktop Action new]\nName=New Window\n",
		filepath.Join(shared, "firefox.desktop"): "[Desktop Entry]\nName=Firefox\n",
		filepath.Join(shared, "gimp.desktop"):    "Name=No\n# Name=No\n[Desktop Entry]\nName=GIMP\n",
		filepath.Join(shared, "none.desktop"):    "garbage",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		unit, locale string
		want         application
	}{
		{"app-gnome-firefox-1.scope", "", application{"firefox", "Web & Mail", "ff"}},
		{"app-gnome-firefox-1.scope", "de_AT", application{"firefox", "Netz", "ff"}},
		{"app-gnome-firefox-1.scope", "pt_BR", application{"firefox", "Rede", "ff"}},
		{"app-gimp@1.service", "de", application{"gimp", "GIMP", ""}},
		{"app-none@1.service", "", application{Name: "app-none@1.service"}},
		{"app-other-1.scope", "", application{Name: "app-other-1.scope"}},
	} {
		a := applications{Dirs: []string{own, filepath.Join(own, "none"), shared}, Locale: tt.locale}
		if got := a.of(tt.unit); got != tt.want {
			t.Errorf("of(%q) in %q = %+v, want %+v", tt.unit, tt.locale, got, tt.want)
		}
	}
}

// Ensure the directories and the language are those that the environment says.
func TestEnvironment(t *testing.T) {
	for _, tt := range []struct {
		env    map[string]string
		dirs   []string
		locale string
	}{
		{map[string]string{"HOME": "/home/a", "LANG": "de_DE.UTF-8@euro"}, []string{"/home/a/.local/share/applications", "/usr/local/share/applications", "/usr/share/applications"}, "de_DE"},
		{map[string]string{"HOME": "/home/a", "XDG_DATA_HOME": "/d", "XDG_DATA_DIRS": "/x:y:/z", "LANG": "de", "LC_ALL": "C.UTF-8"}, []string{"/d/applications", "/x/applications", "/z/applications"}, ""},
	} {
		getenv := func(name string) string { return tt.env[name] }
		if diff := cmp.Diff(tt.dirs, applicationDirs(getenv)); diff != "" {
			t.Errorf("applicationDirs(%v): -want +got\n%s", tt.env, diff)
		}
		if got := locale(getenv); got != tt.locale {
			t.Errorf("locale(%v) = %q, want %q", tt.env, got, tt.locale)
		}
	}
}

// Ensure the groups of a process are read as the kernel writes them.
func TestReadSelf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cgroup")
	for text, want := range map[string][]string{
		"0::/user.slice/user-1000.slice/user@1000.service/a.service\n": {"user.slice", "user-1000.slice", "user@1000.service", "a.service"},
		"1:name=systemd:/x\n0::/y\n":                                   {"y"},
		"1:name=systemd:/x\n":                                          nil,
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := readSelf(path, 1000)
		if diff := cmp.Diff(want, got.groups); diff != "" || (err == nil) != (want != nil) {
			t.Errorf("readSelf of %q = %v, -want +got\n%s", text, err, diff)
		}
	}
}
