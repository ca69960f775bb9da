// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"reflect"
)

// Input is what a configuration is made of, the later over the earlier.
type Input struct {
	Name      string   // of the file, for messages
	Text      []byte   // nil = no file: the defaults
	Overrides []string // key=value
	Env       Lookup   // nil = no variables
}

// Load makes a configuration. What is wrong with it comes back as an ErrorList.
func Load(in Input) (*Config, error) {
	root, err := parse("", Default().TOML())
	if err != nil {
		return nil, fmt.Errorf("read the defaults: %w", err)
	}
	var errs ErrorList
	if in.Text != nil {
		file, err := parse(in.Name, in.Text)
		if err != nil {
			return nil, err
		}
		checkVersion(file, &errs)
		if in.Env == nil {
			in.Env = func(string) (string, bool) { return "", false }
		}
		expandTree(file, in.Env, &errs)
		root.merge(file)
	}
	for _, option := range in.Overrides {
		if err := override(root, option); err != nil {
			errs.add(Pos{Override: option}, "%v", err)
		}
	}
	if err := errs.err(); err != nil {
		return nil, err
	}
	d := decoder{}
	c := new(Config)
	d.decode(root, "", reflect.ValueOf(c).Elem())
	if len(d.errs) == 0 {
		c.check(root, &d.errs)
	}
	if err := d.errs.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// checkVersion wants the version in the file itself: it says how to read the rest.
func checkVersion(file *node, errs *ErrorList) {
	v := file.get("version")
	switch want := fmt.Sprint(Version); {
	case v == nil:
		errs.add(Pos{File: file.at.File, Line: 1, Col: 1}, "version is missing: begin the file with version = %s", want)
	case v.kind != integer:
		errs.add(v.at, "version is %v, not %v", integer, v.kind)
	case v.text != want:
		errs.add(v.at, "version is %s: this agent reads version %s", v.text, want)
	}
}
