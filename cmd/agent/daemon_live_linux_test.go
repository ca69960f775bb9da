// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// listenSystemLog returns what the system's log is told from now on. A host that has a log keeps it to itself: nil.
func listenSystemLog(t *testing.T) <-chan string {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: "/dev/log", Net: "unixgram"})
	if errors.Is(err, unix.EADDRINUSE) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); os.Remove("/dev/log") })
	told := make(chan string, 1000)
	go func() {
		buf := make([]byte, 8<<10)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return // closed
			}
			told <- string(buf[:n])
		}
	}()
	return told
}

// hear waits until a text with these words is told.
func hear(t *testing.T, told <-chan string, words string) {
	t.Helper()
	for timeout := time.After(patience); told != nil; {
		select {
		case text := <-told:
			if strings.Contains(text, words) {
				return
			}
		case <-timeout:
			t.Fatalf("nobody told of %q within %v", words, patience)
		}
	}
}

// TestLiveDaemon: 'agent run -d' is silent and ends when the agent watches. That one
// goes on where it was started, and ends on SIGTERM with its alerts written. The system's log has its messages.
func TestLiveDaemon(t *testing.T) {
	requireModule(t)
	told := listenSystemLog(t)
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
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	} else if len(out) > 0 {
		t.Errorf("it is not silent: %s", out) // and it runs on, to be ended below
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
	hear(t, told, "watching rules=1")
	hear(t, told, "stopped alerts=1")
	if alerts, err := os.ReadFile(file("alerts")); err != nil || !strings.Contains(string(alerts), "eyas-live-folder") {
		t.Errorf("alerts: %v: %s", err, alerts)
	}
	if _, err := os.Stat(file("pid")); !os.IsNotExist(err) {
		t.Errorf("the pid file is still there: %v", err)
	}
}
