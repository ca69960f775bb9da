// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/rules"
)

// falcoFlags are the flags of Falco that 'agent run' does not have, and what to
// do instead. docs/from-falco.md holds all flags.
var falcoFlags = map[string]string{
	"-V": "use 'agent rules validate FILE'", "--validate": "use 'agent rules validate FILE'",
	"-L": "use 'agent rules list'", "-l": "use 'agent rules show RULE'",
	"--rule-schema":   "'agent rules validate FILE' says what is wrong with a rule file, and where",
	"--config-schema": "'agent config default' prints all keys with their meaning",
	"--list":          "use 'agent fields list'", "-N": "use 'agent fields list --names'",
	"--markdown": "use 'agent fields list --markdown'", "--format": "use 'agent fields list --json'",
	"--list-events": "use 'agent events list'", "--list-syscall-events": "use 'agent events list --syscalls'",
	"--list-plugins": "there are no plugins, containers are built in", "--plugin-info": "there are no plugins, containers are built in",
	"-i":        "use 'agent mask plan --high-volume'",
	"--version": "use 'agent version'",
	"--support": "use 'agent support'", "--page-size": "use 'agent driver status'",
	"--nodriver": "live events come from the kernel module alone; -e replays a capture and --dry-run checks the rules without it",
	"-u":         "live events come from the kernel module alone; see 'agent driver status'", "--userspace": "live events come from the kernel module alone; see 'agent driver status'",
	"--cri":               "leave it out: no container engine is asked, containers are known by their control groups",
	"--disable-cri-async": "leave it out: no container engine is asked, containers are known by their control groups",
}

// onUsageError says of a flag of Falco what to do instead.
func onUsageError(c *cli.Context, err error, _ bool) error {
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	isApp := c.Command.HelpName == c.App.HelpName
	if !unknown || !isApp && c.Command.Name != "run" {
		return usagef(c, "%v", err)
	}
	name = dashes(name)
	if instead := falcoFlags[name]; instead != "" {
		return usagef(c, "there is no flag %s: %s", name, instead)
	}
	if run := c.App.Command("run"); isApp && slices.ContainsFunc(run.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), strings.TrimLeft(name, "-")) }) {
		return usagef(c, "%s is a flag of a command: 'agent run %s ...'", name, name)
	}
	return usagef(c, "%v", err)
}

// dashes puts one dash before a letter and two before a word.
func dashes(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// checkSources takes the choice of event sources, of which there is one.
func checkSources(c *cli.Context) error {
	enable, disable := c.StringSlice("enable-source"), c.StringSlice("disable-source")
	if len(enable) > 0 && len(disable) > 0 {
		return usagef(c, "--enable-source and --disable-source cannot be used together")
	}
	for _, name := range append(enable, disable...) {
		if name != rules.SyscallSource {
			return usagef(c, "unknown event source %s: there is %s alone", name, rules.SyscallSource)
		}
	}
	if len(disable) > 0 {
		return usagef(c, "without the source %s nothing is left to watch", rules.SyscallSource)
	}
	return nil
}
