// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// moduleName is what modprobe, dkms and /sys/module know it by.
const moduleName = "eyas"

// Status is how things stand with the module on a host.
type Status struct {
	Kernel     string `json:"kernel"` // release
	Running    bool   `json:"running"`
	PageSize   int    `json:"page_size"`
	Headers    bool   `json:"headers"`     // what building a module for it needs
	DKMS       bool   `json:"dkms"`        // is installed
	Source     string `json:"source"`      // newest source tree below /usr/src, "" for none
	Version    string `json:"version"`     // of that
	Built      bool   `json:"built"`       // DKMS has the module for this kernel
	Module     string `json:"module"`      // the file modprobe would load, "" for none
	ModVersion string `json:"mod_version"` // of that
	Loaded     bool   `json:"loaded"`
	LoadedVer  string `json:"loaded_version"`
	Users      int    `json:"users"`    // open sessions
	Device     bool   `json:"device"`   // there is a /dev/eyas
	Lockdown   string `json:"lockdown"` // none, integrity or confidentiality; "" when the kernel has none
	SecureBoot bool   `json:"secure_boot"`
	SigEnforce bool   `json:"sig_enforce"` // the kernel refuses modules without a signature
}

// Status looks. It needs no rights and changes nothing.
func (h Host) Status(ctx context.Context) (*Status, error) {
	kernel, err := h.kernel()
	if err != nil {
		return nil, err
	}
	s := &Status{
		Kernel:   kernel,
		Running:  kernel == h.running(),
		PageSize: os.Getpagesize(),
		Headers:  h.hasHeaders(kernel),
		DKMS:     h.command("dkms") != "",
		Built:    len(h.builtFiles(kernel)) > 0,
		Module:   h.moduleFile(kernel),
	}
	s.Source, s.Version = h.newestSource()
	if s.Module != "" {
		s.ModVersion = h.modinfo(ctx, s.Module, "version")
	}
	if s.Running {
		h.runningStatus(s)
	}
	return s, nil
}

func (h Host) runningStatus(s *Status) {
	s.Loaded = h.exists("sys/module/" + moduleName)
	s.LoadedVer = h.text("sys/module", moduleName, "version")
	s.Users, _ = strconv.Atoi(h.text("sys/module", moduleName, "refcnt"))
	s.Device = h.exists("dev/" + moduleName)
	s.Lockdown = chosen(h.text("sys/kernel/security/lockdown"))
	s.SecureBoot = h.secureBoot()
	s.SigEnforce = h.text("sys/module/module/parameters/sig_enforce") == "Y" || s.Lockdown != "" && s.Lockdown != "none"
}

func (h Host) hasHeaders(kernel string) bool {
	return h.exists(filepath.Join(h.headers(kernel), "Makefile"))
}

// headers is the folder that lib/modules/KERNEL/build leads to.
func (h Host) headers(kernel string) string {
	return h.resolve(filepath.Join("lib/modules", kernel, "build"))
}

// builtFiles are the modules that DKMS has built for a kernel, of any version.
func (h Host) builtFiles(kernel string) []string {
	found, err := filepath.Glob(h.path("var/lib/dkms", moduleName, "*", escapeGlob(kernel), "*", "module", moduleName+".ko*"))
	if err != nil {
		return nil
	}
	return found
}

func escapeGlob(s string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(s)
}

// moduleFile is what modprobe loads, by its own index: a file that is not in
// there is not installed.
func (h Host) moduleFile(kernel string) string {
	for line := range strings.Lines(h.text("lib/modules", kernel, "modules.dep")) {
		file, _, ok := strings.Cut(line, ":")
		if name, _, _ := strings.Cut(filepath.Base(file), "."); !ok || name != moduleName {
			continue
		}
		if !filepath.IsAbs(file) {
			file = filepath.Join("/lib/modules", kernel, file)
		}
		if h.exists(file) {
			return file
		}
	}
	return ""
}

// modinfo is one field of a module file, "" when it cannot be had.
func (h Host) modinfo(ctx context.Context, file, field string) string {
	out, err := h.run(ctx, "modinfo", "-F", field, h.path(file))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(out)
}

// newestSource is the source tree below /usr/src that DKMS would build, and its
// version.
func (h Host) newestSource() (dir, version string) {
	confs, err := filepath.Glob(h.path("usr/src", moduleName+"-*", "dkms.conf"))
	if err != nil || len(confs) == 0 {
		return "", ""
	}
	slices.SortFunc(confs, func(a, b string) int { return compareVersions(filepath.Dir(a), filepath.Dir(b)) })
	version = dkmsVersion(confs[len(confs)-1])
	if version == "" {
		return "", ""
	}
	return filepath.Join("/usr/src", moduleName+"-"+version), version
}

// dkmsVersion is PACKAGE_VERSION of a dkms.conf.
func dkmsVersion(conf string) string {
	b, err := os.ReadFile(conf)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "PACKAGE_VERSION="); ok {
			return strings.Trim(v, `"'`)
		}
	}
	return ""
}

// compareVersions compares runs of digits as numbers, all else as text.
func compareVersions(a, b string) int {
	for a != "" && b != "" {
		if isDigit(a[0]) && isDigit(b[0]) {
			var x, y string
			x, a = digits(a)
			y, b = digits(b)
			if len(x) != len(y) {
				return len(x) - len(y)
			}
			if c := strings.Compare(x, y); c != 0 {
				return c
			}
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func digits(s string) (number, rest string) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return strings.TrimLeft(s[:n], "0"), s[n:]
}

// chosen is the word in brackets: "none [integrity] confidentiality".
func chosen(s string) string {
	_, s, _ = strings.Cut(s, "[")
	s, _, ok := strings.Cut(s, "]")
	if !ok {
		return ""
	}
	return s
}

// secureBoot reads the firmware's variable: four bytes of attributes, then one of value.
func (h Host) secureBoot() bool {
	b, err := os.ReadFile(h.path("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"))
	return err == nil && len(b) == 5 && b[4] == 1
}
