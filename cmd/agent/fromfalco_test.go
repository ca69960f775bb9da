// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/config"
)

var quotedText = regexp.MustCompile("`([^`]+)`")

// tableRows are the rows of all tables of a document: the texts in quotes of the
// first cell, and the second cell.
func tableRows(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		t.Skip("the document is not beside the test binary: ", err) // in a guest
	}
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !strings.Contains(cells[1], "`") {
			continue
		}
		if strings.TrimSpace(cells[2]) == "-" && strings.TrimSpace(cells[3]) == "" {
			t.Errorf("no reason: %s", line)
		}
		for _, name := range quotedText.FindAllStringSubmatch(cells[1], -1) {
			if rows[name[1]] != "" {
				t.Errorf("%s is there twice", name[1])
			}
			rows[name[1]] = strings.Trim(strings.TrimSpace(cells[2]), "`")
		}
	}
	return rows
}

// What the document says is here is here.
func TestFromFalco(t *testing.T) {
	rows := tableRows(t, "../../docs/from-falco.md")
	if len(rows) < 80 {
		t.Errorf("%d rows", len(rows))
	}
	defaults := string(config.Default().TOML())
	a := &command{log: newLogger(io.Discard)}
	app := a.app(io.Discard, io.Discard)
	for falco, here := range rows {
		words, isCommand := strings.CutPrefix(here, "agent ")
		switch {
		case here == "-":
		case isCommand:
			if !hasCommand(app, strings.Fields(words)) {
				t.Errorf("%s: there is no %s", falco, here)
			}
		case !strings.Contains(defaults, "\n"+here+" = ") && !strings.Contains(defaults, "\n["+here+"]\n"):
			t.Errorf("%s: there is no key %s", falco, here)
		}
	}
	for _, falco := range []string{"-A", "-b", "-e", "-p", "-D", "append_output", "http_output", "webserver"} {
		if rows[falco] == "" {
			t.Errorf("%s is missing", falco)
		}
	}
}

// Every flag of Falco either is one of 'agent run', or is told what to do instead.
func TestFalcoFlags(t *testing.T) {
	rows := tableRows(t, "../../docs/from-falco.md")
	for flag, here := range rows {
		if !strings.HasPrefix(flag, "-") {
			continue
		}
		var stderr strings.Builder
		code := run([]string{"agent", "run", flag, "x", "--dry-run"}, strings.NewReader(""), io.Discard, &stderr)
		if strings.Contains(stderr.String(), "not defined") {
			t.Errorf("%s: %s", flag, &stderr)
		}
		refused := code == exitUsage && strings.Contains(stderr.String(), "there is no flag "+flag+": ")
		_, told := falcoFlags[flag]
		if mine := strings.HasPrefix(here, "agent run") || here == "agent --help"; mine == refused || mine == told {
			t.Errorf("%s: it is %s, but exit status %d: %s", flag, here, code, &stderr)
		}
	}
	for flag := range falcoFlags {
		if rows[flag] == "" {
			t.Errorf("%s is not in the document", flag)
		}
	}
}

// Every key of Falco's configuration is one here, or is told what to do instead.
func TestFalcoKeys(t *testing.T) {
	rows := tableRows(t, "../../docs/from-falco.md")
	for key, here := range rows {
		if strings.HasPrefix(key, "-") {
			continue
		}
		var stderr strings.Builder
		run([]string{"agent", "config", "check", "-o", key + "=1"}, strings.NewReader(""), io.Discard, &stderr)
		if told := strings.Contains(stderr.String(), ": unknown key "+key+": "); told == (here == key) || strings.Contains(stderr.String(), "unknown key") && !told {
			t.Errorf("%s: it is %s, but: %s", key, here, &stderr)
		}
	}
}

// hasCommand follows commands, and a flag at the end.
func hasCommand(app *cli.App, words []string) bool {
	commands, flags := app.Commands, []cli.Flag{cli.HelpFlag}
	for _, word := range words {
		if name, ok := strings.CutPrefix(word, "--"); ok {
			return slices.ContainsFunc(flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
		}
		i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(word) })
		if i < 0 {
			return false
		}
		commands, flags = commands[i].Subcommands, commands[i].Flags
	}
	return true
}
