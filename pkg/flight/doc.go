// SPDX-License-Identifier: Apache-2.0

// Package flight is the flight recorder: it keeps the last events of every
// process tree in memory, and when a rule asks for it writes those of one tree,
// and what follows, to a capture file.
//
//	event ─► tree ─► segments: │ images, events │ images, events │ images, ev…
//	                             └────── when a rule matches ──────┘──► goroutine ─► file
//
// A segment stands for itself: in front of the first event of a thread in it is an
// image of the thread as it was before. So the oldest can go at any time, and the
// state at the beginning of what is left is known without undoing anything. The
// file is written by a goroutine that reads the segments where they lie; they are
// not used again before. One budget bounds all memory: what is older than asked
// for goes first, then the tree that holds the most loses its oldest, so that a
// busy one does not push out a quiet one.
//
// A Recorder belongs to one goroutine, that of the events.
package flight
