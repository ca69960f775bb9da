// SPDX-License-Identifier: Apache-2.0

// Package ring reads the mapped rings of a session and hands their records on
// in the order of time. It maps nothing, calls no kernel and knows no event
// beyond its header: package driver maps, package event decodes.
//
//	ring of a CPU, mapped twice in a row, so that no record ever wraps:
//
//	 0        tail          pos            head      size               2·size
//	 ├─────────┼─────────────┼──────────────┼─────────┼─ the same again ──┤
//	   free      handed on,     to be read    free
//	             not released
//
// The module moves head, the reader moves tail. Nothing in the mapping is
// trusted: every length is bounded before it is used, and a record that makes
// no sense ends the stream of its ring with an error; the other rings go on.
//
// A Record is a view into the mapping, valid until the callback returns.
package ring
