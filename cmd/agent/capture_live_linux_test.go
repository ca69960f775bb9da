// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLiveCapture records this host, ends the recording by SIGINT, and finds in
// the file what was done meanwhile, and by whom.
func TestLiveCapture(t *testing.T) {
	requireModule(t)
	file := filepath.Join(t.TempDir(), "events.scap.gz")
	marked := filepath.Join(t.TempDir(), "marked")
	expr := "evt.type in (mkdir, mkdirat) and proc.pid = " + strconv.Itoa(os.Getpid())
	cmd := exec.Command(os.Getenv("EYAS_AGENT"), "capture", "write", file, expr)
	var log lockedBuffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log.await(t, "recording")
	if err := unix.Mkdirat(unix.AT_FDCWD, marked, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("capture write: %v\n%s", err, log.String())
	}
	if !strings.Contains(log.String(), "agent: info: recorded ") || !strings.Contains(log.String(), " events=1 ") {
		t.Errorf("the log is:\n%s", log.String())
	}
	out, err := exec.Command(os.Getenv("EYAS_AGENT"), "capture", "read", "--json", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		TS     int64
		TID    int64
		Type   string
		Params struct {
			Res  int64
			Path string
			Mode uint32
		}
	}
	if err := json.Unmarshal(out, &e); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if e.Type != "mkdirat" || e.Params.Path != marked || e.Params.Mode != 0o700 || e.Params.Res != 0 || time.Since(time.Unix(0, e.TS)) > patience {
		t.Errorf("got %s", out)
	}
	var info struct{ Threads, FDs, Events, Shown, CPUs int }
	agentJSON(t, &info, "capture", "info", "--json", file)
	if info.Threads < 2 || info.FDs < 3 || info.Shown != 1 || info.CPUs < 1 {
		t.Errorf("capture info: got %+v", info)
	}
	if got, err := os.Stat(file); err != nil || got.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v; others may read it", got.Mode(), err)
	}
}

// TestLiveCaptureLimits: a recording ends by itself, and can go through a pipe.
func TestLiveCaptureLimits(t *testing.T) {
	requireModule(t)
	for _, limit := range []string{"-M=1", "-n=3"} {
		done := make(chan struct{})
		go func() { // or there may be no event at all
			defer close(done)
			for range 200 {
				unix.Getppid()
				unix.Nanosleep(&unix.Timespec{Nsec: 1e7}, nil)
			}
		}()
		script := `"$EYAS_AGENT" capture write ` + limit + ` - 'evt.type = getppid' | "$EYAS_AGENT" capture read - | wc -l`
		out, err := exec.Command("sh", "-c", script).Output()
		<-done
		n, _ := strconv.Atoi(strings.TrimSpace(string(out)))
		if err != nil || n < 1 || limit == "-n=3" && n != 3 {
			t.Errorf("%s: %v, %s events", limit, err, out)
		}
	}
}
