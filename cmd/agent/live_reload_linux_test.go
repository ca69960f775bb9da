// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const mkdirRule = `
- rule: New folder
  desc: a folder that nothing else makes
  condition: evt.type = mkdirat and evt.arg.path endswith eyas-live-folder
  output: folder %evt.arg.path
  priority: NOTICE
`

// makeFolder is what mkdirRule is about.
func makeFolder(t *testing.T) {
	t.Helper()
	name := filepath.Join(os.TempDir(), "eyas-live-folder")
	if err := unix.Mkdirat(unix.AT_FDCWD, name, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

// until makes folders until the agent says so: its rules change meanwhile.
func (a *liveAgent) until(t *testing.T, rule string, do func(*testing.T)) {
	t.Helper()
	for range int(patience / time.Second) {
		do(t)
		timeout := time.After(time.Second)
	wait:
		for {
			select {
			case alert, ok := <-a.alerts:
				if !ok {
					t.Fatalf("the agent ended before an alert of %q", rule)
				}
				if alert.Rule == rule {
					return
				}
			case <-timeout:
				break wait
			}
		}
	}
	t.Fatalf("no alert of %q within %v", rule, patience)
}

// TestLiveReload: rules change when their file does, or on SIGHUP; a broken file changes nothing and is told of.
func TestLiveReload(t *testing.T) {
	requireModule(t)
	dir := t.TempDir()
	rules := filepath.Join(dir, "rules.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(rules+".new", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(rules+".new", rules); err != nil {
			t.Fatal(err)
		}
	}
	write(killRule)
	a := startAgent(t, "-r", rules, "-o", "control.socket="+filepath.Join(dir, "socket"))
	signalSelf(t)
	a.next(t, "Odd signal")
	write(killRule + mkdirRule)
	a.until(t, "New folder", makeFolder)
	write("- rule: broken\n  condition: [")
	a.next(t, "Eyas: rules not reloaded")
	makeFolder(t)
	a.next(t, "New folder")
	write(strings.ReplaceAll(mkdirRule, "New folder", "Newer folder"))
	if err := a.cmd.Process.Signal(unix.SIGHUP); err != nil {
		t.Fatal(err)
	}
	a.until(t, "Newer folder", makeFolder)
}

type changeDocument struct {
	Added, Removed []string
}

// TestLiveMaskChange: an operator adds and removes system calls, and the kernel has the mask at once.
func TestLiveMaskChange(t *testing.T) {
	requireModule(t)
	dir := t.TempDir()
	rules := filepath.Join(dir, "rules.yaml")
	if err := os.WriteFile(rules, []byte(mkdirRule), 0o644); err != nil {
		t.Fatal(err)
	}
	socket := "control.socket=" + filepath.Join(dir, "socket")
	a := startAgent(t, "-r", rules, "-o", socket)
	steps := []struct {
		args           []string
		added, removed []string
	}{
		{[]string{"add", "rmdir", "read"}, []string{"read", "rmdir"}, nil},
		{[]string{"remove", "mkdirat"}, nil, []string{"mkdirat"}},
		{[]string{"reset"}, []string{"mkdirat"}, []string{"read", "rmdir"}},
	}
	for _, step := range steps {
		var got changeDocument
		agentJSON(t, &got, append([]string{"mask", step.args[0], "--json", "-o", socket}, step.args[1:]...)...)
		if !slices.Equal(got.Added, step.added) || !slices.Equal(got.Removed, step.removed) {
			t.Errorf("mask %q: %+v, want %q and %q", step.args, got, step.added, step.removed)
		}
		var show showDocument
		agentJSON(t, &show, "mask", "show", "--json", "-o", socket)
		for _, name := range step.added {
			if !slices.Contains(show.Sessions[0].Names, name) {
				t.Errorf("mask %q: the kernel does not record %s", step.args, name)
			}
		}
		for _, name := range step.removed {
			if slices.Contains(show.Sessions[0].Names, name) {
				t.Errorf("mask %q: the kernel records %s", step.args, name)
			}
		}
	}
	makeFolder(t)
	a.next(t, "New folder")
}
