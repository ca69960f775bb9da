// SPDX-License-Identifier: Apache-2.0

//go:build unix

package driver

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMachine(t *testing.T) {
	h := fakeHost(t)
	for p, text := range map[string]string{
		"proc/sys/kernel/version":       "#1 SMP PREEMPT_DYNAMIC\n",
		"proc/sys/kernel/tainted":       "4096\n",
		"sys/devices/system/cpu/online": "0-2,4\n",
		"proc/meminfo":                  "MemTotal:       2048 kB\nMemFree:         1 kB\nMemAvailable:   1024 kB\n",
		"proc/cpuinfo":                  "processor\t: 0\nflags\t\t: fpu vme hypervisor lahf_lm\n",
		"sys/class/dmi/id/sys_vendor":   "QEMU\n",
		"run/systemd/container":         "lxc\n",
		"sys/kernel/btf/vmlinux":        "",
		"boot/config-" + testKernel:     "# CONFIG_MODULE_SIG is not set\nCONFIG_TRACEPOINTS=y\nCONFIG_HZ=250\nCONFIG_SECRET=y\nCONFIG_CC_VERSION_TEXT=\"gcc 12\"\n",
	} {
		h.write(t, p, text)
	}
	m := h.Machine()
	options := map[string]string{}
	for _, name := range kernelOptions {
		options[name] = "n"
	}
	options["TRACEPOINTS"], options["HZ"], options["CC_VERSION_TEXT"] = "y", "250", "gcc 12"
	want := &Machine{
		Distribution: "Debian", Kernel: testKernel, KernelBuild: "#1 SMP PREEMPT_DYNAMIC", Arch: runtime.GOARCH, CPUs: "0-2,4",
		MemoryBytes: 2 << 20, FreeBytes: 1 << 20, Hardware: "QEMU", Virtual: true, Container: "lxc", Taint: "4096", BTF: true,
		ConfigFile: "/boot/config-" + testKernel, Config: options,
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("Machine (-want +got):\n%s", diff)
	}
}

// A host that has none of it is no error.
func TestMachineOfNothing(t *testing.T) {
	want := &Machine{Arch: runtime.GOARCH, Config: map[string]string{}}
	if diff := cmp.Diff(want, Host{Root: t.TempDir()}.Machine()); diff != "" {
		t.Errorf("Machine (-want +got):\n%s", diff)
	}
}

func TestKernelConfig(t *testing.T) {
	h := fakeHost(t)
	if file, options := h.kernelConfig(testKernel); file != "/usr/src/headers/.config" || options["DEBUG_INFO_BTF_MODULES"] != "y" {
		t.Errorf("%s: %v; want that of the headers", file, options)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte("CONFIG_PREEMPT_RT=y\n")); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	h.write(t, "proc/config.gz", packed.String())
	if file, options := h.kernelConfig(testKernel); file != "/proc/config.gz" || options["PREEMPT_RT"] != "y" {
		t.Errorf("%s: %v; want that of the running kernel", file, options)
	}
	if file, _ := h.kernelConfig("6.12.0"); file != "" {
		t.Errorf("kernel 6.12.0 has %s", file)
	}
	h.write(t, "proc/config.gz", "no gzip")
	if file, _ := h.kernelConfig(testKernel); file != "/usr/src/headers/.config" {
		t.Errorf("%s; want that of the headers", file)
	}
}

func TestBuilds(t *testing.T) {
	h := fakeHost(t)
	h.write(t, "status", "eyas/0.1.0, "+testKernel+", x86_64: installed\neyas/0.2.0: added\n")
	h.write(t, "sys/module/eyas/parameters/max_sessions", "8\n")
	got, err := h.Builds(context.Background())
	if diff := cmp.Diff([]string{"0.1.0, " + testKernel + ": installed", "0.2.0: added"}, got); diff != "" || err != nil {
		t.Errorf("Builds: %v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff(map[string]string{"max_sessions": "8"}, h.Parameters()); diff != "" {
		t.Errorf("Parameters (-want +got):\n%s", diff)
	}
	if err := os.Remove(filepath.Join(h.Path, "dkms")); err != nil {
		t.Fatal(err)
	}
	if got, err := h.Builds(context.Background()); err != nil || len(got) > 0 {
		t.Errorf("without dkms: %v, %v", got, err)
	}
}
