// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestFileWatch: every way of changing what files hold is told, and nothing else is.
func TestFileWatch(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) error { return os.WriteFile(at(name), []byte(text), 0o600) }
	must := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	must(os.Mkdir(at("rules"), 0o700), os.Mkdir(at("real"), 0o700), write("rules/a.yaml", "a"), write("real/b.yaml", "b"), os.Symlink(at("real/b.yaml"), at("b.yaml")))
	paths := []string{at("eyas.toml"), at("rules"), at("b.yaml")}
	w, err := watchFiles()
	must(err)
	defer w.close()
	steps := []struct {
		name   string
		change func() error
		told   bool
	}{
		{"write", func() error { return write("rules/a.yaml", "aa") }, true},
		{"the same again", func() error { return write("rules/a.yaml", "aa") }, false},
		{"another file", func() error { return write("other", "x") }, false},
		{"no rule file", func() error { return write("rules/notes.txt", "x") }, false},
		{"rename over", func() error {
			if err := write("rules/.a.swp", "new"); err != nil {
				return err
			}
			return os.Rename(at("rules/.a.swp"), at("rules/a.yaml"))
		}, true},
		{"one more rule file", func() error { return write("rules/c.yml", "c") }, true},
		{"one less", func() error { return os.Remove(at("rules/c.yml")) }, true},
		{"a file that was not there", func() error { return write("eyas.toml", "version = 1") }, true},
		{"behind a link", func() error { return write("real/b.yaml", "bb") }, true},
		{"the whole folder", func() error {
			if err := os.Mkdir(at("next"), 0o700); err != nil {
				return err
			}
			if err := write("next/a.yaml", "from next"); err != nil {
				return err
			}
			if err := os.RemoveAll(at("rules")); err != nil {
				return err
			}
			return os.Rename(at("next"), at("rules"))
		}, true},
		{"in the new folder", func() error { return write("rules/a.yaml", "again") }, true},
	}
	for _, step := range steps {
		w.loading(paths)
		if err := step.change(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		wait := time.Minute
		if !step.told {
			wait = 2 * settleTime
		}
		timer := time.NewTimer(wait)
		select {
		case <-w.changed:
			if !step.told {
				t.Errorf("%s: told of", step.name)
			}
		case <-timer.C:
			if step.told {
				t.Errorf("%s: not told of", step.name)
			}
		}
		timer.Stop()
	}
}
