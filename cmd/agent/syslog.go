// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"log/syslog"

	"github.com/sirupsen/logrus"
)

// A systemLog is the system's log, for messages about the agent itself.
type systemLog struct{ w *syslog.Writer }

// dialSystemLog finds the log of this host.
func dialSystemLog() (*syslog.Writer, error) {
	return syslog.New(syslog.LOG_DAEMON|syslog.LOG_INFO, "eyas")
}

// logToSystem has messages go to the system's log too.
func (a *command) logToSystem() error {
	if a.system != nil {
		return nil
	}
	w, err := a.dialSystemLog()
	if err != nil {
		return fmt.Errorf("system log: %w", err)
	}
	a.system = &systemLog{w}
	a.log.AddHook(a.system)
	return nil
}

// Levels are those of the messages that Fire gets.
func (*systemLog) Levels() []logrus.Level { return logrus.AllLevels }

// Fire writes a message.
func (s *systemLog) Fire(e *logrus.Entry) error {
	text := messageText(e)
	switch e.Level {
	case logrus.WarnLevel:
		return s.w.Warning(text)
	case logrus.InfoLevel:
		return s.w.Info(text)
	case logrus.DebugLevel, logrus.TraceLevel:
		return s.w.Debug(text)
	}
	return s.w.Err(text)
}

// last is the error that a command ends with.
func (s *systemLog) last(err error) {
	if s != nil {
		_ = s.w.Err(err.Error()) // there is nobody left to tell
	}
}
