// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// readyVar tells an agent that it is a daemon, and by readyFD, its only value,
// where to say that it watches.
const (
	readyVar = "EYAS_DAEMON_READY"
	readyFD  = "3"
)

// startDaemon starts this program again in a session of its own, and waits until
// it watches. When it ends before, it has told why on the standard error.
func startDaemon(ctx context.Context, args []string) (pid int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, fmt.Errorf("start daemon: %w", err)
	}
	ready, theirs, err := os.Pipe()
	if err != nil {
		return 0, fmt.Errorf("start daemon: %w", err)
	}
	defer ready.Close()
	cmd := &exec.Cmd{
		Path: self, Args: args, Env: append(os.Environ(), readyVar+"="+readyFD),
		Stderr: os.Stderr, ExtraFiles: []*os.File{theirs}, SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if isFile(os.Stdout) {
		cmd.Stdout = os.Stdout
	}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return 0, fmt.Errorf("start daemon: %w", err)
	}
	leave := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(unix.SIGTERM) }) // it may just have ended
	if n, _ := ready.Read(make([]byte, 1)); n > 0 && leave() {
		return cmd.Process.Pid, nil
	}
	return 0, endOf(cmd.Wait())
}

// endOf is the error of a daemon that ended before it watched.
func endOf(err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return errors.New("the daemon ended before it watched")
	case errors.As(err, &exit) && exit.Exited():
		return daemonEnded(exit.ExitCode())
	}
	return fmt.Errorf("the daemon ended before it watched: %w", err)
}

// thisDaemon is not nil in a process that startDaemon started.
func thisDaemon() *daemon {
	if os.Getenv(readyVar) != readyFD {
		return nil
	}
	fd := int(readyFD[0] - '0')
	os.Unsetenv(readyVar) // the programs that it starts are none
	unix.CloseOnExec(fd)
	return &daemon{ready: os.NewFile(uintptr(fd), "ready")}
}

// dropStderr has the standard error go nowhere.
func dropStderr() error {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	return unix.Dup3(int(null.Fd()), int(os.Stderr.Fd()), 0)
}
