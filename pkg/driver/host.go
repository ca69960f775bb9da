// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Host is the machine whose module is looked after. The zero value is this one,
// with the kernel that runs. Root and Path are for another root folder, and for
// tests without root's rights.
type Host struct {
	Root   string // of the file system; "" is /
	Path   string // where commands are found, as $PATH; "" is $PATH and the sbin folders
	Kernel string // release; "" is the running one
	Source string // tree with dkms.conf and kmod/ to install from; "" is the newest below /usr/src
}

// path is where the file p of this host lies.
func (h Host) path(p ...string) string {
	return filepath.Join("/", h.Root, h.resolve(filepath.Join(p...)))
}

// resolve follows the links of p as a process whose root folder is Root would.
func (h Host) resolve(p string) string {
	done, todo := "/", strings.Split(p, "/")
	for links := 0; len(todo) > 0; {
		next := filepath.Join(done, todo[0])
		todo = todo[1:]
		to, err := os.Readlink(filepath.Join("/", h.Root, next))
		if links++; err != nil || links > 255 {
			done = next
			continue
		}
		if filepath.IsAbs(to) {
			done = "/"
		}
		todo = append(strings.Split(to, "/"), todo...)
	}
	return done
}

func (h Host) exists(p string) bool {
	_, err := os.Stat(h.path(p))
	return err == nil
}

// text is the content of a small file without the space around it, "" when
// there is none.
func (h Host) text(p ...string) string {
	b, err := os.ReadFile(h.path(p...))
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(b))
}

// running is the release of the kernel that runs.
func (h Host) running() string { return h.text("proc/sys/kernel/osrelease") }

// kernel is the release that is asked about.
func (h Host) kernel() (string, error) {
	if h.Kernel != "" {
		return h.Kernel, nil
	}
	if r := h.running(); r != "" {
		return r, nil
	}
	return "", fmt.Errorf("find the running kernel: no %s", h.path("proc/sys/kernel/osrelease"))
}

func (h Host) searchPath() string {
	if h.Path != "" {
		return h.Path
	}
	return os.Getenv("PATH") + ":/usr/local/sbin:/usr/sbin:/sbin"
}

// command is the path of a command, or "".
func (h Host) command(name string) string {
	for _, dir := range filepath.SplitList(h.searchPath()) {
		p := filepath.Join(dir, name)
		if st, err := os.Stat(p); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return p
		}
	}
	return ""
}

// run runs a command and returns what it printed. Its error names the command
// and carries the last line of that.
func (h Host) run(ctx context.Context, name string, args ...string) (string, error) {
	line := strings.Join(append([]string{name}, args...), " ")
	p := h.command(name)
	if p == "" {
		return "", fmt.Errorf("run %s: %w", line, exec.ErrNotFound)
	}
	cmd := exec.CommandContext(ctx, p, args...)
	cmd.Env = append(os.Environ(), "PATH="+h.searchPath(), "LC_ALL=C")
	b, err := cmd.CombinedOutput()
	out := string(b)
	if err == nil {
		return out, nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if last := lastLine(out); last != "" {
		return out, fmt.Errorf("run %s: %w: %s", line, err, last)
	}
	return out, fmt.Errorf("run %s: %w", line, err)
}

// lastLine is the last line of text that says something.
func lastLine(text string) string {
	lines := strings.Split(text, "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if l := strings.TrimSpace(lines[i]); l != "" {
			return l
		}
	}
	return ""
}
