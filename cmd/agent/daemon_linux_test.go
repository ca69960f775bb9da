// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"log/syslog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/config"
)

// standIn is 'agent run -d' without a module: the daemon watches at once, tells of
// itself in the pipe that is its first argument, and ends when it is told to.
func standIn() {
	a := &command{args: os.Args, log: newLogger(os.Stderr), dialSystemLog: func() (*syslog.Writer, error) {
		return syslog.Dial("unixgram", os.Args[2], syslog.LOG_DAEMON|syslog.LOG_INFO, "eyas")
	}}
	d := thisDaemon()
	if d == nil {
		pid, err := startDaemon(context.Background(), a.args)
		fmt.Println(pid, err)
		os.Exit(exitCode(err))
	}
	ctx, stop := untilSignalled(context.Background())
	defer stop()
	d.prepare(a.log, config.Default())
	a.log.Info("begins")
	d.detach(a)
	a.log.WithField("here", 1).Info("goes on")
	f, err := os.OpenFile(os.Args[1], os.O_WRONLY, 0)
	if err != nil {
		os.Exit(exitFailed)
	}
	sid, _ := unix.Getsid(0)
	fmt.Fprintln(f, os.Getpid(), sid, os.Getenv(readyVar))
	for fd := range 4 {
		name, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		fmt.Fprintln(f, name)
	}
	<-ctx.Done()
	fmt.Fprintln(f, "end")
}

// A daemon leads a session, has nothing of the command that started it, and gets signals.
func TestDaemon(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(pipe, os.O_RDWR, 0) // nobody waits for the other end
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	system, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(filepath.Dir(pipe), "log"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer system.Close()
	var stdout, stderr strings.Builder
	cmd := exec.Command("stand-in", pipe, system.LocalAddr().String())
	cmd.Stdout, cmd.Stderr = &stdout, &stderr // pipes: Run waits until nobody has them
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s%s", err, &stdout, &stderr)
	}
	if text := stderr.String(); !strings.Contains(text, "nobody sees the alerts") || strings.Count(text, "\n") != 1 {
		t.Errorf("stderr: %s", text)
	}
	in := bufio.NewReader(f)
	line := func() string {
		t.Helper()
		text, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(text)
	}
	var pid int
	if _, err := fmt.Sscan(stdout.String(), &pid); err != nil || pid < 2 {
		t.Fatalf("stdout: %s", &stdout)
	}
	t.Cleanup(func() {
		if t.Failed() {
			_ = unix.Kill(pid, unix.SIGKILL) // it may have ended
		}
	})
	if got, want := line(), fmt.Sprint(pid, pid); got != want {
		t.Errorf("pid, session and marker: %s; want %s", got, want)
	}
	for fd := range 3 {
		if name := line(); name != os.DevNull {
			t.Errorf("descriptor %d: %s", fd, name)
		}
	}
	if name := line(); strings.HasPrefix(name, "pipe:") {
		t.Errorf("descriptor 3: %s", name)
	}
	if err := system.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	told := make([]byte, 1000)
	if n, err := system.Read(told); err != nil || !strings.HasSuffix(strings.TrimSpace(string(told[:n])), ": goes on here=1") || !strings.Contains(string(told[:n]), "eyas[") {
		t.Errorf("the system's log has %q first, %v", told[:n], err)
	}
	if err := unix.Kill(pid, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := line(); got != "end" {
		t.Errorf("at the end: %s", got)
	}
}

// What a daemon writes to a file stays there.
func TestDaemonKeepsFiles(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command("stand-in", "no/such/pipe", "no/such/log") // it ends by that, after it was ready
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "info: begins") || strings.Contains(string(text), "nobody sees") {
		t.Errorf("the file holds: %s", text)
	}
}

// A daemon that ends before it watches is a failure of the command.
func TestDaemonEnds(t *testing.T) {
	for _, tt := range []struct {
		script string
		code   int
		text   string
	}{
		{"exit 0", exitFailed, "the daemon ended before it watched"},
		{"exit 3", exitInvalid, ""},
		{"kill -9 $$", exitFailed, "the daemon ended before it watched: signal: killed"},
	} {
		err := endOf(exec.Command("/bin/sh", "-c", tt.script).Run())
		if exitCode(err) != tt.code || tt.text != "" && err.Error() != tt.text || wasShown(err) != (tt.text == "") {
			t.Errorf("%s: %v, exit status %d", tt.script, err, exitCode(err))
		}
	}
}
