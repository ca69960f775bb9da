// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Install builds the module for a kernel through DKMS and installs it, so that
// it is built again by itself for every later one, and loads it when the kernel
// is the running one. What it does it writes to w, a line a step. It reports
// success only when modprobe has found the module and taken it.
func (h Host) Install(ctx context.Context, w io.Writer) error {
	s, err := h.Status(ctx)
	if err != nil {
		return err
	}
	if err := h.checkInstall(s); err != nil {
		return err
	}
	version, err := h.placeSource(ctx, s, w)
	if err != nil {
		return err
	}
	if err := h.build(ctx, w, version, s.Kernel); err != nil {
		return err
	}
	if err := h.verify(ctx, w, version, s.Kernel); err != nil {
		return err
	}
	if !s.Running {
		return nil
	}
	say(w, "loading the module")
	return h.Load(ctx)
}

func say(w io.Writer, format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

// checkInstall finds what would fail half-way before anything is changed.
func (h Host) checkInstall(s *Status) error {
	switch {
	case h.Root == "" && os.Geteuid() != 0:
		return ErrPermission
	case !s.DKMS:
		return fmt.Errorf("%w: %s", ErrNoDKMS, h.howToInstall("dkms"))
	case !s.Headers:
		return fmt.Errorf("%w: %s", ErrNoHeaders, h.howToInstallHeaders(s.Kernel))
	case h.Source == "" && s.Source == "":
		return ErrNoSource
	}
	return nil
}

// build brings DKMS from wherever it stands to "installed".
func (h Host) build(ctx context.Context, w io.Writer, version, kernel string) error {
	states, err := h.dkmsStatus(ctx)
	if err != nil {
		return err
	}
	args := []string{"-m", moduleName, "-v", version}
	if !states.has(version, "", "") {
		if _, err := h.run(ctx, "dkms", append([]string{"add"}, args...)...); err != nil {
			return err
		}
	}
	args = append(args, "-k", kernel)
	built := states.has(version, kernel, "built") || states.has(version, kernel, "installed")
	if !built || h.outdated(version, kernel) {
		say(w, "building eyas %s for kernel %s", version, kernel)
		if _, err := h.run(ctx, "dkms", append([]string{"build", "--force"}, args...)...); err != nil {
			return h.explainBuild(version, err)
		}
	}
	// Also where it stands at "installed" already: the file may have been replaced since.
	say(w, "installing it")
	_, err = h.run(ctx, "dkms", append([]string{"install", "--force"}, args...)...)
	return err
}

// outdated tells whether the source was changed after the module was built, as
// when the same version is put there again.
func (h Host) outdated(version, kernel string) bool {
	source := h.path("usr/src", moduleName+"-"+version)
	files, err := sourceFiles(source)
	if err != nil {
		return true
	}
	for _, built := range h.builtFiles(kernel) {
		if !strings.HasPrefix(built, h.path("var/lib/dkms", moduleName, version)+"/") {
			continue
		}
		for _, f := range files {
			if newer(filepath.Join(source, f), built) {
				return true
			}
		}
	}
	return false
}

func newer(a, b string) bool {
	sa, err := os.Stat(a)
	if err != nil {
		return true
	}
	sb, err := os.Stat(b)
	return err != nil || sa.ModTime().After(sb.ModTime())
}

// explainBuild adds the first error of the compiler, which DKMS leaves in a log.
func (h Host) explainBuild(version string, err error) error {
	log := filepath.Join("/var/lib/dkms", moduleName, version, "build", "make.log")
	for line := range strings.Lines(h.text(log)) {
		if strings.Contains(line, "rror:") || strings.Contains(line, "rror ") {
			return fmt.Errorf("%w; the first error in %s: %s", err, log, strings.TrimSpace(line))
		}
	}
	return err
}

// verify asks the tools that will load the module, not the one that built it.
func (h Host) verify(ctx context.Context, w io.Writer, version, kernel string) error {
	file := h.moduleFile(kernel)
	if file == "" {
		return fmt.Errorf("verify module: dkms reported success, but modprobe's index for kernel %s has no %s: run 'depmod %[1]s'", kernel, moduleName)
	}
	if got := h.modinfo(ctx, file, "version"); got != version {
		return fmt.Errorf("verify module: %s is version %q, want %q: another package has installed it", file, got, version)
	}
	if magic := h.modinfo(ctx, file, "vermagic"); !strings.HasPrefix(magic, kernel+" ") {
		return fmt.Errorf("verify module: %s is for %q, want kernel %s", file, magic, kernel)
	}
	say(w, "installed %s, version %s", file, version)
	return nil
}

// Uninstall unloads the module and takes every version of it out of DKMS, with
// the source trees that Install put below /usr/src.
func (h Host) Uninstall(ctx context.Context, w io.Writer) error {
	if h.Root == "" && os.Geteuid() != 0 {
		return ErrPermission
	}
	if err := h.Unload(ctx); err != nil {
		return err
	}
	states, err := h.dkmsStatus(ctx)
	if err != nil {
		return err
	}
	for _, version := range states.versions() {
		say(w, "removing eyas %s", version)
		if _, err := h.run(ctx, "dkms", "remove", "-m", moduleName, "-v", version, "--all"); err != nil {
			return err
		}
	}
	if err := h.removeSources(w); err != nil {
		return err
	}
	if kernel, err := h.kernel(); err == nil && h.moduleFile(kernel) != "" {
		return fmt.Errorf("uninstall module: %s is still there: another package has installed it", h.moduleFile(kernel))
	}
	return nil
}

// dkmsState is one line of dkms status.
type dkmsState struct {
	version, kernel, state string
}

type dkmsStates []dkmsState

// has tells whether there is a line with these; "" stands for any.
func (d dkmsStates) has(version, kernel, state string) bool {
	for _, s := range d {
		if s.version == version && (kernel == "" || s.kernel == kernel) && (state == "" || s.state == state) {
			return true
		}
	}
	return false
}

func (d dkmsStates) versions() (versions []string) {
	seen := make(map[string]bool)
	for _, s := range d {
		if !seen[s.version] {
			versions = append(versions, s.version)
		}
		seen[s.version] = true
	}
	return versions
}

func (h Host) dkmsStatus(ctx context.Context) (dkmsStates, error) {
	if h.command("dkms") == "" {
		return nil, nil // then it has built nothing
	}
	out, err := h.run(ctx, "dkms", "status", "-m", moduleName)
	if err != nil {
		return nil, err
	}
	return parseDKMS(out), nil
}

// parseDKMS reads the lines of both generations of DKMS:
//
//	eyas/0.1.0, 6.1.0-56-amd64, x86_64: installed
//	eyas, 0.1.0, 6.1.0-56-amd64, x86_64: installed (WARNING! Diff between …)
//	eyas/0.1.0: added
func parseDKMS(out string) (states dkmsStates) {
	for line := range strings.Lines(out) {
		what, state, ok := strings.Cut(strings.TrimSpace(line), ": ")
		words := strings.FieldsFunc(what, func(r rune) bool { return r == ',' || r == '/' || r == ' ' })
		if !ok || len(words) < 2 || words[0] != moduleName {
			continue
		}
		state, _, _ = strings.Cut(state, " ")
		s := dkmsState{version: words[1], state: state}
		if len(words) > 2 {
			s.kernel = words[2]
		}
		states = append(states, s)
	}
	return states
}

// placeSource brings the tree to install below /usr/src, where DKMS wants it,
// and returns its version.
func (h Host) placeSource(ctx context.Context, s *Status, w io.Writer) (string, error) {
	if h.Source == "" {
		return s.Version, nil
	}
	version := dkmsVersion(filepath.Join(h.Source, "dkms.conf"))
	if version == "" || strings.ContainsAny(version, "/ ") {
		return "", fmt.Errorf("install from %s: no dkms.conf with a PACKAGE_VERSION in it", h.Source)
	}
	files, err := sourceFiles(h.Source)
	if err != nil {
		return "", fmt.Errorf("install from %s: %w", h.Source, err)
	}
	dir := h.path("usr/src", moduleName+"-"+version)
	if same, err := sameFiles(h.Source, dir, files); err != nil || same {
		return version, err
	}
	states, err := h.dkmsStatus(ctx)
	if err != nil {
		return "", err
	}
	if states.has(version, "", "") {
		if _, err := h.run(ctx, "dkms", "remove", "-m", moduleName, "-v", version, "--all"); err != nil {
			return "", err
		}
	}
	say(w, "copying the source to %s", dir)
	if err := copySource(h.Source, dir, files); err != nil {
		return "", errors.Join(fmt.Errorf("install from %s: %w", h.Source, err), os.RemoveAll(dir+newSuffix))
	}
	return version, nil
}
