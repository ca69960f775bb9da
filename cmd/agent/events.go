// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/schema"
)

func (a *command) eventsCommand() *cli.Command {
	return &cli.Command{
		Name:        "events",
		Usage:       "the events that rules can name",
		Description: "Example:\n\n   agent events list --names",
		Subcommands: []*cli.Command{{
			Name:  "list",
			Usage: "print events with their parameters",
			Description: "Prints number, name, category and parameters of each event. Events marked 'captures only' are not\n" +
				"recorded by the module, but read from capture files.\n\nExample:\n\n   agent events list --syscalls --markdown",
			Flags:  append(listFlags(), &cli.BoolFlag{Name: "syscalls", Usage: "system calls only"}),
			Action: eventsList,
		}},
	}
}

type eventRecord struct {
	Code     schema.EventType `json:"code"`
	Name     string           `json:"name"`
	Category string           `json:"category"`
	Recorded bool             `json:"recorded"`
	Params   []paramRecord    `json:"params"`
	Syscalls []string         `json:"syscalls"`
}

type paramRecord struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

func eventsList(c *cli.Context) error {
	if err := wantArgs(c, 0, 0); err != nil {
		return err
	}
	l := list{heads: []string{"Number", "Event", "Category", "Recorded", "Parameters"}}
	records := []eventRecord{}
	seen := map[string]bool{}
	for i := range schema.Events {
		e := &schema.Events[i]
		if !isCurrent(e) || c.Bool("syscalls") && e.Category.Class() != schema.ECSyscall {
			continue
		}
		r := newEventRecord(e)
		records = append(records, r)
		if !seen[r.Name] {
			l.names = append(l.names, r.Name)
		}
		seen[r.Name] = true
		l.rows = append(l.rows, r.row())
	}
	l.records = records
	return l.print(c)
}

// isCurrent leaves out what only old capture files hold: former layouts of an event, and entered calls.
func isCurrent(e *schema.Event) bool {
	if e.Flags&(schema.EFUnused|schema.EFOldVersion) != 0 {
		return false
	}
	return e.IsExit() || e.Category.Class() != schema.ECSyscall && len(e.Params) > 0
}

func newEventRecord(e *schema.Event) eventRecord {
	r := eventRecord{Code: e.Type, Name: e.Name, Category: e.Category.String(), Recorded: e.Produced() || e.IsGeneric(), Params: []paramRecord{}, Syscalls: []string{}}
	for _, p := range e.Params {
		r.Params = append(r.Params, paramRecord{p.Name, p.Type.String()})
	}
	for _, sc := range e.SCs {
		r.Syscalls = append(r.Syscalls, sc.String())
	}
	return r
}

func (r *eventRecord) row() []string {
	var params []string
	for _, p := range r.Params {
		params = append(params, p.Name+" "+p.Type)
	}
	recorded := "recorded"
	if !r.Recorded {
		recorded = "captures only"
	}
	return []string{strconv.Itoa(int(r.Code)), r.Name, r.Category, recorded, strings.Join(params, ", ")}
}
