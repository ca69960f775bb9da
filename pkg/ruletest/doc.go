// SPDX-License-Identifier: Apache-2.0

// Package ruletest runs rule scripts: sequences of events, written by hand or
// taken from a capture, with the rules they must set off. No kernel is needed.
//
//	# comment
//	process 100 parent=1 comm=nginx exepath=/usr/sbin/nginx uid=33
//	event   100 openat fd=3 dirfd=AT_FDCWD name=/etc/shadow flags=O_RDONLY
//	expect  "Sensitive file read by an untrusted program"
//	event   100 close res=0 fd=3
//	expect  none
//	capture attack.scap filter="proc.name = nc" limit=100
//	expect  "Netcat started"
//
// process makes a process known: the clone and execve events it would have
// caused are fed to the state, but not to the rules. event encodes one event by
// its name and its parameters' names, as the schema calls them, and feeds it to
// state and rules. capture feeds the events of a capture file, named from the
// folder of the script, with the processes that the capture knows and no others;
// of the events for which the filter holds the rules see the first so many.
// expect names the rules that must have matched since the last
// expect, each once, in any order. Words with blanks go in double quotes.
package ruletest
