// SPDX-License-Identifier: Apache-2.0

package field_test

import (
	"testing"
	"time"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/evtest"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// langTest is what one event shows. Names in brackets are items of
// pkg/rules/testdata/language.txt.
type langTest struct {
	name   string
	typ    schema.EventType
	values evtest.Values
	want   [][2]string
}

func TestLanguageOfParameters(t *testing.T) { runLang(t, parameterTests) }

func TestLanguageOfFields(t *testing.T) { runLang(t, meaningTests) }

func runLang(t *testing.T, tests []langTest) {
	local := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = local })
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkTexts(t, withFDs(t).Feed(tt.typ, 30, tt.values), tt.want)
		})
	}
}

// withFDs is a host whose thread 30 has one descriptor of each kind: 3 a file, 4
// a directory, 5 a TCP connection, 6 an IPv6 socket of a transport without letter, 7 a
// Unix socket, 8 and 9 a pipe, 10 an event counter, 11 a UDP connection.
func withFDs(t *testing.T) *evtest.Host {
	h := host(t)
	for _, ev := range []struct {
		typ    schema.EventType
		values evtest.Values
	}{
		{schema.EvSyscallOpenat_2_X, evtest.Values{"fd": "3", "dirfd": "AT_FDCWD", "name": "/etc/hosts", "flags": "O_RDONLY"}},
		{schema.EvSyscallOpenat_2_X, evtest.Values{"fd": "4", "dirfd": "AT_FDCWD", "name": "/srv", "flags": "O_DIRECTORY"}},
		{schema.EvSocketSocketX, evtest.Values{"fd": "5", "domain": "AF_INET", "type": "1", "proto": "6"}},
		{schema.EvSocketConnectX, evtest.Values{"res": "0", "fd": "5", "tuple": "10.0.0.1:4000->10.0.0.2:80"}},
		{schema.EvSocketSocketX, evtest.Values{"fd": "6", "domain": "AF_INET6", "type": "5", "proto": "132"}},
		{schema.EvSocketSocketX, evtest.Values{"fd": "7", "domain": "AF_UNIX", "type": "1", "proto": "0"}},
		{schema.EvSyscallPipe2X, evtest.Values{"res": "0", "fd1": "8", "fd2": "9", "ino": "1", "flags": "0"}},
		{schema.EvSyscallEventfd2X, evtest.Values{"res": "10", "flags": "0", "initval": "0"}},
		{schema.EvSocketSocketX, evtest.Values{"fd": "11", "domain": "AF_INET", "type": "2", "proto": "17"}},
		{schema.EvSocketConnectX, evtest.Values{"res": "0", "fd": "11", "tuple": "10.0.0.1:4001->10.0.0.3:53"}},
	} {
		h.Feed(ev.typ, 30, ev.values)
		h.Done()
	}
	return h
}

// parameterTests are the texts of parameters by their type.
var parameterTests = []langTest{
	{"[7.1-args] evt.args, and evt.info the same", schema.EvSyscallKillX, evtest.Values{"res": "0", "pid": "20", "sig": "SIGKILL"}, [][2]string{
		{"evt.args", "res=0 pid=20(bash) sig=9(SIGKILL)"}, {"evt.info", "res=0 pid=20(bash) sig=9(SIGKILL)"}}},
	{"[7.1-args] of an event without parameters", schema.EvSocketGetsocknameX, nil, [][2]string{{"evt.args", ""}}},
	{"[7.1-args] of the generic event", schema.EvGenericX, evtest.Values{"ID": "getppid", "nativeID": "110"}, [][2]string{
		{"evt.args", ""}, {"evt.arg[0]", "getppid"}, {"evt.arg[1]", "110"}}},
	{"[7.1-arg] resolved, else raw, else missing", schema.EvSyscallKillX, evtest.Values{"res": "0", "pid": "20", "sig": "SIGKILL"}, [][2]string{
		{"evt.arg.pid", "bash"}, {"evt.arg[2]", "SIGKILL"}, {"evt.arg.res", "0"}, {"evt.arg.fd", "-"}, {"evt.arg[3]", "-"}}},

	{"[7.1-empty] texts and numbers", schema.EvSyscallMkdir2X, nil, [][2]string{{"evt.args", "res=<NA> path=<NA> mode=<NA>"}}},
	{"[7.1-empty] buffers", schema.EvSyscallReadX, evtest.Values{"res": "0", "fd": "-9", "size": "1"}, [][2]string{{"evt.arg.data", "NULL"}}},
	{"[7.1-empty] tuples and addresses", schema.EvSocketConnectX, evtest.Values{"res": "0", "fd": "77"}, [][2]string{{"evt.arg.tuple", "NULL"}, {"evt.arg.addr", "<NA>"}}},

	{"[7.1-int] decimal", schema.EvSyscallPrlimitX, evtest.Values{"res": "0", "newcur": "-1", "pid": "7"}, [][2]string{{"evt.arg.newcur", "-1"}, {"evt.arg.pid", "7"}}},
	{"[7.1-int] UINT64 with a sign", schema.EvSyscallLseekX, evtest.Values{"res": "0", "fd": "77", "offset": "-852", "whence": "SEEK_CUR"}, [][2]string{
		{"evt.args", "res=0 fd=77 offset=-852 whence=1(SEEK_CUR)"}, {"evt.arg.offset", "-852"}}},
	{"[7.1-hex] upper case, no prefix", schema.EvSyscallBrk4X, evtest.Values{"res": "0x55aabbccd000", "addr": "-1", "vm_size": "12"}, [][2]string{
		{"evt.arg.res", "55AABBCCD000"}, {"evt.arg.addr", "FFFFFFFFFFFFFFFF"}, {"evt.arg.vm_size", "12"}}},
	{"[7.1-oct] with a zero in front", schema.EvSyscallOpenX, evtest.Values{"fd": "-2", "name": "/x", "flags": "0", "mode": "0666"}, [][2]string{{"evt.arg.mode", "0666"}}},
	{"[7.1-oct] zero", schema.EvSyscallOpenX, evtest.Values{"fd": "-2", "name": "/x", "flags": "0", "mode": "0"}, [][2]string{{"evt.arg.mode", "0"}}},
	{"[7.1-errno] named when negative", schema.EvSyscallAccessX, evtest.Values{"res": "ENOENT", "name": "/x", "mode": "0"}, [][2]string{
		{"evt.args", "res=-2(ENOENT) name=/x mode=0(F_OK)"}}},
	{"[7.1-errno] decimal where hexadecimal is asked for", schema.EvSyscallMmapX, evtest.Values{"res": "0x7f0000001000", "addr": "0x10", "fd": "-1"}, [][2]string{
		{"evt.arg.res", "139637976731648"}, {"evt.arg.addr", "10"}}},

	{"[7.1-fd] AT_FDCWD and errors", schema.EvSyscallOpenat_2_X, evtest.Values{"fd": "EACCES", "dirfd": "AT_FDCWD", "name": "/x", "flags": "0"}, [][2]string{
		{"evt.arg.fd", "EACCES"}, {"evt.arg.dirfd", "AT_FDCWD"}}},
	{"[7.1-fd] a file", schema.EvSyscallFstatX, evtest.Values{"res": "0", "fd": "3"}, [][2]string{{"evt.args", "res=0 fd=3(<f>/etc/hosts)"}}},
	{"[7.1-fd] TCP", schema.EvSyscallFstatX, evtest.Values{"res": "0", "fd": "5"}, [][2]string{{"evt.arg.fd", "<4t>10.0.0.1:4000->10.0.0.2:80"}}},
	{"[7.1-fd] UDP", schema.EvSyscallFstatX, evtest.Values{"res": "0", "fd": "11"}, [][2]string{{"evt.arg.fd", "<4u>10.0.0.1:4001->10.0.0.3:53"}}},
	{"[7.1-fd] unknown transport, no name", schema.EvSyscallFstatX, evtest.Values{"res": "0", "fd": "6"}, [][2]string{{"evt.args", "res=0 fd=6(<6>)"}}},
	{"[7.1-fd] unknown", schema.EvSyscallFstatX, evtest.Values{"res": "0", "fd": "77"}, [][2]string{{"evt.args", "res=0 fd=77"}, {"evt.arg.fd", "77"}}},
	{"[7.1-pid] known and unknown", schema.EvSignaldeliverE, evtest.Values{"spid": "20", "dpid": "4711", "sig": "SIGCHLD"}, [][2]string{
		{"evt.args", "spid=20(bash) dpid=4711 sig=17(SIGCHLD)"}}},
	{"[7.1-uid] names and -1", schema.EvSyscallSetresuidX, evtest.Values{"res": "0", "ruid": "1000", "euid": "0xffffffff", "suid": "4711"}, [][2]string{
		{"evt.args", "res=0 ruid=1000(alice) euid=-1(<NONE>) suid=4711"}}},
	{"[7.1-uid] groups", schema.EvSyscallSetgidX, evtest.Values{"res": "0", "gid": "0"}, [][2]string{{"evt.args", "res=0 gid=0(root)"}}},

	{"[7.1-flags] decimal, in table order", schema.EvSyscallOpenX, evtest.Values{"fd": "-2", "name": "/x", "flags": "O_CLOEXEC|O_RDWR|O_CREAT"}, [][2]string{
		{"evt.args", "fd=-2(ENOENT) name=/x flags=4103(O_CREAT|O_RDWR|O_CLOEXEC) mode=<NA> dev=<NA> ino=<NA>"}}},
	{"[7.1-flags] zero by name", schema.EvSyscallOpenX, evtest.Values{"fd": "-2", "name": "/x", "flags": "0"}, [][2]string{{"evt.arg.flags", "O_NONE"}}},
	{"[7.1-flags] zero without name", schema.EvSyscallMmapX, evtest.Values{"res": "0", "prot": "0", "flags": "0"}, [][2]string{{"evt.arg.prot", "PROT_NONE"}, {"evt.arg.flags", "0"}}},
	{"[7.1-enumflags] all of one value", schema.EvSocketSocketX, evtest.Values{"fd": "12", "domain": "1", "type": "1", "proto": "0"}, [][2]string{
		{"evt.args", "fd=12(<u>) domain=1(AF_LOCAL|AF_UNIX) type=1 proto=0 flags=<NA>"}}},
	{"[7.1-enumflags] unknown", schema.EvSocketSocketX, evtest.Values{"fd": "-22", "domain": "4711", "type": "1", "proto": "0"}, [][2]string{{"evt.arg.domain", "4711"}}},
	{"[7.1-mode] as flags", schema.EvSyscallChmodX, evtest.Values{"res": "0", "filename": "/x", "mode": "S_ISUID|S_IXOTH"}, [][2]string{{"evt.arg.mode", "S_IXOTH|S_ISUID"}}},
	{"[7.1-sigtype] none for 0", schema.EvSyscallKillX, evtest.Values{"res": "0", "pid": "4711", "sig": "0"}, [][2]string{{"evt.args", "res=0 pid=4711 sig=0"}}},
	{"[7.1-abstime] with nanoseconds", schema.EvSyscallExecve19X, evtest.Values{"res": "0", "tid": "30", "pid": "30", "exe": "cat", "comm": "cat", "exe_ino_ctime": "1700000000123456789"}, [][2]string{
		{"evt.arg.exe_ino_ctime", "2023-11-14 22:13:20.123456789"}}},

	{"[7.1-charbuf] as it is", schema.EvSyscallChmodX, evtest.Values{"res": "0", "filename": "a\x01b/../ü", "mode": "0"}, [][2]string{{"evt.arg.filename", "a\x01b/../ü"}}},
	{"[7.1-fsrelpath] relative", schema.EvSyscallOpenat_2_X, evtest.Values{"fd": "-2", "dirfd": "4", "name": "../x", "flags": "0"}, [][2]string{
		{"evt.args", "fd=-2(ENOENT) dirfd=4(<d>/srv) name=../x(/x) flags=0(O_NONE) mode=<NA> dev=<NA> ino=<NA>"}}},
	{"[7.1-fsrelpath] absolute", schema.EvSyscallOpenat_2_X, evtest.Values{"fd": "-2", "dirfd": "AT_FDCWD", "name": "/a/../x", "flags": "0"}, [][2]string{
		{"evt.args", "fd=-2(ENOENT) dirfd=-100(AT_FDCWD) name=/a/../x flags=0(O_NONE) mode=<NA> dev=<NA> ino=<NA>"}, {"evt.arg.name", "/a/../x"}}},
	{"[7.1-fsrelpath] empty", schema.EvSyscallOpenat_2_X, evtest.Values{"fd": "-2", "dirfd": "4", "name": "", "flags": "0"}, [][2]string{
		{"evt.args", "fd=-2(ENOENT) dirfd=4(<d>/srv) name= flags=0(O_NONE) mode=<NA> dev=<NA> ino=<NA>"}}},
	{"[7.1-bytebuf] dots", schema.EvSyscallReadX, evtest.Values{"res": "6", "fd": "3", "data": "a\x00\n~\x7f\xc3", "size": "6"}, [][2]string{{"evt.arg.data", "a..~.."}}},
	{"[7.1-socktuple] IPv4", schema.EvSocketConnectX, evtest.Values{"res": "0", "fd": "5", "tuple": "10.0.0.1:1->10.0.0.2:2"}, [][2]string{{"evt.arg.tuple", "10.0.0.1:1->10.0.0.2:2"}}},
	{"[7.1-socktuple] IPv6 without brackets", schema.EvSocketConnectX, evtest.Values{"res": "0", "fd": "6", "tuple": "[::1]:1->[fe80::2]:2"}, [][2]string{{"evt.arg.tuple", "::1:1->fe80::2:2"}}},
	{"[7.1-socktuple] AF_UNIX", schema.EvSocketConnectX, evtest.Values{"res": "0", "fd": "7", "tuple": "1f->2a /run/a b"}, [][2]string{{"evt.arg.tuple", "1f->2a /run/a b"}}},
	{"[7.1-sockaddr] AF_UNIX", schema.EvSocketBindX, evtest.Values{"res": "0", "fd": "7", "addr": "/run/a.sock"}, [][2]string{{"evt.arg.addr", "/run/a.sock"}}},
	{"[7.1-fdlist] type and flags in hexadecimal", schema.EvSyscallPollX, evtest.Values{"res": "1", "fds": "6:4,3:0x1b,77:1", "timeout": "5"}, [][2]string{{"evt.arg.fds", "6:64 3:f1b 77:1"}}},
	{"[7.1-fdlist] of none", schema.EvSyscallPollX, evtest.Values{"res": "0", "fds": "", "timeout": "5"}, [][2]string{{"evt.args", "res=0 fds= timeout=5"}}},
	{"[7.1-dyn] as the type that it is", schema.EvSyscallPtraceX, evtest.Values{"res": "0", "addr": "0:0xab", "data": "1:SIGTRAP", "request": "7", "pid": "4711"}, [][2]string{
		{"evt.arg.addr", "AB"}, {"evt.arg.data", "SIGTRAP"}}},
}

// meaningTests are the fields whose description says too little.
var meaningTests = []langTest{
	category("file", schema.EvSyscallChmodX, nil),
	category("net", schema.EvSocketBindX, evtest.Values{"fd": "5"}),
	category("IPC", schema.EvSyscallPipe2X, nil),
	category("memory", schema.EvSyscallBrk4X, nil),
	category("process", schema.EvSyscallPrlimitX, nil),
	category("signal", schema.EvSyscallKillX, nil),
	category("user", schema.EvSyscallGetuidX, nil),
	category("wait", schema.EvSyscallPollX, nil),
	category("scheduler", schema.EvSchedswitch6E, nil),
	category("internal", schema.EvProcinfoE, nil),
	category("other", schema.EvGenericX, nil),
	category("file", schema.EvSyscallReadX, evtest.Values{"res": "1", "fd": "3"}),
	category("net", schema.EvSyscallWriteX, evtest.Values{"res": "1", "fd": "5"}),
	category("net", schema.EvSyscallReadX, evtest.Values{"res": "1", "fd": "6"}),
	category("ipc", schema.EvSyscallReadX, evtest.Values{"res": "1", "fd": "8"}),
	category("ipc", schema.EvSyscallCloseX, evtest.Values{"res": "0", "fd": "7"}),
	category("unknown", schema.EvSyscallReadX, evtest.Values{"res": "1", "fd": "77"}),

	{"[7.2-res] success", schema.EvSyscallChmodX, evtest.Values{"res": "0"}, [][2]string{{"evt.res", "SUCCESS"}, {"evt.rawres", "0"}, {"evt.failed", "false"}}},
	{"[7.2-res] failure", schema.EvSyscallChmodX, evtest.Values{"res": "EPERM"}, [][2]string{{"evt.res", "EPERM"}, {"evt.rawres", "-1"}, {"evt.failed", "true"}}},
	{"[7.2-res] a descriptor", schema.EvSyscallOpenX, evtest.Values{"fd": "ENOENT", "name": "/x"}, [][2]string{{"evt.res", "ENOENT"}, {"evt.rawres", "-2"}}},
	{"[7.2-res] a user", schema.EvSyscallGetuidX, evtest.Values{"uid": "1000"}, [][2]string{{"evt.res", "SUCCESS"}, {"evt.rawres", "1000"}}},
	{"[7.2-res] an address", schema.EvSyscallBrk4X, evtest.Values{"res": "0x1000"}, [][2]string{{"evt.res", "SUCCESS"}, {"evt.rawres", "4096"}}},
	noResult("the generic event", schema.EvGenericX, evtest.Values{"ID": "getppid", "nativeID": "110"}),
	noResult("tracepoints", schema.EvProcexit1E, evtest.Values{"status": "0", "ret": "0", "reaper_tid": "1"}),
	noResult("meta events", schema.EvNotificationE, evtest.Values{"id": "x", "desc": "y"}),

	{"[7.2-io_dir] read", schema.EvSyscallReadX, evtest.Values{"res": "1", "fd": "3"}, [][2]string{{"evt.io_dir", "read"}}},
	{"[7.2-io_dir] write", schema.EvSocketSendtoX, evtest.Values{"res": "1", "fd": "5"}, [][2]string{{"evt.io_dir", "write"}}},
	{"[7.2-io_dir] neither", schema.EvSyscallCloseX, evtest.Values{"res": "0", "fd": "3"}, [][2]string{{"evt.io_dir", "-"}}},

	{"[7.2-buflen] read", schema.EvSyscallReadX, evtest.Values{"res": "12", "fd": "3"}, [][2]string{{"evt.buflen", "12"}}},
	{"[7.2-buflen] failed", schema.EvSyscallReadX, evtest.Values{"res": "EIO", "fd": "3"}, [][2]string{{"evt.buflen", "-"}}},
	{"[7.2-buflen] on an unknown descriptor", schema.EvSyscallReadX, evtest.Values{"res": "12", "fd": "77"}, [][2]string{{"evt.buflen", "-"}}},
	{"[7.2-buflen] close", schema.EvSyscallCloseX, evtest.Values{"res": "0", "fd": "3"}, [][2]string{{"evt.buflen", "0"}}},
	{"[7.2-buflen] dup", schema.EvSyscallDup1X, evtest.Values{"res": "13", "oldfd": "3"}, [][2]string{{"evt.buflen", "13"}}},
	{"[7.2-buflen] fcntl", schema.EvSyscallFcntlX, evtest.Values{"res": "2", "fd": "3", "cmd": "0"}, [][2]string{{"evt.buflen", "2"}}},
	{"[7.2-buflen] a call on a descriptor that is no input or output", schema.EvSyscallFstatX, evtest.Values{"res": "0", "fd": "3"}, [][2]string{{"evt.buflen", "-"}}},

	{"[7.2-deltatime] is 0", schema.EvSyscallChmodX, nil, [][2]string{{"evt.deltatime", "0"}, {"evt.deltatime.s", "0"}, {"evt.deltatime.ns", "000000000"}}},

	{"[7.2-count.exit] of calls", schema.EvSyscallChmodX, nil, [][2]string{{"evt.count.exit", "1"}}},
	{"[7.2-count.exit] of others", schema.EvSignaldeliverE, nil, [][2]string{{"evt.count.exit", "-"}}},
	{"[7.2-count.error] without result", schema.EvSignaldeliverE, nil, counts("-", "-", "-", "-", "-")},
	{"[7.2-count.error] a file", schema.EvSyscallReadX, evtest.Values{"res": "EIO", "fd": "3"}, counts("1", "1", "-", "-", "-")},
	{"[7.2-count.error] a directory, no failure", schema.EvSyscallFstatX, evtest.Values{"res": "0", "fd": "4"}, counts("0", "0", "-", "-", "-")},
	{"[7.2-count.error] a failed open", schema.EvSyscallOpenX, evtest.Values{"fd": "ENOENT", "name": "/x"}, counts("1", "1", "-", "-", "-")},
	{"[7.2-count.error] a failed openat", schema.EvSyscallOpenat_2_X, evtest.Values{"fd": "ENOENT", "dirfd": "AT_FDCWD", "name": "/x"}, counts("1", "1", "-", "-", "-")},
	{"[7.2-count.error] a Unix socket", schema.EvSyscallWriteX, evtest.Values{"res": "EPIPE", "fd": "7"}, counts("1", "-", "1", "-", "-")},
	{"[7.2-count.error] a failed socket", schema.EvSocketSocketX, evtest.Values{"fd": "EMFILE", "domain": "AF_INET", "type": "1", "proto": "0"}, counts("1", "-", "1", "-", "-")},
	{"[7.2-count.error] a connect on nothing known", schema.EvSocketConnectX, evtest.Values{"res": "EBADF", "fd": "77"}, counts("1", "-", "1", "-", "-")},
	{"[7.2-count.error] memory", schema.EvSyscallMprotectX, evtest.Values{"res": "ENOMEM"}, counts("1", "-", "-", "1", "-")},
	{"[7.2-count.error] memory and file", schema.EvSyscallMmapX, evtest.Values{"res": "ENODEV", "fd": "3"}, counts("1", "1", "-", "1", "-")},
	{"[7.2-count.error] none of these", schema.EvSyscallKillX, evtest.Values{"res": "ESRCH", "pid": "4711", "sig": "9"}, counts("1", "-", "-", "-", "1")},

	typeChar("f", "3"), typeChar("d", "4"), typeChar("4", "5"), typeChar("6", "6"), typeChar("u", "7"), typeChar("p", "8"), typeChar("e", "10"),
	{"[7.2-typechar] unknown descriptor", schema.EvSyscallReadX, evtest.Values{"res": "EBADF", "fd": "77"}, [][2]string{{"fd.typechar", "o"}, {"fd.type", "-"}}},
	{"[7.2-typechar] failed openat", schema.EvSyscallOpenat_2_X, evtest.Values{"fd": "ENOENT", "dirfd": "AT_FDCWD", "name": "/x"}, [][2]string{{"fd.typechar", "f"}, {"fd.type", "-"}}},
	{"[7.2-typechar] failed open", schema.EvSyscallOpenX, evtest.Values{"fd": "ENOENT", "name": "/x"}, [][2]string{{"fd.typechar", "o"}, {"fd.type", "-"}}},
	{"[7.2-typechar] no descriptor", schema.EvSyscallKillX, nil, [][2]string{{"fd.typechar", "-"}}},
}

func category(want string, typ schema.EventType, v evtest.Values) langTest {
	return langTest{"[7.2-category] " + want + " of " + typ.Info().Name + " " + v["fd"], typ, v, [][2]string{{"evt.category", want}}}
}

func noResult(of string, typ schema.EventType, v evtest.Values) langTest {
	return langTest{"[7.2-res] none of " + of, typ, v, [][2]string{{"evt.res", "-"}, {"evt.rawres", "-"}, {"evt.failed", "-"}}}
}

func counts(all, file, net, memory, other string) [][2]string {
	return [][2]string{{"evt.count.error", all}, {"evt.count.error.file", file}, {"evt.count.error.net", net},
		{"evt.count.error.memory", memory}, {"evt.count.error.other", other}}
}

func typeChar(want, fd string) langTest {
	return langTest{"[7.2-typechar] " + want, schema.EvSyscallFstatX, evtest.Values{"res": "0", "fd": fd}, [][2]string{{"fd.typechar", want}}}
}

// [7.1-args] has the parameters that the event has, which older captures have
// fewer of.
func TestArgsOfShortEvent(t *testing.T) {
	e := host(t).FeedRaw(event.Append(nil, schema.EvSyscallChmodX, evtest.FirstTime, 30, event.I64(-2), event.Str("/x")))
	checkTexts(t, e, [][2]string{{"evt.args", "res=-2(ENOENT) filename=/x"}, {"evt.arg.mode", "-"}})
}

// [7.2-reltime] counts from the first event that is no meta event, and from 0
// before it.
func TestRelTime(t *testing.T) {
	s := state.New(state.Options{})
	for _, tt := range []struct {
		typ  schema.EventType
		ts   uint64
		want [][2]string
	}{
		{schema.EvNotificationE, 5e9 + 7, [][2]string{{"evt.reltime", "5000000007"}, {"evt.reltime.s", "5"}, {"evt.reltime.ns", "000000007"}}},
		{schema.EvSyscallChmodX, 6e9, [][2]string{{"evt.reltime", "000000000"}, {"evt.reltime.s", "0"}}},
		{schema.EvNotificationE, 7e9 + 30, [][2]string{{"evt.reltime", "1000000030"}, {"evt.reltime.s", "1"}, {"evt.reltime.ns", "000000030"}}},
	} {
		var e state.Event
		if err := e.Decode(event.Append(nil, tt.typ, tt.ts, 30, make([][]byte, len(tt.typ.Info().Params))...)); err != nil {
			t.Fatal(err)
		}
		s.Update(&e)
		checkTexts(t, &e, tt.want)
	}
}
