// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/rules"
	"github.com/eyas-security/eyas/pkg/ruletest"
)

const scriptHelp = `Runs scripts: the files named, and those in folders whose names end in .test. A script is lines of

   process 100 parent=1 comm=nginx uid=33         a process, made known to the state
   event 100 openat fd=3 dirfd=AT_FDCWD name=/x   an event that this process causes (see agent events list)
   capture FILE filter='evt.type = openat' limit=9   the events of a capture; filter and limit may be missing
   expect "Rule name" "Another"                   the rules that matched since the last expect; or none

# begins a comment, double quotes keep blanks. All enabled rules are tried on every event, not only the first that
matches. Exit status 1 when a script differs from what it expects.

Example:

   agent rules test -r rules/eyas_rules.yaml rules/tests`

func (a *command) rulesTestCommand() *cli.Command {
	return &cli.Command{
		Name:        "test",
		Usage:       "run rule scripts: events, and the alerts they must raise",
		ArgsUsage:   "DIR|FILE...",
		Description: scriptHelp,
		Flags:       append(ruleFlags(), jsonFlag),
		Action:      a.rulesTest,
	}
}

// testRecord is what became of the scripts.
type testRecord struct {
	Scripts  []scriptRecord `json:"scripts"`
	Untested []string       `json:"untested_rules"` // on, and expected by no script
}

type scriptRecord struct {
	Name   string          `json:"name"`
	OK     bool            `json:"ok"`
	Events uint64          `json:"events"` // that rules saw
	Errors []mistakeRecord `json:"errors"`
}

type mistakeRecord struct {
	Line       int           `json:"line"`
	Message    string        `json:"message"`
	Missing    []string      `json:"missing"`
	Unexpected []matchRecord `json:"unexpected"`

	text string
}

type matchRecord struct {
	Rule  string `json:"rule"`
	Line  int    `json:"line"`
	Event string `json:"event"`
}

func (a *command) rulesTest(c *cli.Context) error {
	if err := wantArgs(c, 1, -1); err != nil {
		return err
	}
	_, set, err := a.loadRules(c)
	if err != nil {
		return err
	}
	files, err := scriptFiles(c.Args().Slice())
	if err != nil {
		return err
	}
	record, failed, err := runScripts(files, set.Active)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		err = printJSON(c.App.Writer, record)
	} else {
		record.text(c.App.Writer)
	}
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d scripts failed", failed, len(files))
	}
	return err
}

// scriptFiles opens folders.
func scriptFiles(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, fmt.Errorf("read scripts: %w", err)
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		entries, err := os.ReadDir(arg)
		if err != nil {
			return nil, fmt.Errorf("read scripts: %w", err)
		}
		before := len(files)
		for _, e := range entries {
			if !e.IsDir() && filepath.Ext(e.Name()) == ".test" {
				files = append(files, filepath.Join(arg, e.Name()))
			}
		}
		if len(files) == before {
			return nil, fmt.Errorf("no files *.test in %s", arg)
		}
	}
	return files, nil
}

func runScripts(files []string, active []*rules.Rule) (record *testRecord, failed int, err error) {
	record = &testRecord{Untested: []string{}}
	fired := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, 0, fmt.Errorf("read script: %w", err)
		}
		r := runScript(file, string(text), active, fired)
		if !r.OK {
			failed++
		}
		record.Scripts = append(record.Scripts, r)
	}
	for _, rule := range active {
		if !fired[rule.Name] {
			record.Untested = append(record.Untested, rule.Name)
		}
	}
	return record, failed, nil
}

func runScript(file, text string, active []*rules.Rule, fired map[string]bool) scriptRecord {
	r := scriptRecord{Name: file, Errors: []mistakeRecord{}}
	script, err := ruletest.Parse(file, text)
	var mistake *ruletest.Error
	if errors.As(err, &mistake) {
		r.Errors = append(r.Errors, newMistakeRecord(mistake))
		return r
	}
	stats, mistakes := ruletest.Run(script, active)
	r.Events = stats.Events
	for name := range stats.Fired {
		fired[name] = true
	}
	for _, m := range mistakes {
		r.Errors = append(r.Errors, newMistakeRecord(m))
	}
	r.OK = len(mistakes) == 0
	return r
}

func newMistakeRecord(e *ruletest.Error) mistakeRecord {
	m := mistakeRecord{Line: e.Line, Message: e.Msg, Missing: append([]string{}, e.Missing...), Unexpected: []matchRecord{}, text: e.Error()}
	for _, u := range e.Unexpected {
		m.Unexpected = append(m.Unexpected, matchRecord(u))
	}
	return m
}

func (r *testRecord) text(w io.Writer) {
	for _, s := range r.Scripts {
		if s.OK {
			fmt.Fprintf(w, "%s: ok\n", s.Name)
			continue
		}
		fmt.Fprintf(w, "%s: failed\n", s.Name)
		for _, m := range s.Errors {
			fmt.Fprintln(w, m.text)
		}
	}
	if len(r.Untested) > 0 {
		fmt.Fprintf(w, "rules that no script expects: %s\n", strings.Join(r.Untested, ", "))
	}
}
