// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/sirupsen/logrus"

	"github.com/eyas-security/eyas/pkg/config"
)

// newLogger writes one line a message: who reads them adds the time.
func newLogger(w io.Writer) *logrus.Logger {
	log := logrus.New()
	log.SetOutput(w)
	log.SetFormatter(lineFormatter{})
	return log
}

// setLog has messages go where the configuration wants them, from its level on.
func (a *command) setLog(cfg *config.Config) error {
	level, err := logrus.ParseLevel(cfg.LogLevel)
	if err != nil {
		return fmt.Errorf("log_level: %w", err)
	}
	a.log.SetLevel(level)
	if cfg.LogSyslog {
		if err := a.logToSystem(); err != nil {
			a.log.Warnf("log_syslog: messages do not go to the %v", err)
		}
	}
	if !cfg.LogStderr {
		a.log.SetOutput(io.Discard)
	}
	return nil
}

type lineFormatter struct{}

func (lineFormatter) Format(e *logrus.Entry) ([]byte, error) {
	return fmt.Appendf(nil, "agent: %s: %s\n", e.Level, messageText(e)), nil
}

// messageText is a message with its fields.
func messageText(e *logrus.Entry) string {
	var b strings.Builder
	b.WriteString(e.Message)
	for _, key := range slices.Sorted(maps.Keys(e.Data)) {
		fmt.Fprintf(&b, " %s=%v", key, e.Data[key])
	}
	return b.String()
}
