// SPDX-License-Identifier: Apache-2.0

// Package field knows every field that a rule can name: its type, what may
// stand in its brackets, what it depends on, and how to take its value from an
// event. It compares and prints nothing; that is for pkg/filter and pkg/format.
//
//	"proc.aname[2]" ─ Lookup ─► Ref ─ At(event type) ─► Bound ─ Extract(event) ─► Value
//
// The name is resolved once, when a rule is compiled. Per event there are no
// names, no maps and no allocation: a Value is a flat struct that is used again
// and whose text points into the event, the state or its own scratch buffer. It
// is valid until the next event.
package field
