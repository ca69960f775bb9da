// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// writeCaptures makes captures for the scripts: small.scap, and cut.scap, which
// lacks its end.
func writeCaptures(dir string) error {
	var whole, cut bytes.Buffer
	if err := errors.Join(writeCapture(&whole, true), writeCapture(&cut, false)); err != nil {
		return err
	}
	return errors.Join(
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
