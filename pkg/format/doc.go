// SPDX-License-Identifier: Apache-2.0

// Package format is the output language of rules: a text in which fields stand
// for their values.
//
//	"user %user.name ran %20proc.name" ─ Parse ─► Format ─ Append(event) ─► line
//
// %field prints a field, %10field exactly ten bytes of it, %tolower(field) a
// transformer. A leading * prints <NA> for what is missing, where otherwise the
// whole line is left out. A Format reuses its buffers: it allocates nothing once
// they have grown, and is for one goroutine.
package format
