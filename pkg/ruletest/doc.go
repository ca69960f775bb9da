// SPDX-License-Identifier: Apache-2.0

// Package ruletest runs rule scripts: hand-written event sequences with the
// alerts they must raise. A script needs no kernel and no capture.
//
//	# comment
//	process 100 parent=1 comm=nginx exepath=/usr/sbin/nginx uid=33
//	event   100 openat fd=3 dirfd=AT_FDCWD name=/etc/shadow flags=O_RDONLY
//	expect  "Sensitive file read by an untrusted program"
//	event   100 close res=0 fd=3
//	expect  none
//
// process makes a process known: the clone and execve events it would have
// caused are fed to the state, but not to the rules. event encodes one event by
// its name and its parameters' names, as the schema calls them, and feeds it to
// state and rules. expect names the rules that must have matched since the last
// expect, each once, in any order. Words with blanks go in double quotes.
package ruletest
