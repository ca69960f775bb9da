// SPDX-License-Identifier: Apache-2.0

// Package agent wires the parts together.
//
//	config ─► rules ─► selection ─► mask ─► driver
//	                                          │ records
//	          output ◄─ alerts ◄─ engine ◄─ state
//
// It decides the order in which things start and stop, and what is told to the
// log on the way. It has no logic of its own about events, rules or rings.
package agent
