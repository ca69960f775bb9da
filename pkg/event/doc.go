// SPDX-License-Identifier: Apache-2.0

// Package event is a view over one encoded event, and an encoder for the same
// layout.
//
//	offset 0        26                26 + n×w
//	┌──────────────┬─────────────────┬──────────┬──────────┬───
//	│ header       │ n lengths       │ param 0  │ param 1  │ …
//	│ ts tid len   │ w = 2, or 4 for │
//	│ type nparams │ large events    │
//	└──────────────┴─────────────────┴──────────┴──────────┴───
//
// Decode checks every bound once and copies nothing: what the accessors return
// points into the buffer that was decoded and dies with it. Parameters are
// named and typed by pkg/schema. The package knows nothing of records, rings or
// capture blocks, and keeps no state between events.
package event
