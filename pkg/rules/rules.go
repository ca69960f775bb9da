// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"strings"

	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/format"
	"github.com/eyas-security/eyas/pkg/internal/nearest"
	"github.com/eyas-security/eyas/pkg/schema"
)

// EngineVersion is the version of the rule language that this package implements.
var EngineVersion = Version{0, 63, 0}

// SyscallSource is the only event source that exists without plugins.
const SyscallSource = "syscall"

// Priority is how urgent an alert is; smaller is more urgent (syslog levels).
type Priority uint8

// Priorities, most urgent first.
const (
	Emergency Priority = iota
	Alert
	Critical
	Error
	Warning
	Notice
	Informational
	Debug
	numPriorities
)

var priorityNames = [numPriorities]string{
	"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug",
}

func (p Priority) String() string {
	if p < numPriorities {
		return priorityNames[p]
	}
	return fmt.Sprintf("Priority(%d)", uint8(p))
}

func lowerPriorities() (names []string) {
	for _, n := range priorityNames {
		names = append(names, strings.ToLower(n))
	}
	return names
}

// ParsePriority reads a priority name, case ignored; "info" is Informational.
func ParsePriority(name string) (Priority, error) {
	if strings.EqualFold(name, "info") {
		return Informational, nil
	}
	for p, n := range priorityNames {
		if strings.EqualFold(name, n) {
			return Priority(p), nil
		}
	}
	return 0, fmt.Errorf("unknown priority %q: want one of %s", name, strings.Join(lowerPriorities(), ", "))
}

// Pos is a place in a rule file; line and column count from 1.
type Pos struct {
	File string
	Line int
	Col  int
}

func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Rule is one rule, ready to be compiled by the engine.
type Rule struct {
	Index           int // place in definition order, from 0
	Name            string
	Desc            string
	Source          string
	Priority        Priority
	Tags            []string // sorted
	Enabled         bool
	Capture         bool
	CaptureDuration uint32 // ms; 0 means the configured default
	OutputText      string // with what was added to it
	Output          *format.Format
	Extra           []Extra     // more fields of JSON alerts
	ConditionText   string      // after lists and exceptions, before macros
	Condition       filter.Node // macros expanded
	Checked         *filter.Checked
	Events          schema.EventSet // event types it is evaluated on
	SCs             schema.SCSet    // system calls and tracepoints it needs
	Pos             Pos             // of its first definition
	Macros          []*Macro        // that its condition names, in order of first use
	Parts           []Part          // of its condition
	Origins         []Origin        // all places that had a hand in it
}

// Macro is a named condition.
type Macro struct {
	Name string
	Pos  Pos
	Node filter.Node // its own macros expanded
	Uses []*Macro    // those it names itself

	changes []Pos // where it was appended to
	lists   []*listDef
}

// Set is a rule set in definition order.
type Set struct {
	Rules []*Rule
	// RequiredEngine is the largest required_engine_version seen.
	RequiredEngine Version
}

// Active returns the rules that take part in evaluation: enabled, and at least
// as urgent as min.
func (s *Set) Active(min Priority) []*Rule {
	var active []*Rule
	for _, r := range s.Rules {
		if r.Enabled && r.Priority <= min {
			active = append(active, r)
		}
	}
	return active
}

// Find returns the rule of that name. The error names one that is close.
func (s *Set) Find(name string) (*Rule, error) {
	var names []string
	for _, r := range s.Rules {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	if near := nearest.To(name, names); near != "" {
		return nil, fmt.Errorf("no rule %q (did you mean %q?)", name, near)
	}
	return nil, fmt.Errorf("no rule %q", name)
}
