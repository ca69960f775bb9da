// SPDX-License-Identifier: Apache-2.0

package control

import "github.com/eyas-security/eyas/pkg/selection"

// DefaultPath is where an agent listens.
const DefaultPath = "/run/eyas/control.sock"

// Commands of a Request.
const (
	CommandStatus  = "status"  // answered with Status
	CommandExplain = "explain" // Names, or all: answered with Members and Status
	CommandMask    = "mask"    // Op and Names as selection.Override.With takes them: answered with Change
	CommandReload  = "reload"  // rules and configuration anew: answered with Change
)

// Request is what a command asks.
type Request struct {
	Command string   `json:"command"`
	Op      string   `json:"op,omitempty"`
	Names   []string `json:"names,omitempty"`
}

// Response answers it.
type Response struct {
	Error   string             `json:"error,omitempty"` // why nothing was done
	Change  *Change            `json:"change,omitempty"`
	Status  *Status            `json:"status,omitempty"`
	Members []selection.Member `json:"members,omitempty"`
}

// Change is what a request changed; names are sorted.
type Change struct {
	Added    []string `json:"added"`    // recorded from now on
	Removed  []string `json:"removed"`  // recorded until now
	Warnings []string `json:"warnings"` // on what is selected now
}

// Status is how an agent is doing.
type Status struct {
	PID           int               `json:"pid"`
	Time          uint64            `json:"time"` // of the numbers, ns since 1970
	Rules         int               `json:"rules"`
	Reloads       uint64            `json:"reloads"`        // that took effect
	FailedReloads uint64            `json:"failed_reloads"` // that changed nothing
	LastError     string            `json:"last_error,omitempty"`
	Events        uint64            `json:"events"` // evaluated
	Alerts        uint64            `json:"alerts"`
	Snaplen       uint32            `json:"snaplen"`
	Overridden    bool              `json:"overridden"` // by 'mask set', 'add' or 'remove'
	Usage         map[string]Usage  `json:"usage"`      // by the names of mask plan
	OnlyRule      map[string]string `json:"only_rule"`  // calls that a single rule keeps on
	Governor      Governor          `json:"governor"`
}

// Usage is what the records of a call took since the start.
type Usage struct {
	Records uint64 `json:"records"`
	Bytes   uint64 `json:"bytes"` // of events, without what the ring adds
}

// Governor tells what the governor has taken back.
type Governor struct {
	Enabled      bool      `json:"enabled"`
	Periods      uint64    `json:"periods,omitempty"` // judged so far
	Snaplen      uint32    `json:"snaplen,omitempty"` // shortened to
	SnaplenSince uint64    `json:"snaplen_since,omitempty"`
	Off          []OffCall `json:"off"` // in the order in which they went
}

// OffCall is a call that the governor switched off.
type OffCall struct {
	Name  string   `json:"name"`
	Since uint64   `json:"since"` // ns since 1970
	Rules []string `json:"rules"` // that cannot match on it meanwhile
}
