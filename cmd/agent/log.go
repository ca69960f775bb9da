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

// setLogLevel takes the level of the configuration.
func (a *command) setLogLevel(cfg *config.Config) error {
	level, err := logrus.ParseLevel(cfg.LogLevel)
	if err != nil {
		return fmt.Errorf("log_level: %w", err)
	}
	a.log.SetLevel(level)
	return nil
}

type lineFormatter struct{}

func (lineFormatter) Format(e *logrus.Entry) ([]byte, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "agent: %s: %s", e.Level, e.Message)
	for _, key := range slices.Sorted(maps.Keys(e.Data)) {
		fmt.Fprintf(&b, " %s=%v", key, e.Data[key])
	}
	return append([]byte(b.String()), '\n'), nil
}
