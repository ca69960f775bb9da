// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"strconv"
	"testing"

	"github.com/eyas-security/eyas/pkg/internal/evtest"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

func compileFor(t testing.TB, c *Compiler, text string, typ schema.EventType) *Program {
	t.Helper()
	n, err := Parse(text, ParseOptions{})
	if err != nil {
		t.Fatalf("Parse %s: %v", text, err)
	}
	ck, _, err := Check(n)
	if err != nil {
		t.Fatalf("Check %s: %v", text, err)
	}
	return c.Compile(ck, typ)
}

// family is systemd(1) → sshd(10) → bash(20) → cat(30).
func family(t testing.TB) *evtest.Host {
	h := evtest.New(t)
	h.Process(10, 1, "sshd", evtest.Values{"args": "-D -R"})
	h.Process(20, 10, "bash", evtest.Values{"args": "-c 'cat /etc/shadow'", "env": "HOME=/root", "uid": "1000", "exe": "-bash"})
	h.Process(30, 20, "cat", evtest.Values{"args": "-n /etc/shadow", "exe": "/bin/CAT"})
	return h
}

type evalTest struct {
	text string
	want bool
}

func runEval(t *testing.T, e *state.Event, tests []evalTest) {
	t.Helper()
	for _, tt := range tests {
		p := compileFor(t, NewCompiler(), tt.text, e.Type)
		if got := p.Match(e); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.text, got, tt.want)
		}
	}
}

// Operators, modifiers and transformers on an openat event; see langTests too.
func TestEvalOpenat(t *testing.T) {
	h := family(t)
	e := h.Feed(schema.EvSyscallOpenat_2_X, 30, evtest.Values{"fd": "3", "dirfd": "AT_FDCWD", "name": "/etc/Shadow\xff.d", "flags": "O_RDONLY|O_CLOEXEC", "mode": "0", "dev": "0xfe00"})
	runEval(t, e, []evalTest{
		{"evt.type = openat", true}, {"evt.type != openat", false}, {"evt.type in (open, openat)", true}, {"evt.type = execve", false},
		{"evt.dir = <", true}, {"evt.dir = >", false}, // [P1]
		{"evt.category = file and syscall.type = openat", true},
		{"fd.sip = 1.2.3.4", false}, {"fd.sip != 1.2.3.4", false}, {"not fd.sip != 1.2.3.4", true}, {"fd.sip exists", false}, {"fd.name exists", true},
		{"proc.pid = 30", true}, {"proc.pid > 29", true}, {"proc.pid < 30", false}, {"proc.pid <= 30", true}, {"proc.pid >= 31", false}, {"proc.pid in (1, 30)", true},
		{"user.loginuid = -1", true}, {"user.loginuid < 0", true}, {"evt.rawres >= 0", true}, {"evt.rawarg.flags = 4097", true},
		{"evt.rawarg.ino exists", false}, {"evt.rawarg.ino = 0", false}, {"evt.rawarg.ino != 0", false}, {"evt.arg.ino = <NA>", true}, // [P3]
		{"proc.pid in (1,2,3,4,5,6,7,8,9,10,11,30)", true},
		{"evt.is_open_read = true", true}, {"evt.is_open_write = true", false}, {"evt.failed != true", true}, {"evt.failed in (false)", true},
		{"proc.name = cat", true}, {"proc.name = CAT", false}, {"proc.name > 5", true}, {"proc.name < tolower(proc.pname)", false},
		{"proc.exe icontains cat", true}, {"proc.exe contains cat", false}, {"proc.exe startswith /bin", true}, {"proc.exe endswith CAT", true},
		{"proc.name in (bash, cat)", true}, {"proc.name intersects (bash, cat)", true}, {"proc.name in ()", false}, {"not proc.name in ()", true},
		// Globs on bytes: [P6].
		{"proc.exe glob /*T", true}, {"proc.exe glob /*t", false}, {"proc.exe iglob /*t", true}, {"proc.name glob c[a-c]t", true}, {"proc.name glob c[!a]t", false},
		{`evt.rawarg.name glob "/etc/Shadow?.d"`, true}, {`evt.rawarg.name glob "*\xff*"`, true}, {`evt.rawarg.name glob "*[[:upper:]]hadow*"`, true}, {"proc.name glob ca", false}, {"proc.name glob [cat", false},
		// Patterns: [P5], [P6].
		{"proc.name regex c.t", true}, {"proc.name regex ca", false}, {"proc.name regex at", false}, {"proc.name regex \"(c|ca)(t|at)?\"", true}, {`evt.rawarg.name regex "/etc/Shadow.[.]d"`, true},
		// Paths: [P7].
		{"fd.name pmatch (/etc)", true}, {"fd.name pmatch (/et)", false}, {"fd.name pmatch (etc/)", true}, {"fd.name pmatch (/etc/S*)", true}, {"fd.name pmatch (/*/x)", false}, {"fd.name pmatch (/usr, /e?c)", true}, {"fd.name pmatch ()", false},
		// Modifiers: [P2].
		{"proc.name = oneof (cat, bash)", true}, {"proc.name = oneof (cat, cat)", false}, {"proc.name = oneof (a, b)", false},
		{"proc.name = anyof (cat, bash)", true}, {"proc.name != anyof (cat, bash)", true}, {"proc.name != anyof (cat)", false}, {"proc.name != allof (a, b)", true}, {"proc.name != allof (a, cat)", false},
		{"proc.name = allof (cat, cat)", true}, {"proc.name contains allof (c, a)", true}, {"proc.name contains allof (c, x)", false}, {"proc.name startswith oneof (c, ca)", false},
		{"proc.name = anyof ()", false}, {"proc.name != allof ()", false}, {"proc.name = allof ()", false}, {"proc.name != oneof ()", false}, {"proc.pid = anyof (1, 30)", true},
		// Right-hand operands.
		{"proc.name = val(proc.pname)", false},
		{"proc.name = tolower(proc.name)", true}, {"tolower(basename(proc.exe)) = val(proc.name)", true}, {"proc.cmdline startswith val(proc.name)", true}, {"proc.name in val(proc.name)", true},
		{"fd.filename = val(fd.sockfamily)", false}, {"proc.pid > val(proc.ppid)", true}, {"fd.sip = val(fd.cip)", false}, {"fd.sip != val(fd.cip)", false},
		// Several values.
		{"proc.aname = bash", true}, {"proc.aname = cat", false}, {"proc.aname in (x, systemd)", true}, {"proc.aname != bash", true}, {"proc.aname[0] = cat and proc.aname[3] = systemd", true}, {"proc.aname[4] exists", false}, {"proc.aname startswith ss", true},
		{"proc.apid = 10", true}, {"proc.apid = 30", false}, {"proc.apid[1] = 20", true}, {"proc.aexe = -bash", true}, {`proc.acmdline contains "-c cat"`, true},
		// Lists.
		{"fd.types in (file)", true}, {"fd.types in (pipe)", false}, {"fd.types in (pipe, file)", true}, {"fd.types intersects (pipe, file)", true}, {"fd.types exists", true},
		// Transformers.
		{"toupper(proc.name) = CAT", true}, {"basename(fd.name) startswith Shadow", true}, {"len(proc.name) = 3", true}, {"len(fd.types) = 1", true}, {"len(proc.name) > len(proc.pname)", false},
		{`concat(proc.name, "-", proc.pname) = cat-bash`, true}, {"concat(proc.name, fd.sockfamily) exists", false}, {`join("+", (proc.name, proc.pname)) = cat+bash`, true}, {`join(",", fd.types) = file`, true},
		{"toupper(fd.types) in (FILE)", true}, {"b64(proc.name) exists", true}, {"b64(fd.name) exists", false},
		{"evt.num = 0", false}, {"not evt.num = 0", true}, {"evt.count = 1", true},
	})
}

// [P4] a text without value is the text <NA>.
func TestEvalEmptyText(t *testing.T) {
	e := family(t).Feed(schema.EvSyscallOpenat_2_X, 30, evtest.Values{"fd": "ENOENT", "dirfd": "AT_FDCWD"})
	runEval(t, e, []evalTest{
		{"evt.rawarg.name contains ''", true}, {"evt.rawarg.name startswith ''", true}, {"evt.rawarg.name pmatch ('')", true},
		{"evt.rawarg.name glob ''", false}, {"evt.rawarg.name regex ''", false}, {"evt.rawarg.name in ('')", false},
		{"evt.rawarg.name = <NA>", true}, {"evt.arg.name = <NA>", true}, {"evt.res = ENOENT", true}, {"evt.failed = true", true},
		{"fd.num = -1", true}, {"fd.type exists", false}, {"fd.typechar = f", true},
	})
}

// [P3], [P6], [P11].
func TestEvalNetAndBuffers(t *testing.T) {
	h := family(t)
	h.Feed(schema.EvSocketSocketX, 30, evtest.Values{"fd": "5", "domain": "AF_INET", "type": "1", "proto": "6", "flags": "0"})
	h.Done()
	e := h.Feed(schema.EvSocketConnectX, 30, evtest.Values{"res": "0", "fd": "5", "tuple": "10.0.0.1:1000->192.168.1.2:443"})
	runEval(t, e, []evalTest{
		{"fd.sip = 192.168.1.2 and fd.cip = 10.0.0.1", true}, {"fd.sport = https and fd.cport = 1000", true}, {"fd.lip = 192.168.1.2 and fd.rip = 10.0.0.1", true},
		{"fd.ip = 10.0.0.1", true}, {"fd.ip != 10.0.0.1", false}, {"fd.ip != 1.1.1.1", true}, {"fd.ip in (1.1.1.1, 192.168.1.2)", true},
		{"fd.ip = ::1", false}, {"fd.ip != ::1", true}, {"fd.sip = ::1", false}, {"fd.sip != ::1", true},
		{"fd.net = 10.0.0.0/8", true}, {"fd.net != 10.0.0.0/8", false}, {"fd.snet = 192.168.0.0/16", true}, {"fd.snet in (10.0.0.0/8, 192.168.0.0/16)", true}, {"fd.cnet = 192.168.0.0/16", false}, {"fd.snet = ::/0", false},
		{"fd.port = 443", true}, {"fd.port != 443", false}, {"fd.port > 999", true}, {"fd.port in (80, ssh)", false},
		{"fd.l4proto = tcp and fd.type = ipv4 and fd.sockfamily = ip", true}, {"fd.is_server = false", true}, {"evt.arg.addr = <NA>", true},
	})
	h.Done()
	e = h.Feed(schema.EvSyscallReadX, 30, evtest.Values{"res": "4", "fd": "5", "data": "\xca\xfe\x00z", "size": "4"})
	runEval(t, e, []evalTest{
		{"evt.buffer bstartswith cafe", true}, {"evt.buffer bcontains fe00", true}, {"evt.buffer bcontains 00fe", false}, {`evt.buffer contains "\x00z"`, true}, {`evt.buffer = "\xca\xfe\x00z"`, true}, {"len(evt.buffer) = 4", true},
		{"evt.io_dir = read and evt.is_io_read = true and evt.category = net and evt.buflen = 4", true},
	})
	h.Done()
	e = h.Feed(schema.EvSyscallReadX, 30, evtest.Values{"res": "0", "fd": "5", "size": "4"})
	runEval(t, e, []evalTest{{"evt.arg.data = NULL", true}, {"evt.buffer exists", false}})
}

// [P13] on words that only a list of descriptors' types can give now.
func TestGetopt(t *testing.T) {
	e := family(t).Feed(schema.EvSyscallOpenat_2_X, 30, evtest.Values{"fd": "3", "dirfd": "AT_FDCWD", "name": "/x", "flags": "O_RDONLY"})
	runEval(t, e, []evalTest{
		{`getopt(("-a", "-bfile", "-nt", "x", "-z"), "ab:nt")[b] = file`, true},
		{`getopt(("-a", "-bfile", "-nt", "x", "-z"), "ab:nt") in (a, b, file, n, t)`, true},
		{`getopt(("-a", "-b"), "ab:")[b] = ""`, true},
		{`getopt(("-q"), "ab:") in ("?")`, true},
		{`getopt(("-a"), "ab:")[a] = a`, true},
		{`getopt(("-a"), "ab:")[b] exists`, false},
		{`getopt(("-b", "1", "-b", "2"), "b:")[b] = 2`, true},
		{`getopt(("x", "-a"), "a") intersects (a)`, false},
		{`getopt(("--long", "-a"), "a") intersects (a)`, true},
		{`getopt(("--", "-a"), "a") intersects (a)`, false},
		{`getopt(("-", "-a"), "a") intersects (a)`, false},
		{`len(getopt(("-ab", "v"), "ab:")) = 3`, true},
		{`getopt((proc.name, "-a"), "a") intersects (a)`, false},
	})
}

func TestFolding(t *testing.T) {
	tests := []struct {
		text  string
		typ   schema.EventType
		never bool
	}{
		{"evt.type = execve and proc.name = cat", schema.EvSyscallOpenat_2_X, true},
		{"evt.type = openat and proc.name = cat", schema.EvSyscallOpenat_2_X, false},
		{"evt.type in (open, creat) or evt.is_io = true", schema.EvSyscallOpenat_2_X, true},
		{"not evt.type = openat", schema.EvSyscallOpenat_2_X, true},
		{"evt.is_open_write = true", schema.EvSyscallExecve19X, true},
		{"evt.arg.flags contains O_RDWR", schema.EvSyscallCloseX, true},
		{"fd.name startswith /etc", schema.EvSyscallExecve19X, true},
		{"evt.res exists", schema.EvGenericX, true},
		{"evt.type = sync", schema.EvGenericX, false},
	}
	for _, tt := range tests {
		if got := compileFor(t, NewCompiler(), tt.text, tt.typ).Never(); got != tt.never {
			t.Errorf("%s for %s: never %v, want %v", tt.text, tt.typ, got, tt.never)
		}
	}
}

// A shared node is evaluated once per event, whichever rules use it.
func TestSharedNodes(t *testing.T) {
	h := family(t)
	e := h.Feed(schema.EvSyscallOpenat_2_X, 30, evtest.Values{"fd": "3", "dirfd": "AT_FDCWD", "name": "/x", "flags": "O_RDONLY"})
	c := NewCompiler()
	a := compileFor(t, c, "proc.name = cat and (fd.name = /x or fd.name = /y) and proc.pid = 30", e.Type)
	before := c.Stats()
	b := compileFor(t, c, "(fd.name = /y or fd.name = /x) and proc.name = cat and proc.pid = 30", e.Type)
	if a.root != b.root {
		t.Error("equal conditions are two nodes")
	}
	if after := c.Stats(); after.Nodes != before.Nodes || after.Sources != before.Sources {
		t.Errorf("Stats: %+v, then %+v", before, after)
	}
	runs := 0
	run := a.root.run
	a.root.run = func(e *state.Event) bool { runs++; return run(e) }
	c.Begin()
	if !a.Eval(e) || !b.Eval(e) || runs != 1 {
		t.Errorf("Eval: %d runs, want 1", runs)
	}
	c.Begin()
	if !b.Eval(e) || runs != 2 {
		t.Errorf("Eval: %d runs after Begin, want 2", runs)
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	h := family(t)
	e := h.Feed(schema.EvSyscallOpenat_2_X, 30, evtest.Values{"fd": "3", "dirfd": "AT_FDCWD", "name": "../x", "flags": "O_RDONLY"})
	for _, text := range []string{
		"evt.type in (open, openat) and evt.is_open_write = true and fd.name startswith /etc",
		"proc.name in (a, b, c, d) or proc.aname in (a, b) or proc.cmdline contains zzz or evt.arg.name = /nope",
		`proc.name regex "[a-b]+" or fd.name glob "*q" or fd.name pmatch (/usr, /opt/*) or proc.exe icontains ZZ`,
		`tolower(proc.exe) = x or concat(proc.name, "x") = y or len(fd.types) = 7 or join("-", (proc.name, proc.pname)) = z or b64(proc.name) = q`,
		"fd.ip = 1.2.3.4 or fd.net = 10.0.0.0/8 or fd.port = 5 or evt.args contains zzz or evt.time = x or thread.cap_effective contains zz",
		"proc.name = oneof (a, b) or proc.name != anyof (cat) or proc.pname = val(proc.name) or proc.env[X] = 5 or proc.aenv[X] = 5",
	} {
		p := compileFor(t, NewCompiler(), text, e.Type)
		if p.Match(e) {
			t.Errorf("%s matches", text)
		}
		if n := testing.AllocsPerRun(100, func() { p.Match(e) }); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	h := family(b)
	e := h.Feed(schema.EvSyscallOpenat_2_X, 30, evtest.Values{"fd": "3", "dirfd": "AT_FDCWD", "name": "/var/x", "flags": "O_RDONLY"})
	const text = "evt.type in (open, openat) and evt.is_open_read = true and fd.name startswith /etc and not proc.name in (a, b, c) and proc.aname in (x, y)"
	n, err := Parse(text, ParseOptions{})
	if err != nil {
		b.Fatal(err)
	}
	p := compileFor(b, NewCompiler(), text, e.Type)
	b.Run("program", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.Match(e)
		}
	})
	b.Run("reference", func(b *testing.B) {
		for b.Loop() {
			refEval(n, e)
		}
	})
}

// evt.around compares a distance: = holds within so many milliseconds.
func TestEvalAround(t *testing.T) {
	h := family(t)
	e := h.Feed(schema.EvSyscallGetcwdX, 30, evtest.Values{"res": "0", "path": "/"})
	at := func(ms int64) string { return strconv.FormatInt(int64(e.TS)+ms*1_000_000, 10) }
	runEval(t, e, []evalTest{
		{"evt.around[" + at(0) + "] = 0", true}, {"evt.around[" + at(5) + "] = 5", true}, {"evt.around[" + at(-5) + "] = 5", true},
		{"evt.around[" + at(-5) + "] = 4", false}, {"evt.around[" + at(6) + "] = 5", false}, {"not evt.around[" + at(6) + "] = 5", true},
	})
	for _, text := range []string{"evt.around[1] > 5", "evt.around[1] != 5", "evt.around[1] in (5)", "evt.around[x] = 5", "evt.around = 5"} {
		if checkErrors(text) == "" {
			t.Errorf("%s: no error", text)
		}
	}
}
