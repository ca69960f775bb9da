// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"strings"
)

// family is how a distribution installs packages and names those we need.
type family struct {
	id      string
	install string
	headers func(release string) string
	names   map[string]string // of our needs, where the package is called otherwise
}

// families in the order of preference: ID decides, then ID_LIKE.
var families = []family{
	{"debian", "apt-get install", func(r string) string { return "linux-headers-" + r }, nil},
	{"ubuntu", "apt-get install", func(r string) string { return "linux-headers-" + r }, nil},
	{"fedora", "dnf install", func(r string) string { return "kernel-devel-" + r }, map[string]string{"pahole": "dwarves"}},
	{"rhel", "dnf install", func(r string) string { return "kernel-devel-" + r }, map[string]string{"pahole": "dwarves", "dkms": "epel-release && dnf install dkms"}},
	{"amzn", "dnf install", func(r string) string { return "kernel-devel-" + r }, map[string]string{"pahole": "dwarves"}},
	{"suse", "zypper install", suseHeaders, map[string]string{"pahole": "dwarves"}},
	{"arch", "pacman -S", archHeaders, nil},
}

// suseHeaders: 6.4.0-150600.23-default is built from kernel-default-devel of that version.
func suseHeaders(release string) string {
	version, flavour, ok := cutLast(release, "-")
	if !ok {
		return "kernel-default-devel"
	}
	return "kernel-" + flavour + "-devel=" + version
}

// archHeaders: the release of every kernel but the plain one ends in its flavour.
func archHeaders(release string) string {
	for _, flavour := range []string{"lts", "zen", "hardened", "rt"} {
		if strings.HasSuffix(release, "-"+flavour) {
			return "linux-" + flavour + "-headers"
		}
	}
	return "linux-headers"
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// family is that of this host, nil when it is none we know.
func (h Host) family() *family {
	words := append(strings.Fields(h.osRelease("ID")), strings.Fields(h.osRelease("ID_LIKE"))...)
	for _, w := range words {
		for i := range families {
			if w == families[i].id || strings.HasSuffix(w, families[i].id) {
				return &families[i]
			}
		}
	}
	return nil
}

func (h Host) osRelease(key string) string {
	for _, p := range []string{"etc/os-release", "usr/lib/os-release"} {
		for line := range strings.Lines(h.text(p)) {
			if v, ok := strings.CutPrefix(strings.TrimSpace(line), key+"="); ok {
				return strings.Trim(v, `"'`)
			}
		}
	}
	return ""
}

// howToInstall is the command that installs a package by its usual name.
func (h Host) howToInstall(name string) string {
	f := h.family()
	if f == nil {
		return "install the package " + name + " of this distribution"
	}
	if other, ok := f.names[name]; ok {
		name = other
	}
	return "run '" + f.install + " " + name + "'"
}

// howToInstallHeaders is the command that installs the headers of a kernel.
func (h Host) howToInstallHeaders(release string) string {
	f := h.family()
	if f == nil {
		return "install the package with the headers of kernel " + release
	}
	return "run '" + f.install + " " + f.headers(release) + "'"
}
