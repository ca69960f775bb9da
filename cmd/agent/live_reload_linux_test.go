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

// startOnFolders starts an agent with mkdirRule alone. The option has commands find its socket.
func startOnFolders(t *testing.T) (a *liveAgent, option string) {
	t.Helper()
	dir := t.TempDir()
	rules := filepath.Join(dir, "rules.yaml")
	if err := os.WriteFile(rules, []byte(mkdirRule), 0o644); err != nil {
		t.Fatal(err)
	}
	option = "control.socket=" + filepath.Join(dir, "socket")
	return startAgent(t, "-r", rules, "-o", option), option
}

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
	a, socket := startOnFolders(t)
	steps := []struct {
		args           []string
		added, removed []string
	}{
		{[]string{"add", "read", "fchmodat"}, []string{"fchmodat", "read"}, nil},
		{[]string{"remove", "mkdirat"}, nil, []string{"mkdirat"}},
		{[]string{"reset"}, []string{"mkdirat"}, []string{"fchmodat", "read"}},
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
	var change changeDocument
	agentJSON(t, &change, "mask", "set", "--json", "-o", socket, "mkdirat", "fchmodat")
	var show showDocument
	agentJSON(t, &show, "mask", "show", "--json", "-o", socket)
	if got := show.Sessions[0].Names; !slices.Equal(got, []string{"fchmodat", "mkdirat", "procexit"}) {
		t.Errorf("mask set: the kernel records %q", got)
	}
	makeFolder(t)
	a.next(t, "New folder")
}

type explainDocument struct {
	Syscalls []struct {
		Name     string
		Selected bool
		OnlyRule string `json:"only_rule"`
		In, Out  []struct{ Kind, Rule string }
		Cost     struct {
			Records float64 `json:"records_per_second"`
			Bytes   float64 `json:"bytes_per_second"`
		}
	}
}

// TestLiveExplain: a running agent says why it records a call and what that costs, and its sessions show the same.
func TestLiveExplain(t *testing.T) {
	requireModule(t)
	_, socket := startOnFolders(t)
	stop := inBackground(func() { makeFolder(t) })
	defer stop()
	var got explainDocument
	agentJSON(t, &got, "mask", "explain", "--live", "--json", "-o", socket, "mkdirat", "read")
	made, read := got.Syscalls[0], got.Syscalls[1]
	if !made.Selected || made.OnlyRule != "New folder" || made.Cost.Records <= 0 || made.Cost.Bytes <= 0 {
		t.Errorf("mkdirat: %+v", made)
	}
	if read.Selected || len(read.Out) == 0 || read.Cost.Records != 0 {
		t.Errorf("read: %+v", read)
	}
	var show struct {
		Sessions []struct {
			Counters map[string]struct {
				Records  float64 `json:"records_per_second"`
				Bytes    float64 `json:"bytes_per_second"`
				OnlyRule string  `json:"only_rule"`
			}
		}
	}
	agentJSON(t, &show, "mask", "show", "--json", "-o", socket)
	if c := show.Sessions[0].Counters["mkdirat"]; c.Records <= 0 || c.Bytes <= 0 || c.OnlyRule != "New folder" {
		t.Errorf("mask show: mkdirat: %+v", c)
	}
}

// inBackground does something over and over until stop is called.
func inBackground(do func()) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			case <-time.After(time.Millisecond):
				do()
			}
		}
	}()
	return func() { close(end); <-ended }
}

// TestLiveConfig: on SIGHUP the agent reads its configuration anew, and the kernel has the mask and the snap length that it asks for.
func TestLiveConfig(t *testing.T) {
	requireModule(t)
	dir := t.TempDir()
	rules, cfg := filepath.Join(dir, "rules.yaml"), filepath.Join(dir, "eyas.toml")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(rules, killRule+mkdirRule)
	const head = "version = 1\nwatch_config_files = false\n"
	write(cfg, head)
	a := startAgent(t, "-c", cfg, "-r", rules, "-o", "control.socket="+filepath.Join(dir, "socket"))
	write(cfg, head+"[base_syscalls]\ncustom_set = [\"sync\", \"!mkdirat\"]\n[driver]\nsnaplen = 99\n")
	makeFolder(t)
	a.next(t, "New folder") // nobody has told it yet
	if err := a.cmd.Process.Signal(unix.SIGHUP); err != nil {
		t.Fatal(err)
	}
	var show showDocument
	for end := time.Now().Add(patience); time.Now().Before(end); {
		agentJSON(t, &show, "mask", "show", "--json", "--interval", "0s")
		if slices.Contains(show.Sessions[0].Names, "sync") && show.Sessions[0].Snaplen == 99 {
			break
		}
	}
	if n := show.Sessions[0].Snaplen; n != 99 {
		t.Errorf("after SIGHUP the kernel keeps %d bytes of data buffers", n)
	}
	if names := show.Sessions[0].Names; !slices.Contains(names, "sync") || slices.Contains(names, "mkdirat") || !slices.Contains(names, "kill") {
		t.Errorf("after SIGHUP the kernel records %q", names)
	}
	signalSelf(t)
	a.next(t, "Odd signal")
}
