// SPDX-License-Identifier: Apache-2.0

//go:build linux && cgo

package cdriver

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/abi"
)

// renamed holds the names that do not follow from the header mechanically.
var renamed = map[string]string{
	"EYAS_EXT_END":  "ExtTypeEnd",
	"EYAS_EXT_DROP": "ExtTypeDrop",
	"EYAS_EXT_PATH": "ExtTypePath",
	"eyas_record":   "RecordHeader",
}

// words that goName does not write as Capital and lower case.
var words = map[string]string{"ABI": "ABI", "TP": "TP", "RT": "RT", "IPC": "IPC", "NR": "Num"}

// goName is the mirror's name of a structure or constant of the header.
func goName(c string) string {
	if name, ok := renamed[c]; ok {
		return name
	}
	var b strings.Builder
	for _, w := range strings.Split(strings.ToUpper(c), "_")[1:] {
		if s, ok := words[w]; ok {
			b.WriteString(s)
			continue
		}
		b.WriteString(w[:1] + strings.ToLower(w[1:]))
	}
	return b.String()
}

// mirror is one side of the comparison: the fields of all structures by C name
// of the field, and the constants, by Go name.
type mirror struct {
	fields map[string]map[string]cField // "" is the type itself
	consts map[string]uint64
}

func TestLayout(t *testing.T) {
	text, err := os.ReadFile("../kmod/uapi/eyas.h")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no source tree here, as in a guest: the header was compared where this was built")
	}
	if err != nil {
		t.Fatal(err)
	}
	h := parseHeader(string(text))
	m := loadMirror(t, readPackage(t, "../pkg/abi"))
	for _, d := range compare(h, cLayout(), cConstants(), m) {
		t.Error(d)
	}
	if got, want := abi.Device, cDevice(); got != want {
		t.Errorf("Device: %q, want %q", got, want)
	}
	for _, tt := range [][2]int{{0, 0}, {0, abi.MmapData}, {1, abi.MmapProducer}, {4095, abi.MmapData}} {
		if got, want := abi.MmapOffset(tt[0], tt[1]), cMmapOffset(tt[0], tt[1]); uint64(got) != want {
			t.Errorf("MmapOffset(%d, %d): %#x, want %#x", tt[0], tt[1], got, want)
		}
	}
}

// TestLayoutFinds gives the comparison wrong mirrors and headers: a test that
// cannot fail proves nothing.
func TestLayoutFinds(t *testing.T) {
	const header = "#define EYAS_REC_X 8u /* x */\nstruct eyas_thing {\n\t__u64 ts; /* a; b */\n\t__u32 tid, pid;\n\tchar comm[2][8];\n};\n"
	layout := []cField{
		{"eyas_thing", "", 0, 32}, {"eyas_thing", "ts", 0, 8}, {"eyas_thing", "tid", 8, 4},
		{"eyas_thing", "pid", 12, 4}, {"eyas_thing", "comm", 16, 16},
	}
	good := "type Thing struct { TS uint64 `c:\"ts\"`; TID uint32 `c:\"tid\"`; PID uint32 `c:\"pid\"`; Comm [16]byte `c:\"comm\"`}\nconst RecX = 8\n"
	tests := []struct {
		name   string
		header string
		mirror string
		want   []string
	}{
		{"same", header, good, nil},
		{"swapped", header, strings.NewReplacer("TID uint32 `c:\"tid\"`", "PID uint32 `c:\"pid\"`", "PID uint32 `c:\"pid\"`", "TID uint32 `c:\"tid\"`").Replace(good),
			[]string{"Thing.TID: offset 12, want 8", "Thing.PID: offset 8, want 12"}},
		{"size", header, strings.Replace(good, "[16]byte", "[12]byte", 1),
			[]string{"Thing.Comm: size 12, want 16"}}, // padding hides it from the size of the type
		{"constant", header, strings.Replace(good, "= 8", "= 9", 1), []string{"RecX: 9, want 8"}},
		{"no constant", header, strings.Replace(good, "RecX", "RecY", 1),
			[]string{"RecX: missing, EYAS_REC_X is 8", "RecY: not in the header"}},
		{"new constant", header + "#define EYAS_REC_NEW 1\n", good, []string{"EYAS_REC_NEW: missing in layout.go"}},
		{"new field", strings.Replace(header, "\tchar", "\t__u32 extra;\n\tchar", 1), good,
			[]string{"eyas_thing.extra: missing in layout.go"}},
		{"new struct", header + "struct eyas_new {\n\t__u32 size;\n};\n", good,
			[]string{"eyas_new: missing in layout.go", "eyas_new.size: missing in layout.go"}},
		{"untagged", header, strings.Replace(good, "}", "; Extra uint64 }", 1),
			[]string{"Thing: size 40, want 32", "Thing.Extra: no tag that names its C field"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := loadMirror(t, []string{"package abi\n" + tt.mirror})
			got := compare(parseHeader(tt.header), layout, map[string]uint64{"EYAS_REC_X": 8}, m)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("compare (-want +got):\n%s", diff)
			}
		})
	}
}

// header is what the text of eyas.h declares, in its order.
type header struct {
	fields []cField // Name "" is the structure itself
	consts []string
}

var (
	commentRE = regexp.MustCompile(`(?s)/\*.*?\*/`)
	defineRE  = regexp.MustCompile(`(?m)^#define[ \t]+(EYAS_\w+)[ \t]+([^\n]*)`)
	structRE  = regexp.MustCompile(`(?s)struct (eyas_\w+) \{(.*?)\}`)
	memberRE  = regexp.MustCompile(`(\w+)(\[[^\]]*\])*[,;]`)
)

func parseHeader(text string) header {
	text = commentRE.ReplaceAllString(text, "")
	var h header
	for _, m := range defineRE.FindAllStringSubmatch(text, -1) {
		if !strings.HasPrefix(m[2], `"`) {
			h.consts = append(h.consts, m[1])
		}
	}
	for _, m := range structRE.FindAllStringSubmatch(text, -1) {
		h.fields = append(h.fields, cField{Type: m[1]})
		for _, f := range memberRE.FindAllStringSubmatch(m[2], -1) {
			h.fields = append(h.fields, cField{Type: m[1], Name: f[1]})
		}
	}
	return h
}

func readPackage(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, p := range paths {
		if strings.HasSuffix(p, "_test.go") {
			continue
		}
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

// loadMirror type-checks the mirror from source, so that nothing in it can be
// forgotten by a list kept here.
func loadMirror(t *testing.T, texts []string) mirror {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for i, text := range texts {
		f, err := parser.ParseFile(fset, fmt.Sprintf("abi%d.go", i), text, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	sizes := types.SizesFor("gc", runtime.GOARCH)
	conf := types.Config{Importer: importer.Default(), Sizes: sizes, Error: func(err error) { t.Error(err) }}
	pkg, err := conf.Check("abi", fset, files, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := mirror{fields: make(map[string]map[string]cField), consts: make(map[string]uint64)}
	for _, name := range pkg.Scope().Names() {
		switch obj := pkg.Scope().Lookup(name).(type) {
		case *types.Const:
			if v, ok := constant.Uint64Val(constant.ToInt(obj.Val())); ok && obj.Exported() {
				m.consts[name] = v
			}
		case *types.TypeName:
			if s, ok := obj.Type().Underlying().(*types.Struct); ok {
				m.fields[name] = structFields(name, s, sizes)
			}
		}
	}
	return m
}

func structFields(name string, s *types.Struct, sizes types.Sizes) map[string]cField {
	var vars []*types.Var
	for i := range s.NumFields() {
		vars = append(vars, s.Field(i))
	}
	offsets := sizes.Offsetsof(vars)
	fields := map[string]cField{"": {Type: name, Size: sizes.Sizeof(s)}}
	for i, v := range vars {
		tag := reflect.StructTag(s.Tag(i)).Get("c")
		if tag == "" {
			tag = "untagged " + v.Name()
		}
		fields[tag] = cField{Type: name, Name: v.Name(), Offset: offsets[i], Size: sizes.Sizeof(v.Type())}
	}
	return fields
}

// compare tells every difference in a line of its own.
func compare(h header, layout []cField, consts map[string]uint64, m mirror) []string {
	diffs := compareHeader(h, layout, consts)
	diffs = append(diffs, compareFields(layout, m)...)
	return append(diffs, compareConsts(h, consts, m)...)
}

// compareHeader tells what the header declares and layout.go does not compile.
func compareHeader(h header, layout []cField, consts map[string]uint64) (diffs []string) {
	have := make(map[[2]string]bool)
	for _, f := range layout {
		have[[2]string{f.Type, f.Name}] = true
	}
	for _, f := range h.fields {
		if !have[[2]string{f.Type, f.Name}] {
			diffs = append(diffs, strings.TrimSuffix(f.Type+"."+f.Name, ".")+": missing in layout.go")
		}
	}
	for _, c := range h.consts {
		if _, ok := consts[c]; !ok {
			diffs = append(diffs, c+": missing in layout.go")
		}
	}
	return diffs
}

func compareFields(layout []cField, m mirror) (diffs []string) {
	seen := make(map[[2]string]bool)
	for _, want := range layout {
		name := goName(want.Type)
		got, ok := m.fields[name][want.Name]
		switch {
		case !ok:
			diffs = append(diffs, fmt.Sprintf("%s: missing, the header has %s.%s", name, want.Type, want.Name))
			continue
		case got.Name != "":
			name += "." + got.Name
		}
		seen[[2]string{got.Type, want.Name}] = true
		if got.Offset != want.Offset {
			diffs = append(diffs, fmt.Sprintf("%s: offset %d, want %d", name, got.Offset, want.Offset))
		}
		if got.Size != want.Size {
			diffs = append(diffs, fmt.Sprintf("%s: size %d, want %d", name, got.Size, want.Size))
		}
	}
	for name, fields := range m.fields {
		for tag, f := range fields {
			switch {
			case seen[[2]string{name, tag}]:
			case strings.HasPrefix(tag, "untagged "):
				diffs = append(diffs, fmt.Sprintf("%s.%s: no tag that names its C field", name, f.Name))
			default:
				diffs = append(diffs, fmt.Sprintf("%s.%s: not in the header", name, f.Name))
			}
		}
	}
	return diffs
}

func compareConsts(h header, consts map[string]uint64, m mirror) (diffs []string) {
	seen := make(map[string]bool)
	for _, c := range h.consts {
		want, compiled := consts[c]
		name := goName(c)
		seen[name] = true
		got, ok := m.consts[name]
		switch {
		case !compiled:
		case !ok:
			diffs = append(diffs, fmt.Sprintf("%s: missing, %s is %d", name, c, want))
		case got != want:
			diffs = append(diffs, fmt.Sprintf("%s: %d, want %d", name, got, want))
		}
	}
	for name := range m.consts {
		if !seen[name] {
			diffs = append(diffs, name+": not in the header")
		}
	}
	return diffs
}
