// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const small = "testdata/small"

// copySmall makes a tree with the small schema in it.
func copySmall(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, schemaDir), os.DirFS(filepath.Join(small, schemaDir))); err != nil {
		t.Fatal(err)
	}
	return root
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// replace edits one file of the schema below root.
func replace(t *testing.T, root, file, old, repl string) {
	t.Helper()
	path := filepath.Join(root, schemaDir, file)
	text := read(t, path)
	if !strings.Contains(text, old) {
		t.Fatalf("%s does not contain %q", file, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(text, old, repl, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestGolden(t *testing.T) {
	root := copySmall(t)
	if err := run([]string{"-root", root}); err != nil {
		t.Fatal(err)
	}
	raw, err := load(filepath.Join(root, schemaDir))
	if err != nil {
		t.Fatal(err)
	}
	tab, err := build(raw)
	if err != nil {
		t.Fatal(err)
	}
	outs, err := generate(tab)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outs {
		// The suffix keeps compilers and formatters away.
		golden := filepath.Join("testdata/golden", filepath.Base(o.path)+".golden")
		got := read(t, filepath.Join(root, o.path))
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(read(t, golden), got); d != "" {
			t.Errorf("%s (-want +got):\n%s", o.path, d)
		}
	}
	if err := run([]string{"-root", root, "-check"}); err != nil {
		t.Errorf("check of a fresh tree: %v", err)
	}
}

// The committed files of this repository must be what the table says.
func TestFresh(t *testing.T) {
	if err := run([]string{"-root", "../..", "-check"}); err != nil {
		t.Error(err)
	}
}

func TestStale(t *testing.T) {
	root := copySmall(t)
	if err := run([]string{"-root", root}); err != nil {
		t.Fatal(err)
	}
	replace(t, root, "events.toml", `name = "open2"`, `name = "opened"`)
	err := run([]string{"-root", root, "-check"})
	if err == nil || !strings.Contains(err.Error(), "pkg/schema/events_gen.go: stale") {
		t.Errorf("got %v", err)
	}
}

func TestFormat(t *testing.T) {
	root := copySmall(t)
	want := read(t, filepath.Join(small, schemaDir, "syscalls.toml"))
	replace(t, root, "syscalls.toml", `  { code = 2, name = "open",      drop = "never", x86_64 = 2, i386 = [5] },`+"\n", "")
	replace(t, root, "syscalls.toml", `x86_64 = 3 },`+"\n", "x86_64=3 },\n# Comes first.\n{ name = 'open', code = 2, i386 = [ 5 ], x86_64 = 0x2, drop = 'never' },\n")
	if err := run([]string{"-root", root}); err == nil || !strings.Contains(err.Error(), "syscalls.toml:5: not in canonical form") {
		t.Errorf("unsorted rows: got %v", err)
	}
	if err := run([]string{"-root", root, "-fmt"}); err != nil {
		t.Fatal(err)
	}
	want = strings.Replace(want, "  { code = 2", "  # Comes first.\n  { code = 2", 1)
	if d := cmp.Diff(want, read(t, filepath.Join(root, schemaDir, "syscalls.toml"))); d != "" {
		t.Errorf("syscalls.toml (-want +got):\n%s", d)
	}
	for _, file := range []string{"events.toml", "flags.toml", "maps.toml", "types.toml", "customs.toml", "conversion.toml"} {
		if d := cmp.Diff(read(t, filepath.Join(small, schemaDir, file)), read(t, filepath.Join(root, schemaDir, file))); d != "" {
			t.Errorf("%s (-want +got):\n%s", file, d)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name, file, old, repl, want string
	}{
		{"syntax", "events.toml", `number = 3`, `number = `, "events.toml:36: "},
		{"unknown key", "events.toml", `reserve = true`, `reserved = true`, "events.toml:42: unknown key event.reserved"},
		{"wrong kind of value", "events.toml", `number = 3`, `number = "3"`, "events.toml: "},
		{"two rows a line", "types.toml", " },\n  { number = 1,", " }, { number = 1,", "types.toml:1: type: write each of the 8 rows on a line of its own (7 lines found)"},
		{"duplicate type number", "types.toml", `number = 1, name = "int64"`, `number = 0, name = "int64"`, `types.toml:4: type "int64" has the number 0 of "none"`},
		{"duplicate format", "types.toml", `name = "hex"`, `name = "dec"`, `types.toml:16: format "dec" is there twice`},
		{"unknown kind", "types.toml", `kind = "none",  `, `kind = "mixed", `, `types.toml:3: type "none": unknown kind "mixed"`},
		{"symbol with two values", "flags.toml", `"PPM_CMD_GO",   value = 0`, `"PPM_O_RDONLY", value = 0`, "flags.toml:15: PPM_O_RDONLY is 0 here and 1 elsewhere"},
		{"unknown type in dynamic", "flags.toml", `type = "int64", `, `type = "int65", `, `flags.toml:21: unknown type "int65"`},
		{"map for no table", "maps.toml", `table = "cmds"`, `table = "cmdz"`, `maps.toml:12: unknown flag table "cmdz"`},
		{"map to no entry", "maps.toml", `out = "CMD_GO"`, `out = "CMD_NO"`, `maps.toml:17: map "cmds": "CMD_NO" is not in flag table "cmds"`},
		{"row that never matches", "maps.toml", `value = 0, mask = 3`, `value = 0`, `maps.toml:7: map "open_flags": O_RDONLY can never match without mask`},
		{"mask that ends the map", "maps.toml", `mask = 3`, `mask = 0`, `maps.toml:7: map "open_flags": a mask of 0 ends the map`},
		{"row behind the one that takes its bit", "maps.toml", `  # The bit differs`, "  { kernel = \"O_BOTH\", value = 12, out = \"O_RDONLY\" },\n  { kernel = \"O_ONE\", value = 4, out = \"O_RDONLY\" },\n  # The bit differs", `maps.toml:9: map "open_flags": O_ONE must stand before O_BOTH`},
		{"row for zero bits behind another", "maps.toml", `  # The bit differs`, "  { kernel = \"O_ONE\", value = 4, out = \"O_RDONLY\" },\n  { kernel = \"O_NONE\", value = 0, mask = 8, out = \"O_RDONLY\" },\n  # The bit differs", `maps.toml:9: map "open_flags": O_NONE must stand before O_ONE`},
		{"custom without doc", "customs.toml", `doc = "the code of the call"`, `locks = true`, `customs.toml:3: custom "sc": say in doc what it yields`},
		{"duplicate code", "syscalls.toml", `code = 4`, `code = 2`, "syscalls.toml:6: code 2 is there twice"},
		{"duplicate name", "syscalls.toml", `"task_exit", `, `"fault",     `, `syscalls.toml:8: syscall "fault" is there twice`},
		{"duplicate native number", "syscalls.toml", `x86_64 = 3`, `x86_64 = 2`, `syscalls.toml:9: syscall "do_it" has the x86_64 number 2 of "open"`},
		{"duplicate compat number", "syscalls.toml", `i386 = [5]`, `i386 = [1]`, `syscalls.toml:5: syscall "open" has the i386 number 1 of "exit"`},
		{"number out of range", "syscalls.toml", `aarch64 = 511`, `aarch64 = 512`, `syscalls.toml:6: syscall "_do_it": aarch64 = 512 is out of range`},
		{"socketcall without words", "syscalls.toml", `, words = 3`, ``, `syscalls.toml:13: socketcall: open: wants words from 1 to 6, and no args`},
		{"socketcall with too many words", "syscalls.toml", `words = 3`, `words = 7`, `syscalls.toml:13: socketcall: open: wants words from 1 to 6, and no args`},
		{"ipc without arguments", "syscalls.toml", `, args = ["first", "ptr"]`, ``, `syscalls.toml:17: ipc: _do_it: wants one to 6 args, and no words`},
		{"unknown argument of ipc", "syscalls.toml", `"ptr"]`, `"sixth"]`, `syscalls.toml:17: ipc: _do_it: unknown argument "sixth"; there are first, second, third, ptr, fifth`},
		{"unknown drop", "syscalls.toml", `drop = "never"`, `drop = "maybe"`, `syscalls.toml:5: syscall "open": unknown drop "maybe"`},
		{"unknown call behind ipc", "syscalls.toml", `number = 1, name = "_do_it"`, `number = 1, name = "shmop"`, `syscalls.toml:17: ipc: unknown syscall "shmop"`},
		{"duplicate event number", "events.toml", `number = 3`, `number = 2`, `events.toml:35: event "PPME_SYSCALL_OPEN_X": number 2, want 3`},
		{"wrong direction", "events.toml", `"PPME_SYSCALL_OPEN_X"`, `"PPME_SYSCALL_OPEN_E"`, `events.toml:35: event "PPME_SYSCALL_OPEN_E"`},
		{"unknown type", "events.toml", `type = "flags32", format = "hex"`, `type = "flags33", format = "hex"`, `events.toml:49: parameter "flags": unknown type "flags33"`},
		{"unknown format", "events.toml", `"flags32", format = "hex"`, `"flags32", format = "hax"`, `events.toml:49: unknown format "hax"`},
		{"unknown flag table", "events.toml", `flags = "file_flags"`, `flags = "file_flag"`, `events.toml:49: unknown flag table "file_flag"`},
		{"unknown map", "events.toml", `map = "open_flags"`, `map = "close_flags"`, `events.toml:49: parameter "flags": unknown map "close_flags"`},
		{"map of another table", "events.toml", `map = "open_flags"`, `map = "cmds"`, `events.toml:49: parameter "flags": map "cmds" is for flag table "cmds", not "file_flags"`},
		{"else that is no entry", "maps.toml", `table = "cmds"`, "table = \"cmds\"\nelse = \"CMD_NO\"", `maps.toml:12: map "cmds": "CMD_NO" is not in flag table "cmds"`},
		{"map of what takes none", "events.toml", `from = "ret" }`, `from = "ret", map = "cmds" }`, `parameter "fd": unknown map "cmds"`},
		{"flags without map", "events.toml", `, map = "open_flags"`, ``, `parameter "flags": unknown map ""`},
		{"special without from", "events.toml", `flags = ["old_version", "large_payload"]`, "flags = [\"old_version\", \"large_payload\"]\nspecial = true", `path or special without from`},
		{"map without from", "events.toml", `format = "dec" },`, `format = "dec", map = "cmds" },`, `events.toml:11: parameter "ID": map without from`},
		{"bad from", "events.toml", `from = "arg0"`, `from = "arg6"`, `events.toml:46: parameter "dir": bad from "arg6"`},
		{"bad operand", "events.toml", `custom:nr:3`, `custom:nr:300`, `events.toml:23: parameter "nativeID": bad from "custom:nr:300"`},
		{"from of another kind", "events.toml", `from = "str:arg1"`, `from = "arg1"`, `events.toml:47: parameter "name": a value of type "fspath" cannot come from "arg1"`},
		{"unknown custom", "events.toml", `custom:sc`, `custom:cs`, `events.toml:22: parameter "ID": unknown custom "cs"`},
		{"dirfd that is no fd", "events.toml", `dirfd = 1`, `dirfd = 2`, `events.toml:47: parameter "name": dirfd 2 is no fd`},
		{"dirfd out of range", "events.toml", `dirfd = 1`, `dirfd = 99`, `events.toml:47: parameter "name": dirfd 99 is no fd`},
		{"rows that share a line", "events.toml", `custom:sc" },`, `custom:sc" }, { name = "x", type = "fd" },`, "events.toml:15: params: write each of the 3 rows on a line of its own"},
		{"half an event", "events.toml", `, from = "ret" },`, ` },`, `events.toml:35: event "PPME_SYSCALL_OPEN_X": 12 of 13 parameters say where they come from`},
		{"unknown syscall", "events.toml", `syscalls = ["task_exit"]`, `syscalls = ["task_quit"]`, `events.toml:77: event "PPME_TASK_EXIT_E": unknown syscall "task_quit"`},
		{"unknown action", "conversion.toml", `"store"`, `"keep"`, `conversion.toml:5: unknown event "PPME_GENERIC_E" or action "keep"`},
		{"duplicate rule", "conversion.toml", `params = 2`, `params = 1`, `conversion.toml:5: PPME_GENERIC_E with 1 parameters is there twice`},
		{"rule for what is never so", "conversion.toml", `params = 2`, `params = 3`, `conversion.toml:5: PPME_GENERIC_E: not converter_managed, or it never has 3 parameters`},
		{"become without to", "conversion.toml", `to = "PPME_SYSCALL_OPEN_X", `, ``, `conversion.toml:4: PPME_GENERIC_E: become wants other keys`},
		{"values with pass", "conversion.toml", `"pass"`, `"pass", values = ["empty"]`, `conversion.toml:7: PPME_TASK_EXIT_X: pass wants other keys`},
		{"too many values", "conversion.toml", `["default", "empty"]`, `["default", "empty", "empty"]`, `conversion.toml:3: PPME_GENERIC_E: 3 parameters, PPME_GENERIC_E has 2`},
		{"bad value", "conversion.toml", `"old:0"`, `"olden:0"`, `conversion.toml:4: PPME_GENERIC_E: bad value "olden:0"`},
		{"bad fallback", "conversion.toml", `enter:0:empty`, `enter:0:none`, `conversion.toml:6: PPME_TASK_EXIT_X: bad value "enter:0:none": want default or empty at the end`},
		{"value that is no parameter", "conversion.toml", `old:0`, `old:1`, `conversion.toml:4: PPME_GENERIC_E: "old:1" is no parameter`},
		{"enter of an enter event", "conversion.toml", `"old:0"`, `"enter:0:empty"`, `conversion.toml:4: PPME_GENERIC_E: "enter:0:empty" is no parameter`},
		{"two events for a call", "events.toml", `flags = ["old_version", "large_payload"]`, `flags = ["large_payload"]`, `events.toml:68: syscall "open" is recorded as "PPME_SYSCALL_OPEN_X" already`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := copySmall(t)
			replace(t, root, tt.file, tt.old, tt.repl)
			raw, err := load(filepath.Join(root, schemaDir))
			if err == nil {
				_, err = build(raw)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
			if err := run([]string{"-root", root}); err == nil {
				t.Error("run does not fail")
			}
		})
	}
}

// The module takes row 0 for what has no row, so that row must be the generic one.
func TestGenericRowIsFirst(t *testing.T) {
	root := copySmall(t)
	replace(t, root, "events.toml", `, from = "custom:sc"`, "")
	replace(t, root, "events.toml", `, from = "custom:nr:3"`, "")
	err := run([]string{"-root", root})
	if err == nil || !strings.Contains(err.Error(), "events.toml:1: event 1 must be the first that says where it comes from") {
		t.Errorf("got %v", err)
	}
}

func TestErrorsAreCapped(t *testing.T) {
	root := copySmall(t)
	path := filepath.Join(root, schemaDir, "events.toml")
	text := strings.ReplaceAll(read(t, path), `format = "dec"`, `format = "decimal"`)
	text = strings.ReplaceAll(text, `type = "bytebuf"`, `type = "bytes"`)
	text = strings.ReplaceAll(text, `syscalls = ["open"]`, `syscalls = ["opened"]`)
	text = strings.ReplaceAll(text, `category = "file"`, `category = "files"`)
	text = strings.ReplaceAll(text, `category = "unknown"`, `category = "unknwon"`)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	err := run([]string{"-root", root, "-fmt"})
	if err == nil {
		err = run([]string{"-root", root})
	}
	if err == nil || strings.Count(err.Error(), "\n") > maxErrors || !strings.Contains(err.Error(), "more") {
		t.Errorf("got %v", err)
	}
}

func TestMissingFile(t *testing.T) {
	root := copySmall(t)
	if err := os.Remove(filepath.Join(root, schemaDir, "maps.toml")); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"-root", root}); err == nil || !strings.Contains(err.Error(), "maps.toml") {
		t.Errorf("got %v", err)
	}
}
