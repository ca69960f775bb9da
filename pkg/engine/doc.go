// SPDX-License-Identifier: Apache-2.0

// Package engine evaluates a rule set on a stream of events.
//
//	rules.Set ─► one table of programs per event type ─► Process(event) ─► matches
//
// It owns the compiled form of the rules and nothing else: what an event means
// is package state's, what a field is package field's, and what happens with a
// match is the caller's. A non-matching event allocates nothing. An Engine is
// for one goroutine; a new rule set is a new Engine.
package engine
