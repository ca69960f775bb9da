// SPDX-License-Identifier: Apache-2.0

// Package filter is the condition language of rules: it reads a condition,
// checks it against the fields and turns it into a program that is run on
// events. It knows nothing of rule files, lists or exceptions.
//
//	text ─ Parse ─► Node ─ Expand ─► Node ─┬─ Check ─► Checked ─ Compiler ─► Program ─ Match ─► bool
//	                                       └─ Codes ─► event types, syscall codes
//
// lex.go reads tokens, parse.go builds the tree of ast.go and resume.go goes on
// behind errors, print.go writes it back in canonical form, check.go gives it
// types, compile.go makes it run. Nodes carry the range of text they came from,
// and so does every error.
//
//	event ─ Switch: gate ─► index ─► Programs ─► nodes ─► memo of the thread, operands
//
// At run time switch.go finds the few programs that may hold, index.go answers
// many tests of one operand at once, and memo.go keeps what depends on nothing
// but the process.
package filter
