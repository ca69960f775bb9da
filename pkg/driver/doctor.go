// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Level says how bad a finding is.
type Level uint8

// The levels, from good to bad.
const (
	Good    Level = iota
	Warning       // works, but something may surprise
	Problem       // does not work until something is done
)

func (l Level) String() string {
	return [...]string{"ok", "warning", "problem"}[l]
}

// MarshalText writes the level as its word.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Finding is one thing that was looked at.
type Finding struct {
	Level  Level  `json:"level"`
	What   string `json:"what"`
	Remedy string `json:"remedy,omitempty"` // exactly what to do; "" when it is good
}

func (f Finding) String() string {
	if f.Remedy == "" {
		return fmt.Sprintf("%s: %s", f.Level, f.What)
	}
	return fmt.Sprintf("%s: %s: %s", f.Level, f.What, f.Remedy)
}

// Doctor looks at everything the module needs and says in one line each what is
// missing and how to get it.
func (h Host) Doctor(ctx context.Context) ([]Finding, error) {
	s, err := h.Status(ctx)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for _, look := range []func(*Status) Finding{
		h.lookAtSource, h.lookAtDKMS, h.lookAtHeaders, h.lookAtCompiler, h.lookAtPahole,
		h.lookAtModule, h.lookAtSignature, h.lookAtLoaded, h.lookAtDevice,
	} {
		if f := look(s); f.What != "" {
			findings = append(findings, f)
		}
	}
	return findings, nil
}

func good(format string, args ...any) Finding {
	return Finding{What: fmt.Sprintf(format, args...)}
}

func problem(remedy, format string, args ...any) Finding {
	return Finding{Level: Problem, What: fmt.Sprintf(format, args...), Remedy: remedy}
}

// ifNeeded makes a finding a warning when the module is there without it.
func ifNeeded(s *Status, f Finding) Finding {
	if s.Module != "" {
		f.Level = Warning
		f.What += " (needed again at the next kernel)"
	}
	return f
}

func (h Host) lookAtSource(s *Status) Finding {
	if s.Source == "" {
		return ifNeeded(s, problem("install the package of the module, or run 'agent driver install --source DIR'", "no source of the module below /usr/src"))
	}
	return good("source of the module, version %s, in %s", s.Version, s.Source)
}

func (h Host) lookAtDKMS(s *Status) Finding {
	if !s.DKMS {
		return ifNeeded(s, problem(h.howToInstall("dkms"), "dkms is not installed"))
	}
	return good("dkms is installed")
}

func (h Host) lookAtHeaders(s *Status) Finding {
	if !s.Headers {
		return ifNeeded(s, problem(h.howToInstallHeaders(s.Kernel), "no headers of kernel %s", s.Kernel))
	}
	return good("headers of kernel %s are installed", s.Kernel)
}

// lookAtCompiler wants what kbuild will call: make, and a compiler of the kind
// that built the kernel.
func (h Host) lookAtCompiler(s *Status) Finding {
	if !s.Headers {
		return Finding{}
	}
	if h.command("make") == "" {
		return ifNeeded(s, problem(h.howToInstall("make"), "make is not installed"))
	}
	config := h.text(h.headers(s.Kernel), ".config")
	compiler := "gcc"
	if strings.Contains(config, "CONFIG_CC_IS_CLANG=y") {
		compiler = "clang"
	}
	if h.command(compiler) == "" && !h.hasVersioned(compiler) {
		return ifNeeded(s, problem(h.howToInstall(compiler), "%s is not installed, and the kernel was built with it", compiler))
	}
	return good("make and %s are installed", compiler)
}

// hasVersioned finds gcc-12 where there is no gcc: Debian's headers call it so.
func (h Host) hasVersioned(compiler string) bool {
	for _, dir := range filepath.SplitList(h.searchPath()) {
		if found, err := filepath.Glob(filepath.Join(escapeGlob(dir), compiler+"-[0-9]*")); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}

// lookAtPahole: headers that come with a vmlinux give modules BTF, and need pahole for it.
func (h Host) lookAtPahole(s *Status) Finding {
	headers := h.headers(s.Kernel)
	if !s.Headers || h.command("pahole") != "" || !h.exists(filepath.Join(headers, "vmlinux")) {
		return Finding{}
	}
	if !strings.Contains(h.text(headers, ".config"), "CONFIG_DEBUG_INFO_BTF_MODULES=y") {
		return Finding{}
	}
	return ifNeeded(s, problem(h.howToInstall("pahole"), "pahole is not installed, and the headers of this kernel call it"))
}

func (h Host) lookAtModule(s *Status) Finding {
	switch {
	case s.Module == "" && s.Built:
		return problem("run 'agent driver install'", "the module is built for kernel %s, but not installed", s.Kernel)
	case s.Module == "":
		return problem("run 'agent driver install'", "the module is not installed for kernel %s", s.Kernel)
	case s.Version != "" && s.ModVersion != "" && s.ModVersion != s.Version:
		return Finding{Warning, fmt.Sprintf("the installed module is version %s, its source %s", s.ModVersion, s.Version), "run 'agent driver install'"}
	}
	return good("module %s in %s", s.ModVersion, s.Module)
}

func (h Host) lookAtSignature(s *Status) Finding {
	if !s.SigEnforce {
		return Finding{}
	}
	why := "the kernel takes signed modules only"
	if s.SecureBoot {
		why += " (Secure Boot is on)"
	}
	if s.Loaded {
		return good("%s, and has taken this one", why)
	}
	return problem(h.howToEnrol(), "%s", why)
}

// howToEnrol: DKMS signs with a key of this machine, which the firmware must know.
func (h Host) howToEnrol() string {
	for _, key := range []string{"/var/lib/shim-signed/mok/MOK.der", "/var/lib/dkms/mok.pub"} {
		if h.exists(key) {
			return "run 'mokutil --import " + key + "', reboot and confirm the key"
		}
	}
	return "run 'dkms generate_mok' and 'agent driver install', then 'mokutil --import /var/lib/dkms/mok.pub', reboot and confirm the key"
}

func (h Host) lookAtLoaded(s *Status) Finding {
	switch {
	case !s.Running:
		return Finding{}
	case !s.Loaded && s.Module == "":
		return problem("run 'agent driver install'", "the module is not loaded")
	case !s.Loaded:
		return problem("run 'agent driver load'", "the module is not loaded")
	case s.ModVersion != "" && s.LoadedVer != "" && s.ModVersion != s.LoadedVer:
		return Finding{Warning, fmt.Sprintf("module %s is loaded, but %s is installed", s.LoadedVer, s.ModVersion), "stop the agent, then run 'agent driver unload' and 'agent driver load'"}
	}
	return good("module %s is loaded, with %d users", s.LoadedVer, s.Users)
}

// lookAtDevice opens the device, where it is that of this machine.
func (h Host) lookAtDevice(s *Status) Finding {
	switch {
	case !s.Loaded:
		return Finding{}
	case !s.Device:
		return problem("run 'agent driver unload' and 'agent driver load' where devtmpfs is mounted on /dev", "the module is loaded, but there is no %s", DevicePath)
	case h.Root != "":
		return good("%s is there", DevicePath)
	}
	dev, err := openDevice(DevicePath)
	var version *VersionError
	switch {
	case errors.As(err, &version):
		return problem("run 'agent driver install' with the module of this agent", "the loaded module speaks %v, this agent %v", version.Got, version.Want)
	case errors.Is(err, ErrPermission):
		return Finding{Warning, DevicePath + " is there, but may not be opened", "run as root"}
	case err != nil:
		return problem("see 'dmesg'", "%v", err)
	}
	_ = dev.Close()
	return good("%s answers with %v", DevicePath, WantVersion)
}
