// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestLiveDaemon: 'agent run -d' is silent and ends when the agent watches. That one
// goes on where it was started, and ends on SIGTERM with its alerts written.
func TestLiveDaemon(t *testing.T) {
	requireModule(t)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(file("rules.yaml"), []byte(mkdirRule), 0o644); err != nil {
		t.Fatal(err)
	}
	agent, err := filepath.Abs(os.Getenv("EYAS_AGENT"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(agent, "run", "-d", "-r", "rules.yaml", "-P", "pid", "-o", "control.socket="+file("socket"),
		"-o", "stdout_output.enabled=false", "-o", "file_output.enabled=true", "-o", "file_output.filename=alerts")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(file("pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(process)
	makeFolder(t)
	if err := unix.Kill(pid, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wait := []unix.PollFd{{Fd: int32(process), Events: unix.POLLIN}}
	n, err := unix.Poll(wait, int(patience.Milliseconds()))
	for err == unix.EINTR {
		n, err = unix.Poll(wait, int(patience.Milliseconds()))
	}
	if n != 1 || err != nil {
		t.Fatalf("the daemon did not end: %v", err)
	}
	if alerts, err := os.ReadFile(file("alerts")); err != nil || !strings.Contains(string(alerts), "eyas-live-folder") {
		t.Errorf("alerts: %v: %s", err, alerts)
	}
	if _, err := os.Stat(file("pid")); !os.IsNotExist(err) {
		t.Errorf("the pid file is still there: %v", err)
	}
}
