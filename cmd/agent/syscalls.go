// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/schema"
)

func (a *command) syscallsCommand() *cli.Command {
	return &cli.Command{
		Name:        "syscalls",
		Usage:       "the system calls that can be selected",
		Description: "Example:\n\n   agent syscalls list --names",
		Subcommands: []*cli.Command{{
			Name:  "list",
			Usage: "print system calls and tracepoints with their numbers",
			Description: "Prints name, event, and the numbers on x86_64, aarch64 and for 32-bit callers on x86_64 (- is none).\n" +
				"Calls without an event of their own are recorded as 'syscall', with name and number only.\n\n" +
				"Example:\n\n   agent syscalls list --json",
			Flags:  listFlags(),
			Action: syscallsList,
		}},
	}
}

type syscallRecord struct {
	Name       string  `json:"name"`
	Code       string  `json:"code"`
	Event      string  `json:"event"`
	Tracepoint bool    `json:"tracepoint"`
	X8664      *int16  `json:"x86_64"`
	AArch64    *int16  `json:"aarch64"`
	I386       []int16 `json:"i386"`
}

func syscallsList(c *cli.Context) error {
	if err := wantArgs(c, 0, 0); err != nil {
		return err
	}
	l := list{heads: []string{"Syscall", "Event", "x86_64", "aarch64", "i386", "Kind"}}
	records := []syscallRecord{}
	for i := range schema.Syscalls {
		s := &schema.Syscalls[i]
		if s.Kind != schema.KindSyscall && s.Kind != schema.KindTracepoint {
			continue
		}
		records = append(records, newSyscallRecord(s))
	}
	slices.SortStableFunc(records, func(a, b syscallRecord) int { return strings.Compare(a.Name, b.Name) })
	for _, r := range records {
		l.names = append(l.names, r.Name)
		l.rows = append(l.rows, r.row())
	}
	l.records = records
	return l.print(c)
}

func newSyscallRecord(s *schema.Syscall) syscallRecord {
	r := syscallRecord{Name: s.Name, Code: s.Code, Event: s.Exit.String(), Tracepoint: s.Kind == schema.KindTracepoint, I386: []int16{}}
	if s.X8664 >= 0 {
		r.X8664 = &s.X8664
	}
	if s.AArch64 >= 0 {
		r.AArch64 = &s.AArch64
	}
	r.I386 = append(r.I386, s.I386...)
	return r
}

func (r *syscallRecord) row() []string {
	number := func(n *int16) string {
		if n == nil {
			return "-"
		}
		return strconv.Itoa(int(*n))
	}
	compat := []string{}
	for i := range r.I386 {
		compat = append(compat, number(&r.I386[i]))
	}
	if len(compat) == 0 {
		compat = []string{"-"}
	}
	kind := "syscall"
	if r.Tracepoint {
		kind = "tracepoint"
	}
	return []string{r.Name, r.Event, number(r.X8664), number(r.AArch64), strings.Join(compat, ","), kind}
}
