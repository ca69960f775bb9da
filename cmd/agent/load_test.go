// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// TestLoadAgain: a configuration that is half written or gone changes nothing, one that is put in its place counts.
func TestLoadAgain(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	config := file("eyas.toml", "version = 1\n")
	rules := file("rules.yaml", "- rule: r\n  desc: d\n  condition: evt.type = mkdir\n  output: o\n  priority: INFO\n")
	a := &command{log: newLogger(io.Discard)}
	app := a.app(io.Discard, io.Discard)
	set := flag.NewFlagSet("run", flag.ContinueOnError)
	for _, f := range ruleFlags() {
		if err := f.Apply(set); err != nil {
			t.Fatal(err)
		}
	}
	if err := set.Parse([]string{"--config", config, "--rules", rules}); err != nil {
		t.Fatal(err)
	}
	c := cli.NewContext(app, set, nil)
	c.Command = app.Command("run")
	again := a.loadAgain(c)
	for _, step := range []struct {
		what string
		do   func()
		want string
	}{
		{"nothing", func() {}, ""},
		{"gone", func() { os.Remove(config) }, "the configuration is gone"},
		{"empty", func() { file("eyas.toml", "") }, "version is missing"},
		{"half", func() { file("eyas.toml", "version = 1\n[driver]\nsnaplen = ") }, "eyas.toml:3"},
		{"renamed over", func() { os.Rename(file("new", "version = 1\npriority = 'error'\n"), config) }, ""},
		{"a folder", func() { os.Remove(config); os.Mkdir(config, 0o700) }, "is a directory"},
	} {
		step.do()
		loaded, err := again()
		if step.want == "" && err != nil || step.want != "" && (err == nil || !strings.Contains(err.Error(), step.want)) {
			t.Errorf("%s: %v, want %q", step.what, err, step.want)
		}
		if step.what == "renamed over" && err == nil && (loaded.Config.Priority != "error" || len(loaded.Rules.Active) != 0) {
			t.Errorf("%s: %+v", step.what, loaded.Config)
		}
	}
}
