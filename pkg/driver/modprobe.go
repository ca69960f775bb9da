// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Load loads the installed module and makes sure that its device is there and
// speaks our version. A module that is loaded already is not loaded again.
func (h Host) Load(ctx context.Context) error {
	s, err := h.Status(ctx)
	if err != nil {
		return err
	}
	switch {
	case !s.Running:
		return fmt.Errorf("load module: kernel %s is not the one that runs", s.Kernel)
	case !s.Loaded && s.Module == "":
		return fmt.Errorf("%w (kernel %s)", ErrNotInstalled, s.Kernel)
	case s.Loaded && stale(s):
		if err := h.Unload(ctx); err != nil {
			return fmt.Errorf("module %s is still loaded, %s is installed: %w", s.LoadedVer, s.ModVersion, err)
		}
	case s.Loaded:
		return h.checkDevice(ctx)
	}
	if out, err := h.run(ctx, "modprobe", moduleName); err != nil {
		return h.explainModprobe(out, err)
	}
	return h.checkDevice(ctx)
}

// stale tells whether another version is loaded than is installed.
func stale(s *Status) bool {
	return s.ModVersion != "" && s.LoadedVer != "" && s.ModVersion != s.LoadedVer
}

// explainModprobe turns what the kernel said into what to do.
func (h Host) explainModprobe(out string, err error) error {
	has := func(texts ...string) bool {
		for _, t := range texts {
			if strings.Contains(out, t) {
				return true
			}
		}
		return false
	}
	switch {
	case has("Key was rejected", "Required key not available"),
		has("Operation not permitted") && os.Geteuid() == 0 && chosen(h.text("sys/kernel/security/lockdown")) != "none":
		return fmt.Errorf("%w: %s (%w)", ErrSignature, h.howToEnrol(), err)
	case has("Operation not permitted", "Permission denied"):
		return fmt.Errorf("%w (%w)", ErrPermission, err)
	case has("Exec format error", "Invalid module format", "disagrees about version"):
		return fmt.Errorf("the installed eyas kernel module was built for another kernel: run 'agent driver install' (%w)", err)
	}
	return err
}

// deviceWait bounds the wait for the device node, which udev may rename or chmod.
const deviceWait = 2 * time.Second

func (h Host) checkDevice(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, deviceWait)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !h.exists("dev/" + moduleName) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the module is loaded, but there is no %s: mount devtmpfs on /dev, then unload and load it again", DevicePath)
		}
	}
	if h.Root != "" {
		return nil
	}
	dev, err := openDevice(DevicePath)
	if err != nil {
		return err
	}
	return dev.Close()
}

// Unload takes the module out of the kernel. It refuses while a session is open.
func (h Host) Unload(ctx context.Context) error {
	if !h.exists("sys/module/" + moduleName) {
		return nil
	}
	if users := h.text("sys/module", moduleName, "refcnt"); users != "" && users != "0" {
		return fmt.Errorf("%w%s", ErrInUse, h.whoUses())
	}
	out, err := h.run(ctx, "modprobe", "-r", moduleName)
	switch {
	case err != nil && strings.Contains(out, "in use"):
		return fmt.Errorf("%w%s", ErrInUse, h.whoUses())
	case err != nil && (strings.Contains(out, "Operation not permitted") || strings.Contains(out, "Permission denied")):
		return fmt.Errorf("%w (%w)", ErrPermission, err)
	case err != nil:
		return err
	case h.exists("sys/module/" + moduleName):
		return errors.New("unload module: modprobe -r reported success, but the module is still there")
	}
	return nil
}

// whoUses names the processes that have the device open: " (agent with pid 812)",
// or "" where that cannot be told. It asks /proc and not the module, which may
// have no session left to ask it with.
func (h Host) whoUses() string {
	var users []string
	links, err := filepath.Glob(h.path("proc", "[0-9]*", "fd", "*"))
	if err != nil {
		return ""
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err != nil || to != DevicePath {
			continue
		}
		dir := filepath.Dir(filepath.Dir(link))
		comm, err := os.ReadFile(filepath.Join(dir, "comm"))
		user := fmt.Sprintf("%s with pid %s", bytes.TrimSpace(comm), filepath.Base(dir))
		if err == nil && !slices.Contains(users, user) {
			users = append(users, user)
		}
	}
	if len(users) == 0 {
		return ""
	}
	return " (" + strings.Join(users, ", ") + ")"
}
