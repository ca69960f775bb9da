// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A canonical file has its rows in the order of their numbers, one a line, with
// the keys in a fixed order and the leading ones aligned. Comments above a row
// or a [[header]] stay with it.

// kv is one key of a row with its value as TOML.
type kv struct{ key, val string }

func str(key, v string) kv {
	if v == "" {
		return kv{}
	}
	return kv{key, strconv.Quote(v)}
}

func num(key string, v int) kv { return kv{key, strconv.Itoa(v)} }

func optNum(key string, v *int) kv {
	if v == nil {
		return kv{}
	}
	return num(key, *v)
}

// bits writes small numbers in decimal and large ones, which are bits, in hex.
func bits(key string, v *uint32) kv {
	if v == nil {
		return kv{}
	}
	if *v < 256 {
		return num(key, int(*v))
	}
	return kv{key, fmt.Sprintf("%#x", *v)}
}

func yes(key string, v bool) kv {
	if !v {
		return kv{}
	}
	return kv{key, "true"}
}

func list[T any](key string, vals []T, show func(T) string) kv {
	if len(vals) == 0 {
		return kv{}
	}
	var parts []string
	for _, v := range vals {
		parts = append(parts, show(v))
	}
	return kv{key, "[" + strings.Join(parts, ", ") + "]"}
}

// array writes rows; the first align keys of each are padded to one width.
func array(b *strings.Builder, name string, align int, pos []rowPos, rows [][]kv) {
	width := make([]int, align)
	for _, r := range rows {
		for i := range min(align, len(r)) {
			width[i] = max(width[i], len(r[i].val))
		}
	}
	fmt.Fprintf(b, "%s = [\n", name)
	for n, r := range rows {
		for _, c := range pos[n].comment {
			fmt.Fprintf(b, "  %s\n", c)
		}
		b.WriteString("  { ")
		pad, first := 0, true
		for i, k := range r {
			if k.key == "" {
				continue
			}
			if !first {
				b.WriteString("," + strings.Repeat(" ", pad+1))
			}
			first, pad = false, 0
			b.WriteString(k.key + " = " + k.val)
			if i < align {
				pad = width[i] - len(k.val)
			}
		}
		b.WriteString(" },\n")
	}
	b.WriteString("]\n")
}

// lines writes the keys of a [[header]].
func lines(b *strings.Builder, keys ...kv) {
	for _, k := range keys {
		if k.key != "" {
			fmt.Fprintf(b, "%s = %s\n", k.key, k.val)
		}
	}
}

func start(b *strings.Builder, blk *block, open, end string) {
	b.WriteString("\n")
	for _, c := range blk.comment {
		b.WriteString(c + "\n")
	}
	fmt.Fprintf(b, "%s%s%s\n", open, blk.header, end)
}

// order returns the indexes of rows sorted by number.
func order[R any](rows []R, number func(R) int) []int {
	idx := make([]int, len(rows))
	for i := range idx {
		idx[i] = i
	}
	slices.SortStableFunc(idx, func(a, b int) int { return cmp.Compare(number(rows[a]), number(rows[b])) })
	return idx
}

// sorted writes an array of the root block in the order of its numbers.
func sorted[R any](b *strings.Builder, src *source, name string, align int, rows []R, number func(R) int, show func(R) []kv) {
	pos := src.blocks[0].array(name)
	var kvs [][]kv
	var ps []rowPos
	for _, i := range order(rows, number) {
		kvs, ps = append(kvs, show(rows[i])), append(ps, pos[i])
	}
	array(b, name, align, ps, kvs)
}

func head(src *source) *strings.Builder {
	b := &strings.Builder{}
	for _, c := range src.blocks[0].comment {
		b.WriteString(c + "\n")
	}
	return b
}

func done(name string, b *strings.Builder, src *source) output {
	for _, c := range src.blocks[len(src.blocks)-1].tail {
		b.WriteString(c + "\n")
	}
	return output{path.Join(schemaDir, name), []byte(b.String())}
}

func (raw *rawSchema) canonical() []output {
	return []output{
		raw.formatTypes(), raw.formatFlags(), raw.formatMaps(),
		raw.formatCustoms(), raw.formatSyscalls(), raw.formatEvents(), raw.formatConversion(),
	}
}

// checkCanonical compares each file with its canonical form.
func (raw *rawSchema) checkCanonical() error {
	var errs []error
	for _, o := range raw.canonical() {
		src := raw.src[path.Base(o.path)]
		want, got := strings.Split(string(o.data), "\n"), strings.Split(src.text, "\n")
		for i := range got {
			if i >= len(want) || got[i] != want[i] {
				errs = append(errs, fmt.Errorf("%s:%d: not in canonical form, run go run ./scripts/gen -fmt", src.name, i+1))
				break
			}
		}
	}
	return errors.Join(errs...)
}

func (raw *rawSchema) formatTypes() output {
	src := raw.src["types.toml"]
	b := head(src)
	sorted(b, src, "type", 4, raw.types.Type, func(r rawType) int { return r.Number }, func(r rawType) []kv {
		return []kv{num("number", r.Number), str("name", r.Name), str("go", r.Go), str("kind", r.Kind), num("size", r.Size)}
	})
	for _, a := range []struct {
		name string
		rows []rawName
	}{{"format", raw.types.Format}, {"class", raw.types.Class}, {"category", raw.types.Category}, {"flag", raw.types.Flag}} {
		b.WriteString("\n")
		sorted(b, src, a.name, 2, a.rows, func(r rawName) int { return r.Number }, func(r rawName) []kv {
			return []kv{num("number", r.Number), str("name", r.Name), str("go", r.Go)}
		})
	}
	return done("types.toml", b, src)
}

func (raw *rawSchema) formatFlags() output {
	src := raw.src["flags.toml"]
	b := head(src)
	for i, blk := range src.all("table") {
		t := raw.flags.Table[i]
		start(b, blk, "[[", "]]")
		lines(b, str("name", t.Name))
		var rows [][]kv
		for _, e := range t.Entries {
			rows = append(rows, []kv{str("name", e.Name), str("symbol", e.Symbol), bits("value", &e.Value)})
		}
		array(b, "entries", 2, blk.array("entries"), rows)
	}
	for i, blk := range src.all("dynamic") {
		d := raw.flags.Dynamic[i]
		start(b, blk, "[[", "]]")
		lines(b, str("name", d.Name))
		var rows [][]kv
		for _, e := range d.Entries {
			rows = append(rows, []kv{str("symbol", e.Symbol), str("type", e.Type), str("format", e.Format)})
		}
		array(b, "entries", 2, blk.array("entries"), rows)
	}
	for _, blk := range src.all("constants") {
		start(b, blk, "[", "]")
		for _, name := range constantNames(raw.flags.Constants) {
			v := raw.flags.Constants[name]
			if v < 256 {
				fmt.Fprintf(b, "%s = %d\n", name, v)
			} else {
				fmt.Fprintf(b, "%s = %#x\n", name, v)
			}
		}
	}
	return done("flags.toml", b, src)
}

func constantNames(m map[string]int64) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func (raw *rawSchema) formatMaps() output {
	src := raw.src["maps.toml"]
	b := head(src)
	for i, blk := range src.all("map") {
		m := raw.maps.Map[i]
		start(b, blk, "[[", "]]")
		lines(b, str("name", m.Name), str("table", m.Table), yes("enum", m.Enum), str("else", m.Else))
		var rows [][]kv
		for _, r := range m.Rows {
			rows = append(rows, []kv{str("kernel", r.Kernel), bits("value", r.Value), bits("mask", r.Mask), yes("optional", r.Optional), str("out", r.Out)})
		}
		array(b, "rows", 1, blk.array("rows"), rows)
	}
	return done("maps.toml", b, src)
}

func (raw *rawSchema) formatCustoms() output {
	src := raw.src["customs.toml"]
	b := head(src)
	var rows [][]kv
	for _, c := range raw.customs.Custom {
		rows = append(rows, []kv{str("name", c.Name), yes("args", c.Args), yes("locks", c.Locks), str("doc", c.Doc)})
	}
	array(b, "custom", 1, src.blocks[0].array("custom"), rows)
	return done("customs.toml", b, src)
}

func (raw *rawSchema) formatSyscalls() output {
	src := raw.src["syscalls.toml"]
	b := head(src)
	sorted(b, src, "syscall", 2, raw.syscalls.Syscall, func(r rawSyscall) int { return r.Code }, func(r rawSyscall) []kv {
		return []kv{
			num("code", r.Code), str("name", r.Name), optNum("tracepoint", r.Tracepoint), yes("x86_only", r.X86Only), str("drop", r.Drop), str("repair", r.Repair),
			yes("no_exit", r.NoExit), optNum("x86_64", r.X8664), optNum("aarch64", r.AArch64), list("i386", r.I386, strconv.Itoa),
		}
	})
	mux := func(r rawMux) []kv {
		return []kv{num("number", r.Number), str("name", r.Name), optNum("words", r.Words), list("args", r.Args, strconv.Quote)}
	}
	for _, a := range []struct {
		name string
		rows []rawMux
	}{{"socketcall", raw.syscalls.Socketcall}, {"ipc", raw.syscalls.IPC}} {
		b.WriteString("\n")
		sorted(b, src, a.name, 1, a.rows, func(r rawMux) int { return r.Number }, mux)
	}
	return done("syscalls.toml", b, src)
}

func (raw *rawSchema) formatEvents() output {
	src := raw.src["events.toml"]
	b := head(src)
	blocks := src.all("event")
	for _, i := range order(raw.events.Event, func(e rawEvent) int { return e.Number }) {
		e := raw.events.Event[i]
		start(b, blocks[i], "[[", "]]")
		lines(b, num("number", e.Number), str("code", e.Code), str("name", e.Name), str("class", e.Class), str("category", e.Category),
			list("flags", e.Flags, strconv.Quote), list("syscalls", e.Syscalls, strconv.Quote), yes("reserve", e.Reserve), yes("path", e.Path),
			yes("special", e.Special))
		var rows [][]kv
		for _, p := range e.Params {
			rows = append(rows, []kv{
				str("name", p.Name), str("type", p.Type), str("format", p.Format), str("flags", p.Flags),
				str("dyn", p.Dyn), optNum("dirfd", p.DirFD), str("from", p.From), str("map", p.Map),
			})
		}
		if len(rows) > 0 {
			array(b, "params", 2, blocks[i].array("params"), rows)
		}
	}
	return done("events.toml", b, src)
}
