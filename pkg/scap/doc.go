// SPDX-License-Identifier: Apache-2.0

// Package scap reads and writes .scap capture files: what a host looked like, and
// every event that was recorded from then on.
//
//	file ─► gzip ─► blocks ─┬─► lists ──► state.State
//	                        └─► events ─► conversion ─► event.Event
//
// All versions of the format are read. Events of older versions of the schema
// come out as those of today; how is a table of package schema. A Writer writes
// the current version only. A Reader does not apply events to the state and knows
// nothing of rules. Nothing in a file is trusted: what a length says is only
// believed as far as there are bytes.
package scap
