// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/internal/evtest"
	"github.com/eyas-security/eyas/pkg/schema"
)

// gen writes random conditions that pass the check, most of them.
type gen struct{ r *rand.Rand }

func (g gen) pick(list ...string) string { return list[g.r.IntN(len(list))] }

var (
	genTexts  = []string{"cat", "bash", "sshd", "systemd", "/etc/shadow", "/etc", "shadow", "openat", "a", "", "<NA>", "O_RDONLY", "SUCCESS", "file", "Y2F0", "CAT", "/"}
	genFields = []string{
		"proc.name", "proc.pname", "proc.aname[2]", "proc.exepath", "proc.cmdline", "proc.args", "proc.args[0]", "fd.name", "fd.directory", "fd.filename",
		"evt.arg.name", "evt.arg.flags", "evt.arg.res", "evt.res", "evt.type", "evt.category", "user.name", "proc.env[HOME]", "evt.rawarg.name", "fd.l4proto", "evt.args",
	}
	genAnys  = []string{"proc.aname", "proc.aexe", "proc.acmdline"}
	genNums  = []string{"proc.pid", "proc.ppid", "user.uid", "evt.num", "fd.num", "evt.rawres", "fd.sport", "fd.cport", "fd.port", "evt.rawarg.res", "evt.rawarg.flags", "proc.apid", "evt.cpu", "evt.buflen"}
	genBools = []string{"evt.is_open_read", "evt.is_open_write", "evt.failed", "evt.is_io", "fd.is_server", "thread.ismain"}
	genIPs   = []string{"fd.sip", "fd.cip", "fd.ip", "fd.rip"}
	genNets  = []string{"fd.snet", "fd.net", "fd.cnet"}
)

func (g gen) condition(depth int) string {
	if depth == 0 || g.r.IntN(4) == 0 {
		return g.test()
	}
	n := 2 + g.r.IntN(3)
	kids := make([]string, n)
	for i := range kids {
		kids[i] = g.condition(depth - 1)
	}
	s := "(" + strings.Join(kids, g.pick(" and ", " or ")) + ")"
	return g.pick("", "", "not ") + s
}

func (g gen) test() string {
	switch g.r.IntN(12) {
	case 0:
		return g.pick(genNums...) + g.pick(" = ", " != ", " < ", " <= ", " > ", " >= ") + g.number()
	case 1:
		return g.pick(genNums...) + g.pick(" in ", " intersects ") + g.list(g.number)
	case 2:
		return g.pick(genBools...) + g.pick(" = ", " != ") + g.pick("true", "false")
	case 3:
		return g.pick(genIPs...) + g.pick(" = ", " != ") + g.ip()
	case 4:
		return g.pick(genIPs...) + " in " + g.list(g.ip)
	case 5:
		return g.pick(genNets...) + g.pick(" = ", " != ") + g.pick("10.0.0.0/8", "::1/128", "127.0.0.0/24")
	case 6:
		return "fd.types" + g.pick(" in ", " intersects ") + g.list(func() string { return g.pick("file", "ipv4", "x") })
	case 7:
		return g.operand() + g.pick(" = ", " != ", " startswith ", " contains ", " endswith ", " < ") + g.rhs()
	case 8:
		f := g.pick(append(append(append(genFields, genAnys...), genNums...), genIPs...)...)
		return f + " exists"
	}
	return g.pick(append(genFields, genAnys...)...) + g.textTest()
}

// operand is a text of a field or of a transformer; evt.type is left out, since
// it must not stand in one.
func (g gen) operand() string {
	f := g.pick("proc.name", "proc.pname", "proc.cmdline", "fd.name", "evt.arg.name", "proc.exepath")
	switch g.r.IntN(5) {
	case 0:
		return g.pick("tolower", "toupper", "basename", "b64") + "(" + f + ")"
	case 1:
		return "concat(" + f + `, "x", proc.name)`
	case 2:
		return `join("-", (` + f + ", proc.name))"
	}
	return f
}

func (g gen) rhs() string {
	f := g.pick("proc.name", "proc.pname", "proc.cmdline", "fd.name", "evt.arg.name", "proc.exepath")
	return g.pick("val(", "tolower(", "basename(") + f + ")"
}

func (g gen) textTest() string {
	text := func() string { return Quote(g.pick(genTexts...)) }
	// Constants of evt.type must name events, so the event types among the
	// texts are all that it gets; the check weeds the rest out.
	switch g.r.IntN(6) {
	case 0:
		return g.pick(" in ", " intersects ", " pmatch ") + g.list(text)
	case 1:
		return g.pick(" glob ", " iglob ") + Quote(g.pick("*a*", "c?t", "/etc/*", "*", "", "S*d", "b*h", "*\\*"))
	case 2:
		return " regex " + Quote(g.pick(".*", "c.t", "/etc/.*", "(a|b)+.*", "[a-z]+", "", "^cat$"))
	case 3:
		return g.pick(" = ", " != ", " contains ", " startswith ") + g.pick("oneof ", "anyof ", "allof ") + g.list(text)
	}
	return g.pick(" = ", " != ", " contains ", " icontains ", " startswith ", " endswith ") + text()
}

func (g gen) list(item func() string) string {
	items := make([]string, g.r.IntN(12))
	for i := range items {
		items[i] = item()
	}
	return "(" + strings.Join(items, ", ") + ")"
}

func (g gen) number() string {
	return g.pick("0", "1", "-1", "-2", "3", "10", "20", "30", "80", "443", "1000", "4294967295", "-9223372036854775808")
}

func (g gen) ip() string { return g.pick("10.0.0.1", "10.0.0.2", "127.0.0.1", "::1", "2001:db8::1") }

// stream feeds random events, exec, exit, fork and pids used again among them.
type stream struct {
	h *evtest.Host
	g gen
}

func (s stream) next() schema.EventType {
	tid := int64(10 * (1 + s.g.r.IntN(4)))
	pid := fmt.Sprint(tid)
	feed := func(t schema.EventType, v evtest.Values) schema.EventType {
		s.h.Feed(t, tid, v)
		return t
	}
	name := s.g.pick("/etc/shadow", "../etc/passwd", "x", "/tmp/CAT", "Y2F0")
	switch s.g.r.IntN(10) {
	case 0:
		comm := s.g.pick("cat", "bash", "sshd", "CAT")
		return feed(schema.EvSyscallExecve19X, evtest.Values{"res": "0", "tid": pid, "pid": pid, "ptid": "1", "comm": comm, "exe": comm, "args": "a /etc", "env": "HOME=/etc", "cwd": "/", "uid": s.g.pick("0", "1000"), "gid": "0", "fdlimit": "10", "flags": "0"})
	case 1:
		return feed(schema.EvProcexit1E, evtest.Values{"status": "0", "ret": "0", "sig": "0", "core": "0", "reaper_tid": "1"})
	case 2:
		child := fmt.Sprint(10 * (1 + s.g.r.IntN(4)))
		return feed(schema.EvSyscallClone20X, evtest.Values{"res": child, "tid": pid, "pid": pid, "ptid": "1", "comm": "bash", "exe": "bash", "uid": "0", "gid": "0", "flags": "0", "fdlimit": "10", "vtid": pid, "vpid": pid})
	case 3:
		return feed(schema.EvSocketConnectX, evtest.Values{"res": "0", "fd": "3", "tuple": s.g.pick("10.0.0.1:1000->10.0.0.2:443", "[::1]:80->[2001:db8::1]:443", "<NA>")})
	case 4:
		return feed(schema.EvSocketSocketX, evtest.Values{"fd": "3", "domain": "AF_INET", "type": "1", "proto": "6"})
	case 5:
		return feed(schema.EvSyscallReadX, evtest.Values{"res": s.g.pick("10", "0", "ENOENT"), "fd": "3", "data": "\x00cat\xff", "size": "10"})
	case 6:
		return feed(schema.EvGenericX, evtest.Values{"ID": s.g.pick("getpid", "sync"), "nativeID": "39"})
	case 7:
		return feed(schema.EvSyscallCloseX, evtest.Values{"res": "0", "fd": "3"})
	}
	fd := s.g.pick("3", "4", "ENOENT")
	return feed(schema.EvSyscallOpenat_2_X, evtest.Values{"fd": fd, "dirfd": "AT_FDCWD", "name": name, "flags": s.g.pick("O_RDONLY", "O_WRONLY|O_CREAT", "<NA>"), "mode": "0755", "dev": "1", "ino": "2"})
}

// checkAgree holds programs and reference against each other on one stream. It
// returns how many conditions passed the check.
func checkAgree(t *testing.T, seed uint64, conditions []string, events int) int {
	t.Helper()
	type rule struct {
		text string
		node Node
		ck   *Checked
		set  schema.EventSet
	}
	var rules []rule
	for _, text := range conditions {
		n, err := Parse(text, ParseOptions{MaxDepth: RuleDepth})
		if err != nil {
			continue
		}
		if ck, _, err := Check(n); err == nil {
			set, _, _ := Codes(n)
			rules = append(rules, rule{text, n, ck, set})
		}
	}
	c := NewCompiler()
	programs := map[schema.EventType][]*Program{}
	s := stream{evtest.New(t), gen{rand.New(rand.NewPCG(seed, 1))}}
	for range events {
		typ := s.next()
		if programs[typ] == nil {
			for _, r := range rules {
				programs[typ] = append(programs[typ], c.Compile(r.ck, typ))
			}
		}
		e := s.h.Event()
		c.Begin()
		for i, r := range rules {
			got, want := programs[typ][i].Eval(e), refEval(r.node, e)
			if got != want {
				t.Fatalf("seed %d, event %d %s: %s\ngot %v, want %v", seed, e.Num, typ.Info().Code, r.text, got, want)
			}
			// What Codes leaves out must not match.
			if want && !r.set.Has(typ) && !typ.Info().IsGeneric() {
				t.Fatalf("%s holds for %s, which Codes leaves out", r.text, typ.Info().Code)
			}
		}
		s.h.Done()
	}
	return len(rules)
}

func TestProgramsAgreeWithReference(t *testing.T) {
	total := 0
	for seed := range uint64(20) {
		g := gen{rand.New(rand.NewPCG(seed, 2))}
		conditions := make([]string, 40)
		for i := range conditions {
			conditions[i] = g.condition(g.r.IntN(4))
		}
		total += checkAgree(t, seed, conditions, 60)
	}
	if total < 400 {
		t.Errorf("only %d of 800 conditions passed the check", total)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add("proc.name = cat or fd.types in (file)", uint64(1))
	f.Add("evt.type in (open, openat) and not evt.arg.flags contains O_RDONLY", uint64(2))
	f.Add(`len(fd.types) > 1 and concat(proc.name, "x") = tolower(proc.cmdline)`, uint64(3))
	f.Add("fd.net != 10.0.0.0/8 and fd.port in (80, https)", uint64(4))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		n, err := Parse(text, ParseOptions{})
		if err != nil {
			return
		}
		if _, _, err := Check(n); err != nil {
			return
		}
		if _, _, err := Codes(n); err != nil {
			t.Fatalf("Check passes, Codes does not: %v", err)
		}
		g := gen{rand.New(rand.NewPCG(seed, 3))}
		conditions := []string{text}
		if refKnows(n) {
			checkAgree(t, seed, append(conditions, g.condition(2), "not ("+text+")"), 10)
		}
	})
}

// refKnows leaves out what the reference does otherwise on purpose: bracket
// expressions, getopt, numbers that do not fit, and names of services.
func refKnows(n Node) bool {
	s := n.String()
	return !strings.Contains(s, "[") && !strings.Contains(s, "getopt") && !strings.Contains(s, "port") && !strings.Contains(s, "proto") && len(s) < 400 && !strings.ContainsAny(s, "\\")
}
