// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"fmt"
	"log/syslog"

	"github.com/eyas-security/eyas/pkg/rules"
)

// syslogTag is the program that the system's log names.
const syslogTag = "eyas"

// A logger writes to the system's log. Each line begins with the digit of its
// priority, which is a syslog severity too.
type logger struct{ log *syslog.Writer }

// openSyslog connects to the log of this host, or to the given address.
func openSyslog(network, address string) (*logger, error) {
	w, err := syslog.Dial(network, address, syslog.LOG_USER|syslog.LOG_INFO, syslogTag)
	if err != nil {
		return nil, fmt.Errorf("open syslog: %w", err)
	}
	return &logger{w}, nil
}

// ranked puts the digit of its priority before a line.
func ranked(line []byte, p rules.Priority) []byte {
	return append([]byte{'0' + byte(p)}, line...)
}

func (l *logger) WriteLine(line []byte) error {
	return l.send(rules.Priority(line[0]-'0'), string(bytes.TrimSuffix(line[1:], []byte{'\n'})))
}

func (l *logger) send(p rules.Priority, text string) error {
	switch p {
	case rules.Emergency:
		return l.log.Emerg(text)
	case rules.Alert:
		return l.log.Alert(text)
	case rules.Critical:
		return l.log.Crit(text)
	case rules.Error:
		return l.log.Err(text)
	case rules.Warning:
		return l.log.Warning(text)
	case rules.Notice:
		return l.log.Notice(text)
	case rules.Informational:
		return l.log.Info(text)
	}
	return l.log.Debug(text)
}

func (l *logger) Reopen() error { return nil } // a lost connection is made anew by itself
func (l *logger) Close() error  { return l.log.Close() }
