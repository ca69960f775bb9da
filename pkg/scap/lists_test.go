// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// threadNumbers are the numbers of the lists of threads by version.
var threadNumbers = [][]uint32{1: {0x202, 0x8000abcd}, 2: {0x207, 0x8013abcd}, 3: {0x209, 0x8014abcd},
	4: {0x210}, 5: {0x211}, 6: {0x212}, 7: {0x213}, 8: {0x214}, 9: {0x215}}

func threadV1(tid uint64) []byte { return threadEntry(1, tid) }

// threadEntry is an entry with everything that a version below 9 has.
func threadEntry(version int, tid uint64) []byte {
	from := func(v int, values ...any) []byte {
		if version < v {
			return nil
		}
		return bin(values...)
	}
	return bin(tid, tid, uint64(1), from(6, int64(20)), from(8, int64(21)), "bash", "-bash", from(7, "/usr/bin/bash"),
		"-c\x00ls\x00", "/root", uint64(1024), uint32(schema.PPM_CL_CLONE_FS), uint32(1000), uint32(100),
		from(2, uint32(1), uint32(2), uint32(3), uint64(4), uint64(5)), from(3, "A=1\x00B=2"),
		from(4, int64(30), int64(31), "cpu=/x\x00"), from(5, "/"))
}

// wantThread is what comes of threadEntry.
func wantThread(version int, tid int64) state.Thread {
	t := state.Thread{
		TID: tid, PID: tid, PTID: 1, VTID: -1, VPID: -1, SID: -1, PGID: -1, VPGID: -1, LoginUID: state.NoID,
		Comm: "bash", Exe: "-bash", Args: []string{"-c", "ls"}, Cwd: "/root/", FDLimit: 1024, Flags: schema.PPM_CL_CLONE_FS, UID: 1000, GID: 100,
	}
	for v := range version + 1 {
		switch v {
		case 2:
			t.VMSize, t.VMRSS, t.VMSwap, t.PFMajor, t.PFMinor = 1, 2, 3, 4, 5
		case 3:
			t.Env = []string{"A=1", "B=2"}
		case 4:
			t.VTID, t.VPID, t.Cgroups = 30, 31, []string{"cpu=/x"}
		case 5:
			t.Root = "/"
		case 6:
			t.SID = 20
		case 7:
			t.ExePath = "/usr/bin/bash"
		case 8:
			t.VPGID = 21
		}
	}
	return t
}

var threadFields = cmp.Options{cmpopts.IgnoreUnexported(state.Thread{}), cmpopts.IgnoreFields(state.Thread{}, "Gen")}

func TestThreadVersions(t *testing.T) {
	for version := 1; version < threadsWithLen; version++ {
		for _, number := range threadNumbers[version] {
			t.Run(fmt.Sprintf("%d/%#x", version, number), func(t *testing.T) {
				list := join(threadEntry(version, 10), threadEntry(version, 11))
				_, st := mustRead(t, join(section(), block(number, list), eventBlock(closeEvent(10, 1))))
				for _, tid := range []int64{10, 11} {
					got := st.Thread(tid)
					if got == nil {
						t.Fatalf("no thread %d", tid)
					}
					if d := cmp.Diff(wantThread(version, tid), *got, threadFields); d != "" {
						t.Errorf("(-want +got):\n%s", d)
					}
				}
			})
		}
	}
}

// The entries of version 9 grew at their end, and once in the middle.
func TestThreadTail(t *testing.T) {
	full := bin(uint64(77), uint32(34816), uint32(1000), uint8(1), uint64(1), uint64(2), uint64(3), uint8(1), uint64(4), uint64(5), uint64(6),
		uint8(1), uint8(1), int64(22), "from the future")
	want := wantThread(8, 10)
	want.PidNSStart, want.TTY, want.LoginUID = 77, 34816, 1000
	want.CapInheritable, want.CapPermitted, want.CapEffective = 1, 2, 3
	want.ExeIno, want.ExeCtime, want.ExeMtime, want.PGID = 4, 5, 6, 22
	want.ExeFlags = schema.PPM_EXE_WRITABLE | schema.PPM_EXE_UPPER_LAYER | schema.PPM_EXE_LOWER_LAYER | schema.PPM_EXE_FROM_MEMFD
	before := wantThread(8, 10)
	before.LoginUID, before.ExeFlags = 1000, schema.PPM_EXE_WRITABLE
	before.CapInheritable, before.CapPermitted, before.CapEffective = 1, 2, 3
	tests := []struct {
		name string
		tail []byte
		want state.Thread
	}{
		{"everything and more", full, want},
		{"nothing", nil, wantThread(8, 10)},
		{"before the fields in the middle", full[12 : 12+29], before},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := join(entry(threadEntry(9, 10), tt.tail), entry(threadEntry(9, 11)))
			_, st := mustRead(t, join(section(), block(typeThreads, list), eventBlock(closeEvent(10, 1))))
			if st.NumThreads() != 2 {
				t.Fatalf("%d threads", st.NumThreads())
			}
			if d := cmp.Diff(tt.want, *st.Thread(10), threadFields); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestFDLists(t *testing.T) {
	v4a, v4b := []byte{10, 0, 0, 1}, []byte{10, 0, 0, 2}
	v6a, v6b := netip.MustParseAddr("fe80::1").As16(), netip.MustParseAddr("fe80::2").As16()
	head := func(num int64, t state.FDType) []byte { return bin(num, uint64(99), uint8(t)) }
	tests := []struct {
		name    string
		payload []byte
		want    state.FD
		v2Only  bool
	}{
		{"ipv4", bin(head(3, state.FDIPv4Sock), v4a, v4b, uint16(1000), uint16(80), uint8(state.L4TCP)), state.FD{
			Num: 3, Type: state.FDIPv4Sock, L4: state.L4TCP, Name: "10.0.0.1:1000->10.0.0.2:80",
			SIP: netip.MustParseAddr("10.0.0.1"), DIP: netip.MustParseAddr("10.0.0.2"), SPort: 1000, DPort: 80, Connected: true}, false},
		{"ipv6", bin(head(3, state.FDIPv6Sock), v6a[:], v6b[:], uint16(1000), uint16(53), uint8(state.L4UDP)), state.FD{
			Num: 3, Type: state.FDIPv6Sock, L4: state.L4UDP, Name: "fe80::1:1000->fe80::2:53",
			SIP: netip.MustParseAddr("fe80::1"), DIP: netip.MustParseAddr("fe80::2"), SPort: 1000, DPort: 53, Connected: true}, false},
		{"ipv4 server", bin(head(3, state.FDIPv4ServSock), v4a, uint16(80), uint8(state.L4TCP)), state.FD{
			Num: 3, Type: state.FDIPv4ServSock, L4: state.L4TCP, Name: "10.0.0.1:80", DIP: netip.MustParseAddr("10.0.0.1"), DPort: 80, Role: state.RoleServer}, false},
		{"ipv6 server", bin(head(3, state.FDIPv6ServSock), v6a[:], uint16(80), uint8(state.L4TCP)), state.FD{
			Num: 3, Type: state.FDIPv6ServSock, L4: state.L4TCP, Name: "fe80::1:80", DIP: netip.MustParseAddr("fe80::1"), DPort: 80, Role: state.RoleServer}, false},
		{"unix", bin(head(3, state.FDUnixSock), uint64(5), uint64(6), "/run/x"), state.FD{Num: 3, Type: state.FDUnixSock, Name: "/run/x", UnixSource: 5, UnixDest: 6}, false},
		{"file", bin(head(3, state.FDFileV2), uint32(1), "/etc/passwd"), state.FD{Num: 3, Type: state.FDFileV2, Name: "/etc/passwd", Flags: 1}, false},
		{"file with device", bin(head(3, state.FDFileV2), uint32(1), "/etc/passwd", uint32(8)), state.FD{Num: 3, Type: state.FDFileV2, Name: "/etc/passwd", Flags: 1, Dev: 8}, true},
		{"pipe", bin(head(3, state.FDFIFO), "pipe:[99]"), state.FD{Num: 3, Type: state.FDFIFO, Name: "pipe:[99]"}, false},
		{"unknown", head(3, state.FDUnknown), state.FD{Num: 3}, false},
		{"type of the future", bin(head(3, 77), "whatever"), state.FD{Num: 3, Type: state.FDUnsupported}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Ino = 99
			last := bin(head(4, state.FDFIFO), "last")
			files := map[string][]byte{"v2": block(typeFDs, bin(uint64(10), entry(tt.payload), entry(last)))}
			if !tt.v2Only {
				files["v1"] = block(0x203, bin(uint64(10), tt.payload, last))
			}
			for name, list := range files {
				_, st := mustRead(t, join(section(), block(0x202, threadV1(10)), list, eventBlock(closeEvent(10, 9))))
				got := st.Thread(10).FD(3)
				if got == nil || st.Thread(10).FD(4) == nil {
					t.Fatalf("%s: descriptors are missing", name)
				}
				if d := cmp.Diff(tt.want, *got, cmpopts.IgnoreUnexported(state.FD{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
					t.Errorf("%s (-want +got):\n%s", name, d)
				}
			}
		})
	}
}

// ifaces is a list of interfaces as it is written today.
func ifaces() []byte {
	return join(
		bin(uint32(24+2), uint16(1), uint16(2), uint32(0x0100007f), uint32(0x000000ff), uint32(0), uint64(0), []byte("lo")),
		bin(uint32(60+4), uint16(2), uint16(4), net6("2001:db8::10"), net6("ffff:ffff:ffff:ffff::"), make([]byte, 16), uint64(7), []byte("eth0")),
	)
}

func net6(s string) []byte {
	a := netip.MustParseAddr(s).As16()
	return a[:]
}

func TestInterfaceLists(t *testing.T) {
	v1 := join(
		bin(uint16(1), uint16(2), uint32(0x0100007f), uint32(0x000000ff), uint32(0), uint64(0), []byte("lo")),
		bin(uint16(3), uint16(1), uint32(0x0200000a), uint32(0x00ffffff), uint32(0xff00000a), []byte("x")),
		bin(uint16(4), uint16(4), net6("2001:db8::10"), net6("ffff:ffff:ffff:ffff::"), make([]byte, 16), []byte("eth0")),
	)
	tests := []struct {
		number uint32
		list   []byte
		want   string
	}{
		{0x219, ifaces(), "lo 127.0.0.1/8, eth0 2001:db8::10/64, "},
		{0x205, v1, "lo 127.0.0.1/8, x 10.0.0.2/24, eth0 2001:db8::10/64, "},
		{0x8011abcd, v1, "lo 127.0.0.1/8, x 10.0.0.2/24, eth0 2001:db8::10/64, "},
		{0x219, join(bin(uint32(8), uint16(9), uint16(0), make([]byte, 4)), ifaces()), "lo 127.0.0.1/8, eth0 2001:db8::10/64, "},
	}
	for _, tt := range tests {
		_, st := mustRead(t, join(section(), block(tt.number, tt.list), eventBlock(closeEvent(10, 1))))
		got := ""
		for _, i := range st.Interfaces() {
			got += fmt.Sprintf("%s %s, ", i.Name, i.Prefix)
		}
		if got != tt.want {
			t.Errorf("%#x: got %s, want %s", tt.number, got, tt.want)
		}
	}
	for _, bad := range [][]byte{make([]byte, 28), ifaces()[:20], bin(uint32(1<<31), uint16(1))} {
		if _, _, err := readAll(t, join(section(), block(0x219, bad), eventBlock(closeEvent(10, 1)))); err == nil {
			t.Errorf("%x: no error", bad)
		}
	}
}

func TestUserLists(t *testing.T) {
	user := bin(uint8(0), uint32(1000), uint32(100), "alice", "/home/alice", "/bin/sh")
	group := bin(uint8(1), uint32(100), "users")
	for number, list := range map[uint32][]byte{
		typeUsers:  join(entry(user), entry(group), entry(bin(uint8(0), uint32(7), uint32(7), "lp", "/", "sh", "more"))),
		0x206:      join(user, group, bin(uint8(0), uint32(7), uint32(7), "lp", "/", "sh")),
		0x8012abcd: join(user, group, bin(uint8(0), uint32(7), uint32(7), "lp", "/", "sh")),
	} {
		_, st := mustRead(t, join(section(), block(number, list), block(0x219, ifaces()), block(0x12345, nil), eventBlock(closeEvent(10, 1))))
		u, ok := st.User(nil, 1000)
		if want := (state.User{UID: 1000, GID: 100, Name: "alice", Home: "/home/alice", Shell: "/bin/sh"}); !ok || u != want {
			t.Errorf("%#x: got %+v", number, u)
		}
		if name, _ := st.GroupName(nil, 100); name != "users" {
			t.Errorf("%#x: group is %q", number, name)
		}
		if u, _ := st.User(nil, 7); u.Name != "lp" {
			t.Errorf("%#x: the last user is %q", number, u.Name)
		}
	}
}
