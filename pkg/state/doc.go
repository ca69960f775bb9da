// SPDX-License-Identifier: Apache-2.0

// Package state keeps a picture of the host: its threads, their descriptors,
// its users. Events change it, rules look at it.
//
//	State ── threads by tid ── Thread ── parent, children
//	                             │  └─── group: threads of one process, leader
//	                             └────── files ── table (copied on write) ── FD
//
// Update applies an event before the rules see it and tells which thread and
// which descriptor it is about; Done takes away afterwards what the event ended.
// One table, indexed by event type, names the function that applies an event.
//
// A live host is read from /proc once, after recording began, and again for what
// an event shows to be missing. What was read at a time is not undone by an
// event from before that time. All tables share a budget; the thread that was
// quiet for longest goes first, and all of this is counted.
//
// The package is for one goroutine. It keeps no byte of an event's buffer.
package state
