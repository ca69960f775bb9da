// SPDX-License-Identifier: Apache-2.0

// Package rules turns rule files into a checked rule set.
//
//	YAML ─► items (file.go, item.go) ─► definitions (collect.go, exceptions.go)
//	     ─► condition text (lists.go) ─► tree (compile.go) ─► Set
//
// It knows the rule-file language: lists, macros, rules, exceptions, append and
// override, version requirements, and every error and warning code. It does not
// know the condition language (package filter), output templates (package
// format) or what a matching rule causes (packages engine and output).
//
// Every byte of a condition remembers the file, line and column it was written
// at, through list substitution, appends and exceptions, so that an error points
// at the text a person has to change.
package rules
