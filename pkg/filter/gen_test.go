// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"math/rand/v2"
	"strings"
)

// gen writes random conditions that pass the check, most of them.
type gen struct {
	r    *rand.Rand
	pool []string // tests to use again, so that conditions share nodes
}

func newGen(seed, stream uint64) gen {
	g := gen{r: rand.New(rand.NewPCG(seed, stream))}
	for range 30 {
		g.pool = append(g.pool, g.newTest())
	}
	return g
}

func (g gen) pick(list ...string) string { return list[g.r.IntN(len(list))] }

var (
	genTexts  = []string{"cat", "bash", "sshd", "systemd", "/etc/shadow", "/etc", "shadow", "openat", "a", "", "<NA>", "O_RDONLY", "SUCCESS", "file", "Y2F0", "CAT", "/"}
	genFields = []string{
		"proc.name", "proc.name", "proc.pname", "proc.aname[2]", "proc.pcmdline", "proc.exe", "user.loginname", "group.name", "thread.cap_effective", "proc.exepath", "proc.cmdline", "proc.args", "proc.args[0]", "fd.name", "fd.directory", "fd.filename",
		"evt.arg.name", "evt.arg.flags", "evt.arg.res", "evt.res", "evt.type", "evt.category", "user.name", "proc.env[HOME]", "evt.rawarg.name", "fd.l4proto", "evt.args",
	}
	genAnys  = []string{"proc.aname", "proc.aexe", "proc.acmdline"}
	genNums  = []string{"proc.pid", "proc.ppid", "user.uid", "evt.num", "fd.num", "evt.rawres", "fd.sport", "fd.cport", "fd.port", "evt.rawarg.res", "evt.rawarg.flags", "proc.apid", "proc.apid[2]", "group.gid", "proc.cmdnargs", "proc.loginshellid", "proc.sid", "proc.nthreads", "evt.cpu", "evt.buflen"}
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

// test is often one that another condition has too.
func (g gen) test() string {
	if g.r.IntN(2) == 0 {
		return g.pick(g.pool...)
	}
	return g.newTest()
}

// conditions writes n of them.
func (g gen) conditions(n, depth int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = g.condition(g.r.IntN(depth + 1))
	}
	return out
}

func (g gen) newTest() string {
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
