// SPDX-License-Identifier: Apache-2.0

package config

import (
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/eyas-security/eyas/pkg/internal/nearest"
)

// A decoder puts a tree into a struct, by the struct's toml tags.
type decoder struct{ errs ErrorList }

func (d *decoder) decode(n *node, path string, v reflect.Value) {
	if extra, ok := v.Addr().Interface().(*ExtraField); ok {
		d.decodeExtraField(n, path, extra)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.decodeTable(n, path, v)
	case reflect.Slice:
		d.decodeList(n, path, v)
	default:
		d.decodeScalar(n, path, v)
	}
}

func (d *decoder) decodeTable(n *node, path string, v reflect.Value) {
	if n.kind != table {
		d.wrongKind(n, path, table)
		return
	}
	fields := map[string]int{}
	var names []string
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("toml")
		fields[name] = i
		names = append(names, name)
	}
	for i, key := range n.keys {
		field, ok := fields[key]
		if !ok {
			d.unknown(n.kids[i].at, join(path, key), key, names)
			continue
		}
		d.decode(n.kids[i], join(path, key), v.Field(field))
	}
}

// decodeExtraField takes a name, or a table of one name with its output.
func (d *decoder) decodeExtraField(n *node, path string, extra *ExtraField) {
	switch {
	case n.kind == text || n.kind == literal:
		d.decodeScalar(n, path, reflect.ValueOf(&extra.Name).Elem())
	case n.kind == table && len(n.keys) == 1:
		extra.Name = n.keys[0]
		d.decodeScalar(n.kids[0], join(path, extra.Name), reflect.ValueOf(&extra.Output).Elem())
	case n.kind == table:
		d.errs.add(n.at, "%s has %d keys: want one name with its output", path, len(n.keys))
	default:
		d.errs.add(n.at, "%s is the name of a field, or a name with its output; not %v", path, n.kind)
	}
}

func (d *decoder) unknown(at Pos, path, key string, names []string) {
	if instead := insteadOf(path); instead != "" {
		d.errs.add(at, "unknown key %s: %s", path, instead)
		return
	}
	if near := nearest.To(key, names); near != "" {
		d.errs.add(at, "unknown key %s (did you mean %s?)", path, near)
		return
	}
	d.errs.add(at, "unknown key %s", path)
}

func (d *decoder) decodeList(n *node, path string, v reflect.Value) {
	if n.kind == literal {
		d.errs.add(n.at, "%s is a list: use %s[]=… to add to it, or %s[0]=… to change one", path, path, path)
		return
	}
	if n.kind != list {
		d.wrongKind(n, path, list)
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.kids), len(n.kids))
	for i, kid := range n.kids {
		d.decode(kid, path+"["+strconv.Itoa(i)+"]", out.Index(i))
	}
	v.Set(out)
}

func (d *decoder) decodeScalar(n *node, path string, v reflect.Value) {
	want := wanted(v.Kind())
	if n.kind != want && n.kind != literal {
		d.wrongKind(n, path, want)
		return
	}
	if !utf8.ValidString(n.text) {
		d.errs.add(n.at, "%s is not UTF-8: %q", path, n.text)
		return
	}
	var err error
	switch want {
	case text:
		v.SetString(n.text)
	case boolean:
		var b bool
		if b, err = parseBool(n.text); err == nil {
			v.SetBool(b)
		}
	default:
		err = setInt(v, n.text)
	}
	if err != nil {
		d.errs.add(n.at, "%s is %v%s, not %q", path, want, within(v), n.text)
	}
}

func wanted(k reflect.Kind) kind {
	switch k {
	case reflect.String:
		return text
	case reflect.Bool:
		return boolean
	default:
		return integer
	}
}

// parseBool takes the two words that TOML has, in any case because the command line and the environment are typed by hand.
func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, strconv.ErrSyntax
}

func setInt(v reflect.Value, s string) error {
	if v.CanUint() {
		u, err := strconv.ParseUint(strings.TrimPrefix(s, "+"), 0, min(v.Type().Bits(), 63)) // TOML has no larger ones
		if err == nil {
			v.SetUint(u)
		}
		return err
	}
	i, err := strconv.ParseInt(s, 0, v.Type().Bits())
	if err == nil {
		v.SetInt(i)
	}
	return err
}

// Within says how far the numbers of a small type go.
func within(v reflect.Value) string {
	if v.CanUint() && v.Type().Bits() == 32 {
		return " from 0 to 4294967295"
	}
	if v.CanUint() {
		return " from 0"
	}
	return ""
}

func (d *decoder) wrongKind(n *node, path string, want kind) {
	if path == "" {
		path = "the configuration"
	}
	d.errs.add(n.at, "%s is %v, not %v", path, want, n.kind)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
