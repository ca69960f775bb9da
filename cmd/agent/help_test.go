// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// Every command has a help with an example of itself, a usage without a dot, and flags with usages.
func TestHelp(t *testing.T) {
	a := &command{stdin: strings.NewReader(""), log: newLogger(io.Discard)}
	app := a.app(io.Discard, io.Discard)
	checkUsage(t, "agent", app.Usage, app.Description, nil)
	var walk func(path string, commands []*cli.Command)
	walk = func(path string, commands []*cli.Command) {
		for _, c := range commands {
			checkUsage(t, path+" "+c.Name, c.Usage, c.Description, c.Flags)
			walk(path+" "+c.Name, c.Subcommands)
			args := append(strings.Fields(path+" "+c.Name), "--help")
			var stdout, stderr bytes.Buffer
			if code := run(args, nil, &stdout, &stderr); code != 0 || !strings.Contains(stdout.String(), "Example:") || stderr.Len() > 0 {
				t.Errorf("%v: exit status %d, stdout %q, stderr %q", args, code, stdout.String(), stderr.String())
			}
		}
	}
	walk("agent", app.Commands)
}

func checkUsage(t *testing.T, path, usage, description string, flags []cli.Flag) {
	t.Helper()
	if usage == "" || strings.HasSuffix(usage, ".") || usage[0] >= 'A' && usage[0] <= 'Z' {
		t.Errorf("%s: usage %q", path, usage)
	}
	if _, example, _ := strings.Cut(description, "Example:\n\n   "); !strings.HasPrefix(example, path) {
		t.Errorf("%s: no example of it in %q", path, description)
	}
	for _, f := range flags {
		if d, ok := f.(cli.DocGenerationFlag); !ok || d.GetUsage() == "" {
			t.Errorf("%s: flag %v has no usage", path, f.Names())
		}
	}
}

func TestPermute(t *testing.T) {
	a := &command{log: newLogger(io.Discard)}
	app := a.app(io.Discard, io.Discard)
	tests := []struct{ in, want string }{
		{"agent", "agent"},
		{"agent --help", "agent --help"},
		{"agent config check x", "agent config check -- x"},
		{"agent config check x -c f y -o a=b --help", "agent config check -c f -o a=b --help -- x y"},
		{"agent config check -c=f x", "agent config check -c=f -- x"},
		{"agent events list x --json y", "agent events list --json -- x y"},
		{"agent events list -- --json", "agent events list -- --json"},
		{"agent events list -", "agent events list -- -"},
		{"agent config check x -c", "agent config check -c -- x"},
		{"agent nothing --such", "agent --such -- nothing"},
	}
	for _, tt := range tests {
		if got := permute(app, strings.Fields(tt.in)); !slices.Equal(got, strings.Fields(tt.want)) {
			t.Errorf("permute(%s): got %v, want %s", tt.in, got, tt.want)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Output that nobody takes is a failure, not silence.
func TestBrokenOutput(t *testing.T) {
	var stderr bytes.Buffer
	if code := run([]string{"agent", "events", "list"}, nil, brokenWriter{}, &stderr); code != exitFailed {
		t.Errorf("exit status %d, stderr %q", code, stderr.String())
	}
}
