// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Machine is what a bug report tells of a host beside the module's Status. What
// cannot be had is empty.
type Machine struct {
	Distribution string            `json:"distribution"`
	Kernel       string            `json:"kernel"`       // release of the one that runs
	KernelBuild  string            `json:"kernel_build"` // number, options and date of its build
	Arch         string            `json:"arch"`         // as Go calls it
	CPUs         string            `json:"cpus"`         // online, as ranges
	PossibleCPUs string            `json:"possible_cpus"`
	MemoryBytes  uint64            `json:"memory_bytes"`
	FreeBytes    uint64            `json:"free_bytes"` // of that, what programs may still take
	Hardware     string            `json:"hardware"`   // vendor and product; a virtual machine has that of its host's software
	Virtual      bool              `json:"virtual"`    // there is a hypervisor below
	Container    string            `json:"container"`  // what this process runs in, by the files that engines leave; "" for none seen
	LSM          string            `json:"lsm"`        // security modules that are on
	Taint        string            `json:"taint"`      // flags of the kernel, as a number
	BTF          bool              `json:"btf"`        // the kernel describes its types
	ConfigFile   string            `json:"config_file"`
	Config       map[string]string `json:"config"` // the options that matter here: y, m, n or a text
}

// kernelOptions are what the module stands on, and what changes how it behaves.
var kernelOptions = []string{
	"CC_VERSION_TEXT", "CGROUPS", "COMPAT", "DEBUG_INFO_BTF", "DEBUG_INFO_BTF_MODULES", "FTRACE_SYSCALLS", "HAVE_SYSCALL_TRACEPOINTS", "HZ",
	"IA32_EMULATION", "KALLSYMS", "MODULES", "MODULE_SIG", "MODULE_SIG_FORCE", "MODVERSIONS", "NR_CPUS", "PREEMPT", "PREEMPT_DYNAMIC",
	"PREEMPT_NONE", "PREEMPT_RT", "PREEMPT_VOLUNTARY", "SECURITY_LOCKDOWN_LSM", "TRACEPOINTS",
}

// Machine looks at the host itself. It needs no rights and changes nothing.
func (h Host) Machine() *Machine {
	m := &Machine{
		Distribution: cmp.Or(h.osRelease("PRETTY_NAME"), h.osRelease("ID")),
		Kernel:       h.running(),
		KernelBuild:  h.text("proc/sys/kernel/version"),
		Arch:         runtime.GOARCH,
		CPUs:         h.text("sys/devices/system/cpu/online"),
		PossibleCPUs: h.text("sys/devices/system/cpu/possible"),
		MemoryBytes:  h.memory("MemTotal"),
		FreeBytes:    h.memory("MemAvailable"),
		Hardware:     strings.TrimSpace(h.text("sys/class/dmi/id/sys_vendor") + " " + h.text("sys/class/dmi/id/product_name")),
		Virtual:      h.isVirtual(),
		Container:    h.container(),
		LSM:          h.text("sys/kernel/security/lsm"),
		Taint:        h.text("proc/sys/kernel/tainted"),
		BTF:          h.exists("sys/kernel/btf/vmlinux"),
	}
	m.ConfigFile, m.Config = h.kernelConfig(cmp.Or(h.Kernel, m.Kernel))
	return m
}

// memory is a line of /proc/meminfo, in bytes.
func (h Host) memory(name string) uint64 {
	for line := range strings.Lines(h.text("proc/meminfo")) {
		if words := strings.Fields(line); len(words) == 3 && words[0] == name+":" {
			n, err := strconv.ParseUint(words[1], 10, 54)
			if err != nil {
				return 0
			}
			return n << 10
		}
	}
	return 0
}

// isVirtual: the processor of a guest says so, elsewhere Xen or the device tree.
func (h Host) isVirtual() bool {
	if h.text("sys/hypervisor/type") != "" || h.exists("sys/firmware/devicetree/base/hypervisor") {
		return true
	}
	for line := range strings.Lines(h.text("proc/cpuinfo")) {
		if name, flags, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "flags" {
			return slices.Contains(strings.Fields(flags), "hypervisor")
		}
	}
	return false
}

func (h Host) container() string {
	if name := h.text("run/systemd/container"); name != "" {
		return name
	}
	switch {
	case h.exists("run/.containerenv"):
		return "podman"
	case h.exists(".dockerenv"):
		return "docker"
	}
	return ""
}

// kernelConfig reads how a kernel was configured, wherever its distribution has put that.
func (h Host) kernelConfig(kernel string) (file string, options map[string]string) {
	for _, p := range []string{
		"/proc/config.gz", "/boot/config-" + kernel, filepath.Join("/lib/modules", kernel, "config"), filepath.Join(h.headers(kernel), ".config"),
	} {
		if p == "/proc/config.gz" && kernel != h.running() {
			continue
		}
		b, err := os.ReadFile(h.path(p))
		if err == nil && strings.HasSuffix(p, ".gz") {
			b, err = gunzip(b)
		}
		if err == nil {
			return p, chosenOptions(b)
		}
	}
	return "", map[string]string{}
}

// maxKernelConfig is many times what any kernel's takes.
const maxKernelConfig = 16 << 20

func gunzip(b []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, maxKernelConfig))
}

// chosenOptions are those of kernelOptions; what is not in the text is off.
func chosenOptions(config []byte) map[string]string {
	options := map[string]string{}
	for _, name := range kernelOptions {
		options[name] = "n"
	}
	for s := bufio.NewScanner(bytes.NewReader(config)); s.Scan(); {
		name, value, ok := strings.Cut(strings.TrimPrefix(s.Text(), "CONFIG_"), "=")
		if ok && options[name] != "" {
			options[name] = strings.Trim(value, `"`)
		}
	}
	return options
}

// Parameters are those of the loaded module, by name; nil when it is not loaded.
func (h Host) Parameters() map[string]string {
	dir := filepath.Join("sys/module", moduleName, "parameters")
	entries, err := os.ReadDir(h.path(dir))
	if err != nil {
		return nil
	}
	values := map[string]string{}
	for _, e := range entries {
		values[e.Name()] = h.text(dir, e.Name())
	}
	return values
}

// Builds is a line for each version and kernel that DKMS knows of, with its state.
func (h Host) Builds(ctx context.Context) ([]string, error) {
	states, err := h.dkmsStatus(ctx)
	if err != nil {
		return nil, err
	}
	builds := []string{}
	for _, s := range states {
		line := s.version
		if s.kernel != "" {
			line += ", " + s.kernel
		}
		builds = append(builds, line+": "+s.state)
	}
	return builds, nil
}
