// SPDX-License-Identifier: Apache-2.0

// Package selection works out which system calls and tracepoints have to be
// recorded for a rule set, and why.
//
//	rules ─► codes ∪ base set − negations − high-volume set ─► Plan ─► kernel mask
//	                 (state, custom or repair)
//
// The sets and the order of steps are those of the adaptive selection that
// Falco users know, so the same rules and the same base_syscalls give the same
// set. The package reads rules and the schema only; it never talks to a driver.
package selection
