// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
)

func (t *table) checkSyscalls() {
	const file = "syscalls.toml"
	last := -1
	x86, arm, i386, tps := map[int]string{}, map[int]string{}, map[int]string{}, map[int]string{}
	for i, pos := range t.raw.src[file].blocks[0].array("syscall") {
		r := t.raw.syscalls.Syscall[i]
		if r.Code == last {
			t.errorf(file, pos.line, "code %d is there twice", r.Code)
		} else if r.Code < last || r.Code >= numNative {
			t.errorf(file, pos.line, "code %d is out of order", r.Code)
		}
		if _, dup := t.syscalls[r.Name]; dup || r.Name == "" {
			t.errorf(file, pos.line, "syscall %q is there twice or has no name", r.Name)
		}
		if r.Drop != "" && r.Drop != "never" && r.Drop != "always" {
			t.errorf(file, pos.line, "syscall %q: unknown drop %q", r.Name, r.Drop)
		}
		if r.Repair != "" && r.Repair != "base" {
			t.errorf(file, pos.line, "syscall %q: unknown repair %q", r.Name, r.Repair)
		}
		t.number(pos.line, r.Name, "x86_64", r.X8664, numNative, x86)
		t.number(pos.line, r.Name, "aarch64", r.AArch64, numNative, arm)
		t.number(pos.line, r.Name, "tracepoint", r.Tracepoint, numTracepoints, tps)
		for _, n := range r.I386 {
			t.number(pos.line, r.Name, "i386", &n, numNative, i386)
		}
		last = max(last, r.Code)
		t.addSyscall(r)
	}
}

func (t *table) addSyscall(r rawSyscall) {
	s := &syscall{rawSyscall: r, symbol: upper(r.Name)}
	t.syscalls[r.Name] = s
	for len(t.codes) <= r.Code {
		t.codes = append(t.codes, nil)
	}
	if r.Code >= 0 {
		t.codes[r.Code] = s
	}
}

// number checks a native number against the others of its column.
func (t *table) number(line int, name, column string, n *int, limit int, seen map[int]string) {
	if n == nil {
		return
	}
	if *n < 0 || *n >= limit {
		t.errorf("syscalls.toml", line, "syscall %q: %s = %d is out of range", name, column, *n)
	}
	if other, dup := seen[*n]; dup {
		t.errorf("syscalls.toml", line, "syscall %q has the %s number %d of %q", name, column, *n, other)
	}
	seen[*n] = name
}

func (t *table) checkMuxes() {
	const file = "syscalls.toml"
	check := func(array string, rows []rawMux, checkArgs func(r rawMux) string) {
		last := 0
		for i, pos := range t.raw.src[file].blocks[0].array(array) {
			r := rows[i]
			if t.syscalls[r.Name] == nil {
				t.errorf(file, pos.line, "%s: unknown syscall %q", array, r.Name)
			}
			if r.Number <= last {
				t.errorf(file, pos.line, "%s: number %d is there twice or out of order", array, r.Number)
			}
			last = r.Number
			if wrong := checkArgs(r); wrong != "" {
				t.errorf(file, pos.line, "%s: %s: %s", array, r.Name, wrong)
			}
		}
	}
	check("socketcall", t.raw.syscalls.Socketcall, checkSocketcallArgs)
	check("ipc", t.raw.syscalls.IPC, checkIPCArgs)
}

func checkSocketcallArgs(r rawMux) string {
	if r.Words == nil || *r.Words < 1 || *r.Words > maxArgs || r.Args != nil {
		return fmt.Sprintf("wants words from 1 to %d, and no args", maxArgs)
	}
	return ""
}

func checkIPCArgs(r rawMux) string {
	if len(r.Args) == 0 || len(r.Args) > maxArgs || r.Words != nil {
		return fmt.Sprintf("wants one to %d args, and no words", maxArgs)
	}
	for _, a := range r.Args {
		if !slices.Contains(ipcArgs, a) {
			return fmt.Sprintf("unknown argument %q; there are %s", a, strings.Join(ipcArgs, ", "))
		}
	}
	return ""
}

func (t *table) checkEvents() {
	const file = "events.toml"
	codes := map[string]bool{}
	for i, b := range t.raw.src[file].all("event") {
		e := &event{rawEvent: t.raw.events.Event[i], row: -1}
		t.events = append(t.events, e)
		if e.Number != i {
			t.errorf(file, b.line, "event %q: number %d, want %d", e.Code, e.Number, i)
		}
		if codes[e.Code] || !strings.HasPrefix(e.Code, "PPME_") {
			t.errorf(file, b.line, "event %q is there twice or is no PPME_ code", e.Code)
		}
		codes[e.Code] = true
		if want := "EX"[e.Number&1]; e.Code != "" && e.Code[len(e.Code)-1] != want {
			t.errorf(file, b.line, "event %q: number %d wants a code that ends in _%c", e.Code, e.Number, want)
		}
		if e.Name == "" || len(e.Params) > maxParams {
			t.errorf(file, b.line, "event %q has no name or more than %d parameters", e.Code, maxParams)
		}
		t.checkProperties(b, e)
		for j, pos := range b.array("params") {
			t.checkParam(pos.line, e, j)
		}
		t.checkProduced(b, e)
	}
	// The module takes row 0 for whatever has no row of its own.
	if len(t.rows) == 0 || t.rows[0].Number != generic {
		t.errorf(file, 1, "event %d must be the first that says where it comes from", generic)
	}
}

func (t *table) checkProperties(b *block, e *event) {
	const file = "events.toml"
	if e.Class != "" {
		t.known(file, b.line, "class", t.classes[e.Class].Name, e.Class)
	}
	t.known(file, b.line, "category", t.cats[e.Category].Name, e.Category)
	for _, f := range e.Flags {
		t.known(file, b.line, "flag", t.flags[f].Name, f)
	}
	for _, name := range e.Syscalls {
		if t.syscalls[name] == nil {
			t.errorf(file, b.line, "event %q: unknown syscall %q", e.Code, name)
		}
	}
}

func (t *table) checkParam(line int, e *event, i int) {
	const file = "events.toml"
	p := e.Params[i]
	typ, ok := t.types[p.Type]
	if !ok {
		t.errorf(file, line, "parameter %q: unknown type %q", p.Name, p.Type)
	}
	if p.Format != "" {
		t.known(file, line, "format", t.formats[p.Format].Name, p.Format)
	}
	if p.Flags != "" {
		t.known(file, line, "flag table", t.tables[p.Flags].Name, p.Flags)
	}
	if (p.Type == "dyn") != (p.Dyn != "") || p.Dyn != "" && t.dynamics[p.Dyn].Name == "" {
		t.errorf(file, line, "parameter %q: unknown dyn %q", p.Name, p.Dyn)
	}
	if p.DirFD != nil && (*p.DirFD < 0 || *p.DirFD >= len(e.Params) || e.Params[*p.DirFD].Type != "fd") {
		t.errorf(file, line, "parameter %q: dirfd %d is no fd", p.Name, *p.DirFD)
	}
	if p.From != "" {
		t.checkFrom(line, e, p, typ)
	} else if p.Map != "" {
		t.errorf(file, line, "parameter %q: map without from", p.Name)
	}
}

func (t *table) checkFrom(line int, e *event, p rawParam, typ rawType) {
	const file = "events.toml"
	o, err := parseOrigin(p.From)
	if err != nil {
		t.errorf(file, line, "parameter %q: %v", p.Name, err)
	}
	e.origins = append(e.origins, o)
	if err != nil {
		return
	}
	if !strings.Contains(forms[o.op].kinds, typ.Kind) && typ.Kind != "" {
		t.errorf(file, line, "parameter %q: a value of type %q cannot come from %q", p.Name, p.Type, p.From)
	}
	i, isMap := t.maps[p.Map]
	if may := forms[o.op].maps; !isMap && (may == "must" || p.Map != "") || isMap && may == "" {
		t.errorf(file, line, "parameter %q: unknown map %q", p.Name, p.Map)
	}
	if _, ok := t.customs[o.custom]; o.op == "custom" && !ok {
		t.errorf(file, line, "parameter %q: unknown custom %q", p.Name, o.custom)
	}
	if !isMap {
		return
	}
	if m := t.raw.maps.Map[i]; p.Flags != "" && p.Flags != m.Table {
		t.errorf(file, line, "parameter %q: map %q is for flag table %q, not %q", p.Name, p.Map, m.Table, p.Flags)
	}
}

// checkProduced makes sure that an event comes from the module whole or not at
// all, and that a code has one event to be recorded as.
func (t *table) checkProduced(b *block, e *event) {
	const file = "events.toml"
	if len(e.origins) != 0 && len(e.origins) != len(e.Params) {
		t.errorf(file, b.line, "event %q: %d of %d parameters say where they come from", e.Code, len(e.origins), len(e.Params))
		return
	}
	if len(e.origins) != 0 || e.bare() {
		e.row = len(t.rows)
		t.rows = append(t.rows, e)
	} else if e.Path || e.Special {
		t.errorf(file, b.line, "event %q: path or special without from", e.Code)
	}
	if e.has("old_version") || e.has("unused") {
		return
	}
	for _, name := range e.Syscalls {
		s := t.syscalls[name]
		if s == nil || s.Tracepoint == nil && e.Number&1 == 0 {
			continue
		}
		if s.exit != nil {
			t.errorf(file, b.line, "syscall %q is recorded as %q already", name, s.exit.Code)
		}
		s.exit = e
	}
}

// bare tells whether a system call is recorded without any parameter.
func (e *event) bare() bool {
	return len(e.Params) == 0 && len(e.Syscalls) != 0 && e.Number&1 == 1 && !e.has("old_version") && !e.has("unused")
}

func (e *event) has(flag string) bool {
	for _, f := range e.Flags {
		if f == flag {
			return true
		}
	}
	return false
}
