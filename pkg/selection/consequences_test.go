// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"slices"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/field"
)

// TestConsequences: each of these exclusions leaves a field empty or old, and the warning names rule, field, call and remedy.
func TestConsequences(t *testing.T) {
	tests := []struct {
		condition string
		custom    []string
		field     string
		missing   string // calls, as the warning lists them
		remedy    string
	}{
		{"evt.type = sendto and fd.sip = 1.2.3.4", []string{"!connect"}, "fd.sip", "connect", "take !connect out of base_syscalls.custom_set"},
		{"evt.type = recvmsg and fd.cport = 80", []string{"!accept", "!accept4"}, "fd.cport", "accept, accept4", "take !accept and !accept4 out"},
		{"evt.type = sendmsg and fd.l4proto = udp", []string{"!socket"}, "fd.l4proto", "socket", "take !socket out"},
		{"evt.type = listen and fd.sport = 22", []string{"!bind"}, "fd.sport", "bind", "take !bind out"},
		{"evt.type = sendto and fd.name contains 80", []string{"!close"}, "fd.name", "close", "take !close out"},
		{"evt.type = fchmod and fd.name = /etc/shadow", []string{"!openat"}, "fd.name", "openat", "take !openat out"},
		{"evt.type = fchown and fd.directory = /etc", []string{"!open", "!creat"}, "fd.directory", "creat, open", "take !creat and !open out"},
		{"evt.type = flock and fd.type = file", []string{"!dup2"}, "fd.type", "dup2", "take !dup2 out"},
		{"evt.type = openat and fd.name startswith /etc", []string{"!chdir"}, "fd.name", "chdir", "take !chdir out"},
		{"evt.type = mkdir and proc.cwd = /etc", []string{"!fchdir"}, "proc.cwd", "fchdir", "take !fchdir out"},
		{"evt.type = openat and proc.name = cat", []string{"!execve"}, "proc.name", "execve", "take !execve out"},
		{"evt.type = openat and proc.cmdline contains x", []string{"!clone"}, "proc.cmdline", "clone", "take !clone out"},
		{"evt.type = execve and proc.pname = sshd", []string{"!vfork"}, "proc.pname", "vfork", "take !vfork out"},
		{"evt.type = execve and proc.aname[3] = sshd", []string{"!clone3"}, "proc.aname", "clone3", "take !clone3 out"},
		{"evt.type = openat and proc.name = cat", []string{"!prctl"}, "proc.name", "prctl", "take !prctl out"},
		{"evt.type = mkdir and user.uid = 0", []string{"!setuid"}, "user.uid", "setuid", "take !setuid out"},
		{"evt.type = mkdir and group.gid = 0", []string{"!setresgid"}, "group.gid", "setresgid", "take !setresgid out"},
		{"evt.type = mkdir and proc.sid = 1", []string{"!setsid"}, "proc.sid", "setsid", "take !setsid out"},
		{"evt.type = mkdir and thread.cap_effective contains CAP_SYS_ADMIN", []string{"!capset"}, "thread.cap_effective", "capset", "take !capset out"},
		{"evt.type = execve and proc.stdin.type = ipv4", []string{"!dup2", "!dup3"}, "proc.stdin.type", "dup2, dup3", "take !dup2 and !dup3 out"},
		// A set of one's own replaces the state set, and what it lacks has to be added.
		{"evt.type = mkdir and thread.cap_effective contains CAP_SYS_ADMIN", []string{"close"}, "thread.cap_effective", "capset", "add capset to base_syscalls.custom_set"},
	}
	for _, tt := range tests {
		p := Compute(Input{Rules: load(t, rule("the rule", tt.condition)), Custom: tt.custom})
		i := slices.IndexFunc(p.Consequences, func(c Consequence) bool { return slices.Contains(c.Fields, tt.field) })
		if i < 0 {
			t.Errorf("%s with %q: no warning", tt.condition, tt.custom)
			continue
		}
		c := p.Consequences[i]
		if c.Rule != "the rule" || strings.Join(c.Syscalls, ", ") != tt.missing || !strings.HasPrefix(c.Remedy, tt.remedy) {
			t.Errorf("%s with %q: %s", tt.condition, tt.custom, c.String())
		}
		if !slices.Contains(p.Warnings(), c.String()) {
			t.Errorf("%s: %q is none of the warnings", tt.condition, c.String())
		}
		if clean := Compute(Input{Rules: load(t, rule("the rule", tt.condition)), All: true}); len(clean.Warnings()) > 0 {
			t.Errorf("%s under the default set: %q", tt.condition, clean.Warnings())
		}
	}
}

// TestNoConsequences: what the event at hand brings is not missed.
func TestNoConsequences(t *testing.T) {
	tests := []struct {
		condition string
		custom    []string
	}{
		{"evt.type = execve and proc.name = cat", []string{"!clone", "!fork"}},
		{"evt.type = connect and fd.sip = 1.2.3.4", []string{"!accept", "!accept4"}},
		{"evt.type = openat and fd.name = /x", []string{"!connect", "!socket", "!dup"}},
		{"evt.type = mkdir and evt.arg.path = /x", []string{"close"}},
	}
	for _, tt := range tests {
		p := Compute(Input{Rules: load(t, rule("r", tt.condition)), Custom: tt.custom})
		if len(p.Consequences) > 0 {
			t.Errorf("%s with %q: %s", tt.condition, tt.custom, p.Consequences[0].String())
		}
	}
}

func TestCorpusHasNoConsequences(t *testing.T) {
	p := Compute(Input{Rules: corpus(t)})
	if len(p.Warnings()) > 0 {
		t.Errorf("warnings under the default set: %q", p.Warnings())
	}
}

func TestRuleWarnings(t *testing.T) {
	tests := []struct {
		condition string
		custom    []string
		want      string
	}{
		{"evt.type = exit_group", nil, `rule "r" (test.yaml:1) names exit_group, which never returns`},
		{"evt.type = mkdir and proc.vpgid = 1", nil, "set base_syscalls.repair, or name setpgid and all"},
		{"evt.type in (read, mkdir)", nil, "cannot match on them: read (r)"},
		{"evt.type = mkdir", []string{"!mkdir"}, "cannot match on them: mkdir (r)"},
		{"evt.type = mkdir", []string{"!nonsense"}, `"nonsense" is no system call or event`},
	}
	for _, tt := range tests {
		w := Compute(Input{Rules: load(t, rule("r", tt.condition)), Custom: tt.custom}).Warnings()
		if len(w) != 1 || !strings.Contains(w[0], tt.want) {
			t.Errorf("%s with %q: warnings %q, want one with %q", tt.condition, tt.custom, w, tt.want)
		}
	}
}

// TestFeedsCoverFields: a field that is in no row would never be warned about, and a row may not name what is no field.
func TestFeedsCoverFields(t *testing.T) {
	var names []string
	for _, f := range field.All() {
		names = append(names, f.Name)
		if !slices.ContainsFunc(feeds(), func(row feed) bool { return row.covers(f.Name) }) {
			t.Errorf("feeds.toml says nothing of %s", f.Name)
		}
	}
	for _, row := range feeds() {
		for _, pattern := range row.fields {
			one := feed{fields: []string{pattern}}
			if !slices.ContainsFunc(names, one.covers) {
				t.Errorf("feeds.toml: %s is no field", pattern)
			}
		}
	}
}

func TestParseFeeds(t *testing.T) {
	tests := []struct{ text, want string }{
		{"[[feed]]\nfields = ['a']\ncalls = ['nonsense']", `row 1: "nonsense" names no call`},
		{"[[feed]]\nfields = ['a']\ncalls = ['uses_fd:nowhere']", `row 1: "uses_fd:nowhere" names no call`},
		{"[[feed]]\nnames = ['a']", "unknown key feed.names"},
		{"[[feed", "toml"},
	}
	for _, tt := range tests {
		if _, err := parseFeeds(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: error %v, want %q", tt.text, err, tt.want)
		}
	}
}
