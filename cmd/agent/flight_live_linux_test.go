// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLiveFlight: a rule that asks for a capture gets one, with what its process
// tree did before the match and after it; on a quiet host it ends by the clock.
func TestLiveFlight(t *testing.T) {
	requireModule(t)
	dir := t.TempDir()
	rules := filepath.Join(dir, "rules.yaml")
	if err := os.WriteFile(rules, []byte(mkdirRule+"  capture: true\n  capture_duration: 500\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	prefix := filepath.Join(dir, "sub", "rec")
	cmd := exec.Command(os.Getenv("EYAS_AGENT"), "run", "-r", rules, "-o", "capture.enabled=true", "-o", "capture.path_prefix="+prefix,
		"-o", "control.enabled=false")
	var log lockedBuffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log.await(t, "watching")
	// Only a child is known by its exec; it is gone when the file is begun.
	if err := exec.Command("sh", "-c", ": > "+filepath.Join(dir, "before")).Run(); err != nil {
		t.Fatal(err)
	}
	makeFolder(t)
	if err := os.WriteFile(filepath.Join(dir, "after"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	log.await(t, "capture written")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(log.String(), "captures=1 ") || !strings.Contains(log.String(), "end=duration") {
		t.Errorf("%v; the log is:\n%s", err, log.String())
	}
	files, err := filepath.Glob(prefix + "_*.scap")
	if err != nil || len(files) != 1 {
		t.Fatalf("files %q, %v", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v; others may read it", info.Mode(), err)
	}
	out, err := exec.Command(os.Getenv("EYAS_AGENT"), "capture", "read", "-p", "*%proc.name %evt.type %fd.name%evt.arg.path", files[0],
		"(evt.type = openat and fd.name startswith "+dir+" and evt.is_open_write = true) or evt.type = mkdirat").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	want := []string{"sh openat " + dir + "/before", "cmd.test mkdirat ", "cmd.test openat " + dir + "/after"}
	at := 0
	for _, w := range want {
		i := slices.IndexFunc(lines[at:], func(l string) bool { return strings.Contains(l, w) })
		if i < 0 {
			t.Fatalf("no %q behind line %d of the events:\n%s", w, at, out)
		}
		at += i + 1
	}
	alerts, err := exec.Command(os.Getenv("EYAS_AGENT"), "run", "-r", rules, "-e", files[0]).Output()
	if err != nil || strings.Count(string(alerts), "Notice folder ") != 1 {
		t.Errorf("%v; the file gives the alerts:\n%s", err, alerts)
	}
}
