// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/eyas-security/eyas/pkg/driver"
)

// text prints the report for people, a part below the other.
func (r *supportRecord) text(w io.Writer) {
	fmt.Fprintln(w, "# versions")
	r.Versions.text(w)
	fmt.Fprintln(w, "\n# host")
	for _, fact := range hostFacts(r.Machine) {
		if fact[1] != "" {
			fmt.Fprintf(w, "%-12s %s\n", fact[0], fact[1])
		}
	}
	if len(r.Machine.Config) > 0 {
		fmt.Fprintf(w, "%-12s %s\n", "options", pairs(r.Machine.Config))
	}
	r.moduleText(w)
	fmt.Fprintf(w, "\n# configuration: %s\n", r.Config.File)
	fmt.Fprintf(w, "# changed: %s\n", cmp.Or(strings.Join(r.Config.Changed, ", "), "nothing, these are the defaults"))
	io.WriteString(w, r.Config.TOML)
	r.rulesText(w)
	fmt.Fprintln(w, "\n# sessions")
	for _, s := range r.Sessions {
		s.text(w)
	}
	r.agentText(w)
	fmt.Fprintln(w, "\n# not to be had")
	io.WriteString(w, lines(r.Missing))
}

// hostFacts are the lines about the host: a name and what is known.
func hostFacts(m *driver.Machine) [][2]string {
	kind := "no hypervisor seen"
	if m.Virtual {
		kind = "virtual machine"
	}
	if m.Container != "" {
		kind += ", in a container of " + m.Container
	}
	return [][2]string{
		{"system", m.Distribution}, {"kernel", m.Kernel}, {"build", m.KernelBuild}, {"arch", m.Arch}, {"hardware", m.Hardware}, {"kind", kind},
		{"cpus", fmt.Sprintf("%s online, %s possible", m.CPUs, m.PossibleCPUs)},
		{"memory", fmt.Sprintf("%d MiB, %d MiB free", m.MemoryBytes>>20, m.FreeBytes>>20)},
		{"lsm", m.LSM}, {"taint", m.Taint}, {"btf", yes(m.BTF)}, {"config", m.ConfigFile},
	}
}

// pairs is NAME=VALUE of all, sorted.
func pairs(values map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		all = append(all, name+"="+values[name])
	}
	return strings.Join(all, " ")
}

func (r *supportRecord) moduleText(w io.Writer) {
	fmt.Fprintln(w, "\n# module")
	if r.Module != nil {
		printStatus(w, r.Module)
	}
	if len(r.Parameters) > 0 {
		fmt.Fprintf(w, "parameters   %s\n", pairs(r.Parameters))
	}
	for _, b := range r.Builds {
		fmt.Fprintf(w, "dkms has     %s\n", b)
	}
	for _, f := range r.Findings {
		fmt.Fprintln(w, f)
	}
}

func (r *supportRecord) rulesText(w io.Writer) {
	fmt.Fprintln(w, "\n# rules")
	for _, f := range r.Rules.Files {
		fmt.Fprintf(w, "%s  %8d  %s\n", f.SHA256, f.Bytes, f.Name)
	}
	if r.Rules.Loaded >= 0 {
		fmt.Fprintf(w, "%d rules, %d of them on\n", r.Rules.Loaded, r.Rules.Active)
	}
}

func (r *supportRecord) agentText(w io.Writer) {
	if a := r.Agent; a != nil {
		fmt.Fprintf(w, "agent %d: %d rules, %d events, %d alerts, loaded anew %d times, failed %d times %s\n",
			a.PID, a.Rules, a.Events, a.Alerts, a.Reloads, a.FailedReloads, a.LastError)
	}
}
