// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// writeCaptures makes captures for the scripts: small.scap, cut.scap, which lacks
// its end, and no-events.scap, of a host that was not booted at any known time.
func writeCaptures(dir string) error {
	var whole, cut, none bytes.Buffer
	w, err := scap.NewWriter(&none, false, scap.Machine{Hostname: "db1"})
	if err := errors.Join(writeCapture(&whole, true), writeCapture(&cut, false), err, w.Close()); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "no-events.scap"), none.Bytes(), 0o644),
		os.WriteFile(filepath.Join(dir, "small.scap"), whole.Bytes(), 0o644),
		os.WriteFile(filepath.Join(dir, "cut.scap"), cut.Bytes()[:cut.Len()-6], 0o644))
}

// writeCapture writes a capture in which a shell of a user that only the capture
// knows opens two files.
func writeCapture(out io.Writer, compress bool) error {
	w, err := scap.NewWriter(out, compress, scap.Machine{NumCPUs: 2, Hostname: "db1", BootTime: 1_600_000_000_000_000_000})
	if err != nil {
		return err
	}
	st := state.New(state.Options{})
	st.AddUser(state.User{UID: 4711, GID: 1, Name: "nobody-else", Home: "/", Shell: "/bin/sh"})
	st.AddThread(state.Thread{TID: 10, PID: 10, PTID: 1, VTID: 10, VPID: 10, Comm: "bash", Exe: "bash", ExePath: "/usr/bin/bash", Cwd: "/root/", UID: 4711, GID: 1})
	if err := w.State(st); err != nil {
		return err
	}
	for i, file := range []string{"/etc/hosts", "/etc/shadow"} {
		raw, err := event.Encode(nil, schema.EvSyscallOpenat_2_X, 1_700_000_000_000_000_000+uint64(i), 10,
			map[string]string{"fd": "3", "dirfd": "AT_FDCWD", "name": file, "flags": "O_RDONLY", "mode": "0"})
		if err != nil {
			return err
		}
		if err := w.Event(1, raw, false); err != nil {
			return err
		}
	}
	return w.Close()
}

// TestCaptureReadPipe: an event is printed when it has been written, though the
// capture goes on.
func TestCaptureReadPipe(t *testing.T) {
	fromWriter, toReader, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromReader, toTest, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan int, 1)
	go func() {
		done <- run([]string{"agent", "capture", "read", "-p", "%evt.num", "-"}, fromWriter, toTest, io.Discard)
		toTest.Close()
		fromWriter.Close()
	}()
	if err := fromReader.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	w, err := scap.NewWriter(toReader, true, scap.Machine{})
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(fromReader)
	for i := 1; i < 4; i++ {
		raw := event.Append(nil, schema.EvSyscallCloseX, 1, 10, event.I64(0), event.I64(3))
		if err := errors.Join(w.Event(0, raw, false), w.Flush()); err != nil {
			t.Fatal(err)
		}
		if line, err := lines.ReadString('\n'); err != nil || line != fmt.Sprintln(i) {
			t.Fatalf("got %q, %v; want %d", line, err, i)
		}
	}
	if err := errors.Join(w.Close(), toReader.Close()); err != nil {
		t.Fatal(err)
	}
	if code := <-done; code != 0 {
		t.Errorf("exit status %d", code)
	}
	fromReader.Close()
}
