// SPDX-License-Identifier: Apache-2.0

// Package filter is the condition language of rules: it reads a condition,
// checks it against the fields and turns it into a program that is run on
// events. It knows nothing of rule files, lists or exceptions.
//
//	text ─ Parse ─► Node ─ Expand ─► Node ─┬─ Check ─► Checked ─ Compiler ─► Program ─ Match ─► bool
//	                                       └─ Codes ─► event types, syscall codes
//
// lex.go reads tokens, parse.go builds the tree of ast.go, print.go writes it
// back in canonical form, check.go gives it types, compile.go makes it run.
// Nodes carry the range of text they came from, and so does every error.
package filter
