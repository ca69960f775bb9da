// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/config"
)

// DaemonEnded is the exit status of a daemon that ended before it watched. It has
// told why itself.
type daemonEnded int

func (status daemonEnded) Error() string {
	return fmt.Sprintf("the daemon ended with status %d", int(status))
}

// Daemon is the agent in the background, as itself sees it. Of an agent that is
// none it is nil.
type daemon struct {
	ready *os.File     // has the command that started it end well
	level logrus.Level // of the messages, once it watches
}

// runDaemon is 'agent run -d' until the daemon watches or has ended.
func (a *command) runDaemon(c *cli.Context) error {
	ctx, stop := untilSignalled(c.Context)
	defer stop()
	pid, err := startDaemon(ctx, a.args)
	if err == nil && c.Bool("verbose") {
		fmt.Fprintln(c.App.Writer, pid)
	}
	return err
}

// prepare warns of alerts that go nowhere. A start that goes well is silent, but
// for warnings and a log that is kept.
func (d *daemon) prepare(log *logrus.Logger, cfg *config.Config) {
	if d == nil {
		return
	}
	if onlyStdout(cfg) && !isFile(os.Stdout) {
		log.Warn("nobody sees the alerts of this daemon: enable file_output or another output, or send the standard output to a file")
	}
	d.level = log.GetLevel()
	if d.level == logrus.InfoLevel && !isFile(os.Stderr) {
		log.SetLevel(logrus.WarnLevel)
	}
}

func onlyStdout(cfg *config.Config) bool {
	return !cfg.FileOutput.Enabled && !cfg.SyslogOutput.Enabled && !cfg.ProgramOutput.Enabled && !cfg.HTTPOutput.Enabled
}

// isFile says that what is written there stays.
func isFile(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// detach lets go of the command that started the daemon, which ends then. Messages
// that nobody would see any more go to the system's log.
func (d *daemon) detach(a *command) {
	if d == nil {
		return
	}
	if !isFile(os.Stderr) {
		if err := a.logToSystem(); err != nil {
			a.log.Warnf("messages of this daemon are lost from now on, as they cannot go to the %v", err)
		}
		if err := dropStderr(); err != nil {
			a.log.Warnf("messages still go where they went: %v", err)
		}
		a.log.SetLevel(d.level)
	}
	if _, err := d.ready.Write([]byte{1}); err != nil {
		a.log.Warnf("nobody waits for this daemon: %v", err)
	}
	d.ready.Close()
}
