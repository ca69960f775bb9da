// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSignalsWhileLoading: signals that ask a running agent for something do not end one that still loads. Its rules
// come through a pipe, so that it does.
func TestSignalsWhileLoading(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "rules.yaml")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("agent", "run", "--dry-run", "-r", pipe)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		err := cmd.Wait()
		if r, err := os.OpenFile(pipe, os.O_RDONLY|unix.O_NONBLOCK, 0); err == nil {
			defer r.Close() // who writes need not wait for an agent that ended too early
		}
		ended <- err
	}()
	f, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits for the agent
	if err != nil {
		t.Fatal(err)
	}
	for _, sig := range []os.Signal{unix.SIGHUP, unix.SIGUSR1, unix.SIGHUP} {
		if err := cmd.Process.Signal(sig); err != nil {
			t.Error(err)
		}
	}
	if _, err := f.WriteString(mkdirRule); err != nil {
		t.Error(err)
	}
	f.Close()
	if err := <-ended; err != nil || !strings.Contains(stderr.String(), "configuration and 1 rules are valid") {
		t.Errorf("%v: %s", err, &stderr)
	}
}
