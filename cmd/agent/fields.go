// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/urfave/cli/v2"

	"github.com/eyas-security/eyas/pkg/field"
)

func (a *command) fieldsCommand() *cli.Command {
	return &cli.Command{
		Name:        "fields",
		Usage:       "the fields that conditions and outputs can name",
		Description: "Example:\n\n   agent fields list --names",
		Subcommands: []*cli.Command{{
			Name:        "list",
			Usage:       "print fields with type and meaning",
			Description: "Example:\n\n   agent fields list --markdown",
			Flags:       listFlags(),
			Action:      fieldsList,
		}},
	}
}

type fieldRecord struct {
	Name  string `json:"name"`
	Class string `json:"class"`
	Type  string `json:"type"`
	List  bool   `json:"list"`
	Arg   string `json:"argument"` // none, optional or required
	Desc  string `json:"description"`
}

func fieldsList(c *cli.Context) error {
	if err := wantArgs(c, 0, 0); err != nil {
		return err
	}
	l := list{heads: []string{"Field", "Type", "Meaning"}}
	records := []fieldRecord{}
	for _, f := range field.All() {
		if f.Flags&field.Hidden != 0 {
			continue
		}
		r := newFieldRecord(f)
		records = append(records, r)
		l.names = append(l.names, f.Name)
		l.rows = append(l.rows, r.row())
	}
	l.records = records
	return l.print(c)
}

func newFieldRecord(f *field.Field) fieldRecord {
	r := fieldRecord{Name: f.Name, Class: f.Class, Type: f.Type.String(), List: f.List, Arg: "none", Desc: f.Desc}
	if f.Arg != 0 {
		r.Arg = "optional"
	}
	if f.Arg&field.ArgRequired != 0 {
		r.Arg = "required"
	}
	return r
}

func (r *fieldRecord) row() []string {
	name, typ := r.Name, r.Type
	switch r.Arg {
	case "optional":
		name += "[…]"
	case "required":
		name += "[x]"
	}
	if r.List {
		typ = "list of " + typ
	}
	return []string{name, typ, r.Desc}
}
