// SPDX-License-Identifier: Apache-2.0

package format_test

import (
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/filter"
	"github.com/eyas-security/eyas/pkg/format"
	"github.com/eyas-security/eyas/pkg/internal/evtest"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

func openat(t testing.TB) *state.Event {
	h := evtest.New(t)
	h.Process(20, 1, "bash", evtest.Values{"env": "HOME=/root X=a]b", "exe": "/bin/BASH", "args": "a b"})
	return h.Feed(schema.EvSyscallOpenat_2_X, 20, evtest.Values{"fd": "3", "dirfd": "AT_FDCWD", "name": "/etc/pass\"wd\xff", "flags": "O_RDONLY", "mode": "0644", "dev": "0xfe00", "ino": "7"})
}

// [7-1], [7-2] widths, [7-4] longest name, [7-5] the star, [7-6] texts, [P20].
func TestAppend(t *testing.T) {
	e := openat(t)
	tests := []struct{ text, want string }{
		{"", ""}, {"*", ""}, {"plain text", "plain text"},
		{"name=%proc.name pid=%proc.pid", "name=bash pid=20"},
		{"%proc.name.", "bash."}, {"%proc.name.foo", "bash.foo"}, {"%proc.namefoo", "bashfoo"}, {"%proc.name[1]", "bash[1]"}, {"%proc.name%proc.pid", "bash20"},
		{"%proc.aname[1]x", "systemdx"}, {"%proc.env[HOME]", "/root"}, {`%proc.env["HOME"]!`, "/root!"}, {"%evt.arg.flags", "O_RDONLY"}, {"%evt.arg[1]", "AT_FDCWD"},
		{"%proc.aname", "systemd"},
		{"[%10proc.name]", "[bash      ]"}, {"[%2proc.name]", "[ba]"}, {"[%0proc.name]", "[bash]"},
		{"*[%6proc.aname[7]]", "[<NA>  ]"}, {"*[%2proc.aname[7]]", "[<N]"},
		{"x %proc.aname[7]", ""}, {"*x %proc.aname[7] y", "x <NA> y"}, {"x*%proc.name", "x*bash"},
		{"%tolower(proc.exe)|%toupper(proc.name)", "/bin/bash|BASH"}, {"%basename(tolower(proc.exe))", "bash"}, {`%concat(proc.name, "-", proc.name)`, "bash-bash"}, {"%len(proc.name)", "4"}, {"[%6toupper(proc.name)]", "[BASH  ]"},
		{"*%b64(fd.name)", "<NA>"}, {`%join(",", (proc.name, proc.exe))`, "bash,/bin/BASH"},
		{"%fd.types", "(file)"}, {"%evt.rawtime.ns", "127456789"}, {"%fd.dev", "FE00"}, {"%evt.rawarg.mode", "0644"}, {"%proc.fdusage", "0.1"}, {"%evt.is_open_read", "true"}, {"%evt.rawarg.flags", "1"},
		{"*%fd.ip %fd.net", "<NA> <NA>"}, {"tolower(x)", "tolower(x)"},
	}
	for _, tt := range tests {
		f, err := format.Parse(tt.text)
		if err != nil {
			t.Errorf("Parse %s: %v", tt.text, err)
			continue
		}
		if got := string(f.Append([]byte("> "), e)); got != "> "+tt.want {
			t.Errorf("Append %s: got %q, want %q", tt.text, got[2:], tt.want)
		}
		if f.String() != tt.text {
			t.Errorf("String: got %q", f)
		}
	}
}

// [7-3] what is no field.
func TestParseRefuses(t *testing.T) {
	tests := []struct {
		text, want string
		unknown    bool
	}{
		{"100%", "the output ends where a field is expected", false},
		{"%10", "the output ends where a field is expected", false},
		{"%%", "invalid formatting token: no field after % (there is no %% for the character itself)", true},
		{"%toloer(proc.name)", "invalid formatting token: no field after % (did you mean tolower?)", true},
		{"%tolower(proc.name", "expected ) after the arguments of tolower, but the output ends here", false},
		{"%tolower(proc.nam) %fd.nme %len(", "unknown field proc.nam (did you mean proc.name?) (and 2 more errors)", false},
		{"% proc.name", "invalid formatting token", true},
		{"%nosuch.field x", "unknown field nosuch.field", true},
		{"%proc", "invalid formatting token", true},
		{"%proc.nam x %fd.nme", "unknown field proc.nam (did you mean proc.name?)", true},
		{"%tolower(proc.pid)", "tolower wants a text", false},
		{"%tolower(proc.nam)", "unknown field proc.nam", true},
		{"%tolower(proc.name", "expected )", false},
		{"%99999999proc.name", "width is more than", false},
	}
	for _, tt := range tests {
		_, err := format.Parse(tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse %s: got %v, want %s", tt.text, err, tt.want)
			continue
		}
		if got := filter.IsUnknownName(err); got != tt.unknown {
			t.Errorf("Parse %s: unknown name %v", tt.text, got)
		}
	}
	_, err := format.Parse("%proc.nam x %fd.nme")
	list := err.(filter.ErrorList)
	if len(list) != 2 || list[1].Start != 12 || list[1].End != 19 {
		t.Errorf("Parse: got %d errors, the second at %v", len(list), list[len(list)-1].Range)
	}
}

// [7-11] the types of JSON values.
func TestAppendJSON(t *testing.T) {
	e := openat(t)
	f, err := format.Parse("%evt.time %proc.name %proc.pid %proc.pid %fd.name %fd.dev %evt.is_open_read %proc.fdusage %fd.types %proc.aname[7] %evt.rawtime.ns %tolower(proc.exe) %evt.rawarg.mode %evt.rawarg.flags %user.loginuid %proc.apid %fd.ip %evt.arg.mode %evt.time.iso8601")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"evt.time=1700000000127456789", `proc.name="bash"`, "proc.pid=20", `fd.name="/etc/pass\"wd` + "\uFFFD" + `"`, `fd.dev="FE00"`, "evt.is_open_read=true", "proc.fdusage=0.09765625",
		`fd.types=["file"]`, "proc.aname[7]=null", "evt.rawtime.ns=127456789", `proc.exe="/bin/BASH"`, `evt.rawarg.mode="0644"`, `evt.rawarg.flags="1"`, "user.loginuid=-1", "proc.apid=20", "fd.ip=null", `evt.arg.mode="0644"`, "evt.time.iso8601=1700000000127456789",
	}
	fields := f.Fields()
	if len(fields) != len(want) {
		t.Fatalf("Fields: got %d, want %d", len(fields), len(want))
	}
	for i := range fields {
		if got := fields[i].Name + "=" + string(fields[i].AppendJSON(nil, e)); got != want[i] {
			t.Errorf("AppendJSON: got %s, want %s", got, want[i])
		}
	}
}

// [7-12] buffers, as -b and buffer_format_base64 have them.
func TestBase64(t *testing.T) {
	h := evtest.New(t)
	h.Process(20, 1, "bash", nil)
	e := h.Feed(schema.EvSyscallWriteX, 20, evtest.Values{"res": "4", "fd": "1", "data": "a\x00\"z", "size": "4"})
	const text = "%evt.arg.data %evt.rawarg.data|%evt.args"
	for _, tt := range []struct {
		base64     bool
		want, json string
	}{
		{false, `a."z a."z|res=4 data=a."z fd=1 size=4`, `"a.\"z"`},
		{true, "YQAieg== YQAieg==|res=4 data=YQAieg== fd=1 size=4", `"YQAieg=="`},
	} {
		e.Base64 = tt.base64
		f, err := format.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(f.Append(nil, e)); got != tt.want {
			t.Errorf("base64 %v: got %s, want %s", tt.base64, got, tt.want)
		}
		for i := range f.Fields()[:2] {
			if got := string(f.Fields()[i].AppendJSON(nil, e)); got != tt.json {
				t.Errorf("base64 %v: %s is %s in JSON, want %s", tt.base64, f.Fields()[i].Name, got, tt.json)
			}
		}
	}
}

// A value as JSON: pitfall 20, a JSON format without fields is null.
func TestFormatAppendJSON(t *testing.T) {
	e := openat(t)
	for text, want := range map[string]string{
		"%proc.pid": "20", "%proc.name": `"bash"`, "%toupper(proc.name)": `"BASH"`, "*%proc.aname[7]": "null", "*%b64(fd.name)": "null",
		"text": "null", "": "null", "%proc.pid %proc.name": "null",
	} {
		f, err := format.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(f.AppendJSON(nil, e)); got != want {
			t.Errorf("AppendJSON %q: got %s, want %s", text, got, want)
		}
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	e := openat(t)
	f, err := format.Parse("*%evt.time %20proc.name %proc.cmdline %tolower(proc.exe) %evt.args %fd.types %proc.aname %fd.sip %evt.arg.name")
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { buf = f.Append(buf[:0], e) }); n != 0 {
		t.Errorf("Append: %v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"*%proc.name %10fd.name", "%tolower(proc.name)x%", "%proc.env[\"a\"] %%", "%5len(fd.types)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out, err := format.Parse(text)
		if err != nil {
			return
		}
		out.Append(nil, openat(t))
	})
}
