// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"time"

	"github.com/eyas-security/eyas/pkg/internal/jsontext"
	"github.com/eyas-security/eyas/pkg/output"
	"github.com/eyas-security/eyas/pkg/rules"
)

// internalSource is the source of alerts about the agent itself.
const internalSource = "internal"

// note is a text that an internal alert carries.
type note struct{ name, value string }

// internal sends an alert about the agent itself. Any goroutine may, until the outputs are closed.
func (a *alerter) internal(p rules.Priority, rule, message string, fields ...note) {
	alert := &output.Alert{
		Time: uint64(time.Now().UnixNano()), Rule: rule, Source: internalSource, Hostname: a.host, Message: message, Priority: p,
		Tags: []string{internalSource},
	}
	for _, f := range fields {
		alert.Fields = append(alert.Fields, output.KV{Key: "eyas." + f.name, Value: string(jsontext.AppendString(nil, f.value))})
	}
	a.outputs.Send(alert)
}
