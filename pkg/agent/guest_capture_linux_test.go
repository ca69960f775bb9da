// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/state"
)

// TestGuestCapture records a guest with a Debian root while programs run. Replayed, the capture gives the same threads and
// descriptors as /proc at its end: every difference is of a kind that capturedOtherwise explains.
func TestGuestCapture(t *testing.T) {
	requireDevice(t)
	programs, agent := os.Getenv("EYAS_PROGRAMS"), os.Getenv("EYAS_AGENT")
	if programs == "" || agent == "" {
		t.Skip("no EYAS_PROGRAMS or no EYAS_AGENT: scripts/vm/test runs this in a guest of its own")
	}
	file := filepath.Join(cmp.Or(os.Getenv("EYAS_OUT"), t.TempDir()), "programs.scap")
	recorder, end := startRecorder(t, agent, file)
	holder := startHolder(t)
	defer holder()
	runPrograms(t, programs)
	truth := settled(t)
	end()
	got, events := stateAtEnd(t, file)
	self := &comparison{recorder: int64(recorder), scanner: int64(os.Getpid())}
	self.compare(truth, got)
	self.tell(t, events)
}

// startRecorder returns when "agent capture write" records; end ends it.
func startRecorder(t *testing.T, agent, file string) (pid int, end func()) {
	t.Helper()
	cmd := exec.Command(agent, "capture", "write", file)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewScanner(stderr)
	for log.Scan() && !strings.Contains(log.Text(), "recording") {
		t.Log(log.Text())
	}
	return cmd.Process.Pid, func() {
		t.Helper()
		if err := cmd.Process.Signal(unix.SIGINT); err != nil {
			t.Fatal(err)
		}
		for log.Scan() {
			t.Log(log.Text())
			if strings.Contains(log.Text(), "lost (") {
				t.Error("events were lost: the capture cannot tell all")
			}
		}
		if err := cmd.Wait(); err != nil {
			t.Fatalf("capture write: %v", err)
		}
	}
}

// runPrograms runs them to their end. What they leave in the background goes on.
func runPrograms(t *testing.T, script string) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command("sh", script, t.TempDir())
	cmd.Stdout, cmd.Stderr = out, out // a file: nobody waits for those who keep it open
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		t.Fatalf("%s: %v\n%s", script, err, text)
	}
}

// stateAtEnd is what a capture says of its end.
func stateAtEnd(t *testing.T, file string) (st *state.State, events uint64) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := scap.NewReader(bytes.NewReader(data), func() *state.State { return state.New(state.Options{}) })
	if err != nil {
		t.Fatal(err)
	}
	for ev := new(state.Event); ; {
		err := r.Next(&ev.Event)
		if errors.Is(err, io.EOF) {
			return r.State(), ev.Num
		}
		if err != nil {
			t.Fatal(err)
		}
		r.State().Update(ev)
		r.State().Done(ev)
	}
}
