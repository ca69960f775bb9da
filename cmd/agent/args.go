// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// permute moves the flags of a command in front of its arguments, where the library looks for them:
// 'rules validate FILE --json' means 'rules validate --json FILE'. What stands behind -- stays an argument.
func permute(app *cli.App, args []string) []string {
	if len(args) == 0 {
		return args
	}
	commands, flags := app.Commands, app.Flags
	at := 1
	for at < len(args) {
		i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(args[at]) })
		if i < 0 {
			break
		}
		commands, flags = commands[i].Subcommands, commands[i].Flags
		at++
	}
	var front, back []string
	for rest := args[at:]; len(rest) > 0; {
		arg := rest[0]
		rest = rest[1:]
		switch {
		case arg == "--":
			back = append(back, rest...)
			rest = nil
		case len(arg) < 2 || arg[0] != '-':
			back = append(back, arg)
		default:
			front = append(front, arg)
			if takesValue(flags, arg) && len(rest) > 0 {
				front = append(front, rest[0])
				rest = rest[1:]
			}
		}
	}
	out := append(slices.Clone(args[:at]), front...)
	if len(back) > 0 {
		out = append(append(out, "--"), back...)
	}
	return out
}

// takesValue says that the argument behind this one belongs to it.
func takesValue(flags []cli.Flag, arg string) bool {
	if strings.Contains(arg, "=") {
		return false
	}
	name := strings.TrimLeft(arg, "-")
	for _, f := range flags {
		if _, isBool := f.(*cli.BoolFlag); slices.Contains(f.Names(), name) {
			return !isBool
		}
	}
	return false
}
