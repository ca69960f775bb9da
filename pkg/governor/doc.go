// SPDX-License-Identifier: Apache-2.0

// Package governor decides what to give up when a host is busier than its agent
// may be, and when to take it back.
//
//	loss, CPU share, calls with their rates ─► Governor.Tick ─► at most one step
//	                                            (shorten, switch off … and back)
//
// It is arithmetic alone: it reads no clock, no counters and no rules, and does
// nothing itself. What it may switch off is chosen by who calls it.
package governor
