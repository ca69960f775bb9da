// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/BurntSushi/toml"
)

const schemaDir = "pkg/schema"

// The .toml files as they are written.

type rawTypes struct {
	Type     []rawType `toml:"type"`
	Format   []rawName `toml:"format"`
	Class    []rawName `toml:"class"`
	Category []rawName `toml:"category"`
	Flag     []rawName `toml:"flag"`
}

type rawType struct {
	Number int    `toml:"number"`
	Name   string `toml:"name"`
	Go     string `toml:"go"`
	Kind   string `toml:"kind"`
	Size   int    `toml:"size"`
}

type rawName struct {
	Number int    `toml:"number"`
	Name   string `toml:"name"`
	Go     string `toml:"go"`
}

type rawFlags struct {
	Table     []rawTable       `toml:"table"`
	Dynamic   []rawDynamic     `toml:"dynamic"`
	Constants map[string]int64 `toml:"constants"`
}

type rawTable struct {
	Name    string     `toml:"name"`
	Entries []rawEntry `toml:"entries"`
}

type rawEntry struct {
	Name   string `toml:"name"`
	Symbol string `toml:"symbol"`
	Value  uint32 `toml:"value"`
}

type rawDynamic struct {
	Name    string   `toml:"name"`
	Entries []rawAlt `toml:"entries"`
}

type rawAlt struct {
	Symbol string `toml:"symbol"`
	Type   string `toml:"type"`
	Format string `toml:"format"`
}

type rawMaps struct {
	Map []rawMap `toml:"map"`
}

type rawMap struct {
	Name  string      `toml:"name"`
	Table string      `toml:"table"`
	Enum  bool        `toml:"enum"`
	Else  string      `toml:"else"`
	Rows  []rawMapRow `toml:"rows"`
}

type rawMapRow struct {
	Kernel   string  `toml:"kernel"`
	Value    *uint32 `toml:"value"`
	Mask     *uint32 `toml:"mask"`
	Optional bool    `toml:"optional"`
	Out      string  `toml:"out"`
}

type rawCustoms struct {
	Custom []rawCustom `toml:"custom"`
}

type rawCustom struct {
	Name  string `toml:"name"`
	Args  bool   `toml:"args"`
	Locks bool   `toml:"locks"`
	Doc   string `toml:"doc"`
}

type rawSyscalls struct {
	Syscall    []rawSyscall `toml:"syscall"`
	Socketcall []rawMux     `toml:"socketcall"`
	IPC        []rawMux     `toml:"ipc"`
}

type rawSyscall struct {
	Code       int    `toml:"code"`
	Name       string `toml:"name"`
	Tracepoint *int   `toml:"tracepoint"`
	X86Only    bool   `toml:"x86_only"`
	Drop       string `toml:"drop"`
	Repair     string `toml:"repair"`
	NoExit     bool   `toml:"no_exit"`
	X8664      *int   `toml:"x86_64"`
	AArch64    *int   `toml:"aarch64"`
	I386       []int  `toml:"i386"`
}

// rawMux is a call behind socketcall or ipc, whose arguments are not those of the
// call itself.
type rawMux struct {
	Number int      `toml:"number"`
	Name   string   `toml:"name"`
	Words  *int     `toml:"words"` // socketcall: 32-bit words in memory
	Args   []string `toml:"args"`  // ipc: which of its own, by the names in ipcArgs
}

type rawEvents struct {
	Event []rawEvent `toml:"event"`
}

type rawEvent struct {
	Number   int        `toml:"number"`
	Code     string     `toml:"code"`
	Name     string     `toml:"name"`
	Class    string     `toml:"class"`
	Category string     `toml:"category"`
	Flags    []string   `toml:"flags"`
	Syscalls []string   `toml:"syscalls"`
	Reserve  bool       `toml:"reserve"`
	Path     bool       `toml:"path"`
	Special  bool       `toml:"special"`
	Params   []rawParam `toml:"params"`
}

type rawParam struct {
	Name   string `toml:"name"`
	Type   string `toml:"type"`
	Format string `toml:"format"`
	Flags  string `toml:"flags"`
	Dyn    string `toml:"dyn"`
	DirFD  *int   `toml:"dirfd"`
	From   string `toml:"from"`
	Map    string `toml:"map"`
}

// rawSchema is all of the files with the positions of their rows.
type rawSchema struct {
	types      rawTypes
	flags      rawFlags
	maps       rawMaps
	customs    rawCustoms
	syscalls   rawSyscalls
	events     rawEvents
	conversion rawConversion
	src        map[string]*source // by file name
}

func load(dir string) (*rawSchema, error) {
	raw := &rawSchema{src: map[string]*source{}}
	files := []struct {
		name string
		into any
	}{
		{"types.toml", &raw.types},
		{"flags.toml", &raw.flags},
		{"maps.toml", &raw.maps},
		{"customs.toml", &raw.customs},
		{"syscalls.toml", &raw.syscalls},
		{"events.toml", &raw.events},
		{"conversion.toml", &raw.conversion},
	}
	var errs []error
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			return nil, err
		}
		src := scan(f.name, string(text))
		raw.src[f.name] = src
		errs = append(errs, decode(src, f.into))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return raw, raw.checkRows()
}

func decode(src *source, into any) error {
	md, err := toml.Decode(src.text, into)
	var perr toml.ParseError
	if errors.As(err, &perr) {
		return fmt.Errorf("%s:%d: %s", src.name, perr.Position.Line, perr.Message)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", src.name, err)
	}
	for _, key := range md.Undecoded() {
		last := key[len(key)-1]
		return fmt.Errorf("%s:%d: unknown key %s", src.name, src.lineOf(last), key)
	}
	return nil
}

// checkRows makes sure that the scanned rows are the decoded ones.
func (raw *rawSchema) checkRows() error {
	var errs []error
	root := func(file, array string, n int) {
		src := raw.src[file]
		errs = append(errs, src.expect(&src.blocks[0], array, n))
	}
	root("types.toml", "type", len(raw.types.Type))
	root("types.toml", "format", len(raw.types.Format))
	root("types.toml", "class", len(raw.types.Class))
	root("types.toml", "category", len(raw.types.Category))
	root("types.toml", "flag", len(raw.types.Flag))
	root("customs.toml", "custom", len(raw.customs.Custom))
	root("syscalls.toml", "syscall", len(raw.syscalls.Syscall))
	root("syscalls.toml", "socketcall", len(raw.syscalls.Socketcall))
	root("syscalls.toml", "ipc", len(raw.syscalls.IPC))
	root("conversion.toml", "rule", len(raw.conversion.Rule))
	blocks := func(file, header, array string, n int, rows func(i int) int) {
		src := raw.src[file]
		found := src.all(header)
		if len(found) != n {
			errs = append(errs, fmt.Errorf("%s:1: write each of the %d [[%s]] on a line of its own", file, n, header))
			return
		}
		for i, b := range found {
			errs = append(errs, src.expect(b, array, rows(i)))
		}
	}
	blocks("flags.toml", "table", "entries", len(raw.flags.Table), func(i int) int { return len(raw.flags.Table[i].Entries) })
	blocks("flags.toml", "dynamic", "entries", len(raw.flags.Dynamic), func(i int) int { return len(raw.flags.Dynamic[i].Entries) })
	blocks("maps.toml", "map", "rows", len(raw.maps.Map), func(i int) int { return len(raw.maps.Map[i].Rows) })
	blocks("events.toml", "event", "params", len(raw.events.Event), func(i int) int { return len(raw.events.Event[i].Params) })
	return errors.Join(errs...)
}
