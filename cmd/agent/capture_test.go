// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// writeCapture makes a capture for the scripts: a shell of a user that only the
// capture knows opens two files.
func writeCapture(name string) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, err := scap.NewWriter(f, true, scap.Machine{NumCPUs: 2, Hostname: "db1", BootTime: 1_600_000_000_000_000_000})
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
