// SPDX-License-Identifier: Apache-2.0

// Package schema is the one table of Eyas: every event, every parameter, every
// portable system call code and every flag name, as the .scap schema 4.5 numbers
// them, and how events of older versions of the schema become those of today.
//
//	*.toml ── scripts/gen ──┬── *_gen.go   this package
//	                        └── kmod/gen/  the kernel module's tables
//
// The .toml files are the source of truth; generated files are never edited. The
// tables are static data and must not be changed at run time. Beside them the
// package has the rules by which names become sets of codes and a set of codes
// becomes the mask of the kernel module. It does not decode events (see event)
// and does not choose what to record (see selection).
package schema
