// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// table is the checked schema: names are resolved, numbers are known to be
// unique and in order.
type table struct {
	raw      *rawSchema
	types    map[string]rawType
	formats  map[string]rawName
	classes  map[string]rawName
	cats     map[string]rawName
	flags    map[string]rawName
	tables   map[string]rawTable
	dynamics map[string]rawDynamic
	maps     map[string]int // index in raw.maps.Map
	customs  map[string]int // index in raw.customs.Custom
	syscalls map[string]*syscall
	codes    []*syscall // by code, nil in holes
	events   []*event
	rows     []*event // events that the module produces, by number
	errs     []error
}

type syscall struct {
	rawSyscall
	symbol string // PPM_SC_*
	exit   *event // nil = generic
}

type event struct {
	rawEvent
	origins []origin // one a parameter when the module produces the event
	row     int      // index in table.rows, -1 = not produced
}

// Most errors that one run reports.
const maxErrors = 20

const (
	numNative      = 512 // EYAS_NR_SYSCALLS
	numTracepoints = 5   // EYAS_NR_TRACEPOINTS
	maxParams      = 32
)

func build(raw *rawSchema) (*table, error) {
	t := &table{raw: raw, syscalls: map[string]*syscall{}}
	t.checkTypes()
	t.checkFlags()
	t.checkMaps()
	t.checkCustoms()
	t.checkSyscalls()
	t.checkMuxes()
	t.checkEvents()
	t.checkConversion()
	if len(t.errs) > maxErrors {
		t.errs = append(t.errs[:maxErrors], fmt.Errorf("and %d more", len(t.errs)-maxErrors))
	}
	return t, errors.Join(t.errs...)
}

func (t *table) errorf(file string, line int, format string, args ...any) {
	t.errs = append(t.errs, fmt.Errorf("%s:%d: %s", file, line, fmt.Sprintf(format, args...)))
}

// index makes a map by name and reports names and numbers that come twice.
func index[R any](t *table, file, array string, rows []R, key func(R) (string, int)) map[string]R {
	pos := t.raw.src[file].blocks[0].array(array)
	byName, numbers := map[string]R{}, map[int]string{}
	for i, r := range rows {
		name, n := key(r)
		if name == "" {
			t.errorf(file, pos[i].line, "%s without name", array)
		}
		if _, dup := byName[name]; dup {
			t.errorf(file, pos[i].line, "%s %q is there twice", array, name)
		}
		if other, dup := numbers[n]; dup {
			t.errorf(file, pos[i].line, "%s %q has the number %d of %q", array, name, n, other)
		}
		byName[name], numbers[n] = r, name
	}
	return byName
}

func (t *table) checkTypes() {
	const file = "types.toml"
	named := func(r rawName) (string, int) { return r.Name, r.Number }
	t.types = index(t, file, "type", t.raw.types.Type, func(r rawType) (string, int) { return r.Name, r.Number })
	t.formats = index(t, file, "format", t.raw.types.Format, named)
	t.classes = index(t, file, "class", t.raw.types.Class, named)
	t.cats = index(t, file, "category", t.raw.types.Category, named)
	t.flags = index(t, file, "flag", t.raw.types.Flag, named)
	for i, pos := range t.raw.src[file].blocks[0].array("type") {
		r := t.raw.types.Type[i]
		if !slices.Contains(typeKinds, r.Kind) {
			t.errorf(file, pos.line, "type %q: unknown kind %q", r.Name, r.Kind)
		}
		if r.Number != i {
			t.errorf(file, pos.line, "type %q: number %d, want %d", r.Name, r.Number, i)
		}
	}
}

var typeKinds = []string{"none", "int", "uint", "float", "string", "bytes", "address"}

func (t *table) checkFlags() {
	const file = "flags.toml"
	t.tables, t.dynamics = map[string]rawTable{}, map[string]rawDynamic{}
	for i, b := range t.raw.src[file].all("table") {
		r := t.raw.flags.Table[i]
		if _, dup := t.tables[r.Name]; dup || r.Name == "" {
			t.errorf(file, b.line, "table %q is there twice or has no name", r.Name)
		}
		t.tables[r.Name] = r
		for j, pos := range b.array("entries") {
			if e := r.Entries[j]; e.Name == "" || e.Symbol == "" {
				t.errorf(file, pos.line, "table %q: entry without name or symbol", r.Name)
			}
		}
	}
	for i, b := range t.raw.src[file].all("dynamic") {
		r := t.raw.flags.Dynamic[i]
		t.dynamics[r.Name] = r
		for j, pos := range b.array("entries") {
			e := r.Entries[j]
			t.known(file, pos.line, "type", t.types[e.Type].Name, e.Type)
			t.known(file, pos.line, "format", t.formats[e.Format].Name, e.Format)
		}
	}
	t.checkSymbols()
}

// checkSymbols refuses one symbol with two values.
func (t *table) checkSymbols() {
	const file = "flags.toml"
	seen := map[string]int64{}
	for k, v := range t.raw.flags.Constants {
		seen[k] = v
	}
	for i, b := range t.raw.src[file].all("table") {
		for j, pos := range b.array("entries") {
			e := t.raw.flags.Table[i].Entries[j]
			if old, ok := seen[e.Symbol]; ok && old != int64(e.Value) {
				t.errorf(file, pos.line, "%s is %d here and %d elsewhere", e.Symbol, e.Value, old)
			}
			seen[e.Symbol] = int64(e.Value)
		}
	}
}

func (t *table) known(file string, line int, what, found, want string) {
	if found == "" {
		t.errorf(file, line, "unknown %s %q", what, want)
	}
}

func (t *table) checkMaps() {
	const file = "maps.toml"
	t.maps = map[string]int{}
	for i, b := range t.raw.src[file].all("map") {
		m := t.raw.maps.Map[i]
		if _, dup := t.maps[m.Name]; dup || m.Name == "" {
			t.errorf(file, b.line, "map %q is there twice or has no name", m.Name)
		}
		t.maps[m.Name] = i
		t.known(file, b.line, "flag table", t.tables[m.Table].Name, m.Table)
		if _, ok := t.entry(m.Table, m.Else); !ok && m.Else != "" {
			t.errorf(file, b.line, "map %q: %q is not in flag table %q", m.Name, m.Else, m.Table)
		}
		for j, pos := range b.array("rows") {
			r := m.Rows[j]
			if r.Kernel == "" {
				t.errorf(file, pos.line, "map %q: row without kernel", m.Name)
			}
			if _, ok := t.entry(m.Table, r.Out); !ok {
				t.errorf(file, pos.line, "map %q: %q is not in flag table %q", m.Name, r.Out, m.Table)
			}
			if !m.Enum && r.Mask == nil && r.Value != nil && *r.Value == 0 {
				t.errorf(file, pos.line, "map %q: %s can never match without mask", m.Name, r.Kernel)
			}
			if r.Mask != nil && *r.Mask == 0 {
				t.errorf(file, pos.line, "map %q: a mask of 0 ends the map", m.Name)
			}
			if before, ok := m.hidden(j); ok {
				t.errorf(file, pos.line, "map %q: %s must stand before %s", m.Name, r.Kernel, before)
			}
		}
	}
}

// bits are what a row looks at and wants to find there. False for constants that
// only the compiler knows.
func (m rawMap) bits(i int) (mask, value uint32, ok bool) {
	r := m.Rows[i]
	if r.Value == nil {
		return 0, 0, false
	}
	switch {
	case m.Enum:
		mask = ^uint32(0)
	case r.Mask != nil:
		mask = *r.Mask
	default:
		mask = *r.Value
	}
	return mask, *r.Value, true
}

// hidden tells which earlier row keeps the module from looking at row i: it stops
// at the row that has taken the last bit of the word.
func (m rawMap) hidden(i int) (before string, ok bool) {
	mask, value, known := m.bits(i)
	if !known || m.Enum {
		return "", false
	}
	for j, r := range m.Rows[:i] {
		bm, bv, known := m.bits(j)
		if !known {
			continue
		}
		switch {
		case value == 0 && bv != 0 && bm != mask:
			return r.Kernel, true
		case bm != mask && mask&^bm == 0 && bv&mask == value:
			return r.Kernel, true
		}
	}
	return "", false
}

func (t *table) entry(table, name string) (rawEntry, bool) {
	for _, e := range t.tables[table].Entries {
		if e.Name == name {
			return e, true
		}
	}
	return rawEntry{}, false
}

func (t *table) checkCustoms() {
	const file = "customs.toml"
	t.customs = map[string]int{}
	for i, pos := range t.raw.src[file].blocks[0].array("custom") {
		c := t.raw.customs.Custom[i]
		if _, dup := t.customs[c.Name]; dup || c.Name == "" {
			t.errorf(file, pos.line, "custom %q is there twice or has no name", c.Name)
		}
		if c.Doc == "" {
			t.errorf(file, pos.line, "custom %q: say in doc what it yields", c.Name)
		}
		t.customs[c.Name] = i
	}
}

// upper makes the symbol of a code from its name.
func upper(name string) string { return "PPM_SC_" + strings.ToUpper(name) }
