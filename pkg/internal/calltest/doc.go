// SPDX-License-Identifier: Apache-2.0

// Package calltest is the table of system calls that a test makes in a guest, and
// of what their events must say. The expectations are those of the schema, not of
// what the module does.
//
//	calls.toml ─► Table ─► Call ─► Expr (arguments) ─► the test in package driver
//	                           └─► texts (parameters)
//
// It makes no calls itself. Its own test holds that every system call with an
// event of its own is in the table, tested elsewhere, or named with the reason
// why it is not.
package calltest
