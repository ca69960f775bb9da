// SPDX-License-Identifier: Apache-2.0

package field_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/field"
	"github.com/eyas-security/eyas/pkg/internal/evtest"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

func TestLookup(t *testing.T) {
	tests := []struct{ text, want string }{
		{"proc.name", "proc.name"},
		{"proc.aname[2]", "proc.aname"},
		{"proc.env[HOME]", "proc.env"},
		{"evt.arg.flags", "evt.arg"},
		{"evt.arg[0]", "evt.arg"},
		{"evt.arg[-1]", "evt.arg"},
		{"evt.rawarg.res", "evt.rawarg"},
		{"evt.type.is.openat", "evt.type.is"},
		{"evt.type.is.307", "evt.type.is"},
		{"evt.time.iso8601", "evt.time.iso8601"}, // the longest name counts
		{"thread.cgroup.memory", "thread.cgroup"},
		{"thread.cgroups", "thread.cgroups"},
		{"proc.exe_ino.ctime", "proc.exe_ino.ctime"},
		{"fd.types[1]", "fd.types"},

		{"proc.nam", "unknown field proc.nam (did you mean proc.name?)"},
		{"proc.name.x", "unknown field proc.name.x"},
		{"proc.namex", "unknown field proc.namex"},
		{"proc.name[1]", "takes no argument"},
		{"proc.aname[x]", "no level of ancestors"},
		{"proc.aname[-1]", "no level of ancestors"},
		{"evt.arg", "field evt.arg needs an argument: evt.arg.<name> or evt.arg[<number>]"},
		{"evt.arg.flagz", "no event has a parameter flagz (did you mean evt.arg.flags?)"},
		{"evt.arg[x]", "is no number"},
		{"evt.rawarg[0]", "takes no argument"},
		{"evt.type.is.nosuch", "there is no event nosuch"},
		{"nothing", "unknown field nothing"},
		{"", "unknown field"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			r, err := field.Lookup(tt.text)
			if err != nil {
				if !strings.Contains(err.Error(), tt.want) {
					t.Errorf("Lookup: got %v, want %s", err, tt.want)
				}
				return
			}
			if r.Name != tt.want || r.Text != tt.text {
				t.Errorf("Lookup: got %s (%s), want %s", r.Name, r.Text, tt.want)
			}
		})
	}
}

func TestUnknownError(t *testing.T) {
	_, err := field.Lookup("proc.nam")
	var unknown *field.UnknownError
	if !errors.As(err, &unknown) || unknown.Suggestion != "proc.name" {
		t.Errorf("Lookup: got %#v", err)
	}
}

// Every row of the registry must be complete and ready for use.
func TestRegistry(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range field.All() {
		if seen[f.Name] || f.Desc == "" || f.Class == "" || f.Deps == 0 || f.Type == schema.PTNone {
			t.Errorf("field %s is not complete", f.Name)
		}
		seen[f.Name] = true
		if f.Arg&field.ArgRequired != 0 {
			continue
		}
		r, err := field.Lookup(f.Name)
		if err != nil || r.Extract == nil || r.Print == nil {
			t.Errorf("Lookup %s: %v", f.Name, err)
		}
	}
}

// Looking a name up does not go by classes, so none may stand in the way of
// another.
func TestClassesAreApart(t *testing.T) {
	for _, f := range field.All() {
		for _, g := range field.All() {
			if f.Class != g.Class && strings.HasPrefix(g.Name, f.Name) {
				t.Errorf("%s of class %s begins %s of class %s", f.Name, f.Class, g.Name, g.Class)
			}
		}
	}
}

// text is the value of a field, for comparing; ‑ stands for no value.
func text(t *testing.T, e *state.Event, name string) string {
	t.Helper()
	r, err := field.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	var v field.Value
	if !r.Print(e, &v) {
		return "-"
	}
	return string(r.AppendValue(nil, &v))
}

func host(t *testing.T) *evtest.Host {
	h := evtest.New(t)
	h.Process(10, 1, "sshd", evtest.Values{"args": "-D -R", "env": "LANG=C SSH=1"})
	h.Process(20, 10, "bash", evtest.Values{"args": "-c 'cat /etc/shadow'", "env": "HOME=/root SHLVL=1", "uid": "1000", "loginuid": "1000", "exe": "-bash", "tty": "34817"})
	h.Process(30, 20, "cat", evtest.Values{"args": "/etc/shadow '' x", "cap_effective": "0x21", "cap_permitted": "0", "cap_inheritable": "0"})
	return h
}

func TestProcessFields(t *testing.T) {
	h := host(t)
	e := h.Feed(schema.EvSyscallOpenat_2_X, 30, evtest.Values{"fd": "3", "dirfd": "AT_FDCWD", "name": "../etc/shadow", "flags": "O_RDONLY|O_CLOEXEC", "mode": "0", "dev": "0xfe00", "ino": "77"})
	tests := []struct{ name, want string }{
		{"proc.name", "cat"}, {"proc.exe", "cat"}, {"proc.exepath", "/usr/bin/cat"},
		{"proc.pname", "bash"}, {"proc.pexe", "-bash"}, {"proc.pexepath", "/usr/bin/bash"},
		{"proc.args", "/etc/shadow  x"}, {"proc.args[0]", "/etc/shadow"}, {"proc.args[1]", ""}, {"proc.args[9]", ""},
		{"proc.cmdline", "cat /etc/shadow  x"}, {"proc.pcmdline", "bash -c cat /etc/shadow"},
		{"proc.exeline", "cat /etc/shadow  x"}, {"proc.cmdnargs", "3"}, {"proc.cmdlenargs", "12"},
		{"proc.aname", "bash sshd systemd"}, {"proc.aname[0]", "cat"}, {"proc.aname[2]", "sshd"}, {"proc.aname[3]", "systemd"}, {"proc.aname[4]", "-"},
		{"proc.aexe", "-bash sshd /sbin/init"}, {"proc.aexepath[3]", "/usr/lib/systemd/systemd"},
		{"proc.acmdline[1]", "bash -c cat /etc/shadow"}, {"proc.aargs[2]", "-D -R"}, {"proc.aargs", "-c cat /etc/shadow -D -R "},
		{"proc.apid", "30"}, {"proc.apid[1]", "20"}, {"proc.apid[7]", "-"},
		{"proc.env", ""}, {"proc.env[HOME]", ""}, {"proc.aenv[HOME]", "/root"}, {"proc.aenv[SSH]", "1"}, {"proc.aenv[2]", "LANG=C SSH=1"},
		{"proc.pid", "30"}, {"proc.ppid", "20"}, {"proc.vpid", "30"}, {"proc.pvpid", "20"}, {"thread.tid", "30"}, {"thread.ismain", "true"},
		{"proc.cwd", "/root/"}, {"proc.tty", "0"}, {"proc.loginshellid", "20"},
		{"user.uid", "0"}, {"user.name", "root"}, {"user.loginuid", "-1"}, {"user.loginname", "<NA>"},
		{"group.gid", "0"}, {"group.name", "root"},
		{"thread.cap_effective", "CAP_CHOWN CAP_KILL"}, {"thread.cap_permitted", ""},
		{"proc.is_exe_from_memfd", "false"}, {"container.id", "host"},
		{"proc.fdopencount", "1"}, {"proc.fdlimit", "1024"}, {"proc.fdusage", "0.1"}, {"fd.types", "(file)"}, {"fd.types[3]", "(file)"}, {"fd.types[4]", "-"},
	}
	for _, tt := range tests {
		if got := text(t, e, tt.name); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestEventFields(t *testing.T) {
	h := host(t)
	e := h.Feed(schema.EvSyscallOpenat_2_X, 30, evtest.Values{"fd": "3", "dirfd": "AT_FDCWD", "name": "../etc/shadow", "flags": "O_RDWR|O_CREAT|O_F_CREATED", "mode": "0755", "dev": "0xfe00", "ino": "77"})
	tests := []struct{ name, want string }{
		{"evt.num", "9"}, {"evt.type", "openat"}, {"syscall.type", "openat"}, {"evt.dir", "<"}, {"evt.category", "file"}, {"evt.source", "syscall"},
		{"evt.rawtime", "1700000000131456789"}, {"evt.rawtime.s", "1700000000"}, {"evt.rawtime.ns", "131456789"}, {"evt.time.iso8601", "2023-11-14T22:13:20.131456789+0000"},
		{"evt.reltime", "008000000"}, {"evt.reltime.s", "0"}, {"evt.reltime.ns", "008000000"},
		{"evt.args", "fd=3(<f>/etc/shadow) dirfd=-100(AT_FDCWD) name=../etc/shadow(/etc/shadow) flags=16391(O_CREAT|O_RDWR|O_F_CREATED) mode=0755 dev=FE00 ino=77"},
		{"evt.arg.fd", "<f>/etc/shadow"}, {"evt.arg[1]", "AT_FDCWD"}, {"evt.arg.name", "/etc/shadow"}, {"evt.arg.mode", "0755"}, {"evt.arg[99]", "-"}, {"evt.arg[-1]", "-"}, {"evt.arg.res", "-"},
		{"evt.rawarg.name", "../etc/shadow"}, {"evt.rawarg.fd", "3"}, {"evt.rawarg.flags", "4007"}, {"evt.rawarg.addr", "-"},
		{"evt.res", "SUCCESS"}, {"evt.rawres", "3"}, {"evt.failed", "false"}, {"evt.count", "1"}, {"evt.count.error", "0"}, {"evt.count.error.file", "0"}, {"evt.count.error.net", "-"}, {"evt.count.exit", "1"},
		{"evt.is_open_read", "true"}, {"evt.is_open_write", "true"}, {"evt.is_open_exec", "true"}, {"evt.is_open_create", "true"},
		{"evt.is_io", "false"}, {"evt.io_dir", "-"}, {"evt.is_wait", "false"}, {"evt.buffer", "-"}, {"evt.buflen", "-"},
		{"evt.type.is.openat", "0"}, {"evt.type.is.open", "0"}, {"evt.latency", "-"}, {"evt.pluginname", "-"}, {"evt.is_async", "false"},
		{"fd.num", "3"}, {"fd.type", "file"}, {"fd.typechar", "f"}, {"fd.name", "/etc/shadow"}, {"fd.nameraw", "../etc/shadow"}, {"fd.directory", "/etc"}, {"fd.filename", "shadow"},
		{"fd.l4proto", "<NA>"}, {"fd.sip", "-"}, {"fd.sport", "-"}, {"fd.ip", "-"}, {"fd.is_server", "false"}, {"fd.uid", "303"}, {"fd.dev", "FE00"}, {"fd.ino", "77"}, {"fd.name_changed", "true"},
	}
	for _, tt := range tests {
		if got := text(t, e, tt.name); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// The answers that a type gives by itself must be those of its events.
func TestDecisionsAgree(t *testing.T) {
	var refs []field.Ref
	for _, f := range field.All() {
		if f.Arg&field.ArgRequired != 0 {
			continue
		}
		r, err := field.Lookup(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, r)
	}
	for i := range schema.Events {
		info := &schema.Events[i]
		if info.Flags&(schema.EFOldVersion|schema.EFUnused) != 0 {
			continue
		}
		e := host(t).Feed(info.Type, 30, plausible(info))
		for i := range refs {
			checkDecision(t, e, &refs[i])
		}
	}
}

// plausible gives every descriptor and result of an event a value.
func plausible(info *schema.Event) evtest.Values {
	v := evtest.Values{}
	for _, p := range info.Params {
		switch p.Type {
		case schema.PTFD:
			v[p.Name] = "3"
		case schema.PTErrno:
			v[p.Name] = "0"
		}
	}
	return v
}

func checkDecision(t *testing.T, e *state.Event, r *field.Ref) {
	t.Helper()
	var v, own field.Value
	d, ok := r.At(e.Type), r.Extract(e, &v)
	if d.Known && (d.Present != ok || ok && (d.Value.U != v.U || d.Value.S != v.S)) {
		t.Errorf("%s of %s: type says %v %v, event %v %v", r.Name, e.Info().Code, d.Present, d.Value, ok, v)
	}
	if d.Own && (d.Extract(e, &own) != ok || own.U != v.U) {
		t.Errorf("%s of %s: own extractor disagrees", r.Name, e.Info().Code)
	}
}

func TestNoAllocation(t *testing.T) {
	h := host(t)
	e := h.Feed(schema.EvSyscallOpenat_2_X, 30, evtest.Values{"fd": "3", "dirfd": "AT_FDCWD", "name": "../etc/shadow", "flags": "O_RDONLY", "mode": "0", "dev": "0xfe00", "ino": "77"})
	for _, f := range field.All() {
		if f.Arg&field.ArgRequired != 0 {
			continue
		}
		r, err := field.Lookup(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		var v field.Value
		if n := testing.AllocsPerRun(20, func() { r.Extract(e, &v); r.Print(e, &v) }); n != 0 {
			t.Errorf("%s: %v allocations", f.Name, n)
		}
	}
}
