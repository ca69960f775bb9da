// SPDX-License-Identifier: Apache-2.0

package state

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseStat(t *testing.T) {
	line := "42 (odd) name (x) S 1 40 39 34816 -1 4194560 11 0 2 0 5 6 0 0 20 0 1 0 777 1000 20 18446744073709551615"
	st, ok := parseStat([]byte(line))
	want := procStat{state: 'S', flags: 4194560, session: 39, pgid: 40, tty: 34816, minor: 11, major: 2, startTicks: 777}
	if !ok || st != want {
		t.Errorf("got %+v %v", st, ok)
	}
	for _, bad := range []string{"", "1", "1 (x)", "1 (x) S 1 2"} {
		if _, ok := parseStat([]byte(bad)); ok {
			t.Errorf("%q: accepted", bad)
		}
	}
}

func TestClassifyLink(t *testing.T) {
	tests := []struct {
		link string
		want FD
		path bool
	}{
		{"/etc/passwd", FD{Type: FDFileV2, Name: "/etc/passwd"}, true},
		{"/memfd:pay load (deleted)", FD{Type: FDMemfd, Name: "pay load"}, false},
		{"socket:[123]", FD{Type: FDUnknown, Ino: 123}, false},
		{"pipe:[5]", FD{Type: FDFIFO, Ino: 5}, false},
		{"anon_inode:[eventpoll]", FD{Type: FDEventpoll}, false},
		{"anon_inode:inotify", FD{Type: FDInotify}, false},
		{"anon_inode:bpf-prog", FD{Type: FDBPF}, false},
		{"anon_inode:[new thing]", FD{Type: FDUnsupported, Name: "anon_inode:[new thing]"}, false},
		{"mnt:[4026531840]", FD{Type: FDUnsupported, Name: "mnt:[4026531840]"}, false},
		{"odd", FD{Type: FDUnsupported, Name: "odd"}, false},
	}
	for _, tt := range tests {
		got, path := classifyLink(tt.link)
		if got != tt.want || path != tt.path {
			t.Errorf("%s: got %+v %v", tt.link, got, path)
		}
	}
}

func TestParseNet(t *testing.T) {
	const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0000 100 0 0 10 0
   1: 0100007F:0050 0200007F:03E8 01 00000000:00000000 00:00000000 00000000     0        0 12 1 0000 100 0 0 10 0
   2: 0200007F:03E8 0100007F:0051 01 00000000:00000000 00:00000000 00000000     0        0 13 1 0000 100 0 0 10 0
   3: cut
   4: 0100007F:0050 0200007F:03E8 06 00000000:00000000 00:00000000 00000000     0        0 0 1 0000 100 0 0 10 0
`
	const tcp6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 21 1
   1: 0000000000000000FFFF00000100007F:0016 0000000000000000FFFF00000200007F:0400 01 0:0 0:0 0 0 0 22 1
`
	const unx = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 31 /run/a socket
0000000000000000: 00000003 00000000 00000000 0001 03 32
`
	const netlink = `sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
0000000000000000 0   1          00000000 0        0        0     2        0        41
`
	table := map[uint64]FD{}
	parseInet(table, []byte(tcp), L4TCP)
	parseInet(table, []byte(tcp6), L4TCP)
	parseUnix(table, []byte(unx))
	parseNetlink(table, []byte(netlink))
	findServers(table)
	ip := netip.MustParseAddr
	want := map[uint64]FD{
		11: {Type: FDIPv4ServSock, L4: L4TCP, Role: RoleServer, Listening: true, Name: "127.0.0.1:80", DIP: ip("127.0.0.1"), DPort: 80},
		12: {Type: FDIPv4Sock, L4: L4TCP, Role: RoleServer, Connected: true, Name: "127.0.0.2:1000->127.0.0.1:80", SIP: ip("127.0.0.2"), SPort: 1000, DIP: ip("127.0.0.1"), DPort: 80},
		13: {Type: FDIPv4Sock, L4: L4TCP, Role: RoleClient, Connected: true, Name: "127.0.0.2:1000->127.0.0.1:81", SIP: ip("127.0.0.2"), SPort: 1000, DIP: ip("127.0.0.1"), DPort: 81},
		21: {Type: FDIPv6ServSock, L4: L4TCP, Role: RoleServer, Listening: true, Name: "::1:53", DIP: ip("::1"), DPort: 53},
		22: {Type: FDIPv4Sock, L4: L4TCP, Role: RoleClient, Connected: true, Name: "127.0.0.1:22->127.0.0.2:1024", SIP: ip("127.0.0.1"), SPort: 22, DIP: ip("127.0.0.2"), DPort: 1024},
		31: {Type: FDUnixSock, Role: RoleServer, Listening: true, Name: "/run/a socket"},
		32: {Type: FDUnixSock, Connected: true},
		41: {Type: FDNetlink},
	}
	if diff := cmp.Diff(want, table, cmpopts.IgnoreUnexported(FD{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestParseCgroups(t *testing.T) {
	got := parseCgroups([]byte("12:cpu,cpuacct:/a\n1:name=systemd:/b:c\n0::/u\nbad\n"))
	if diff := cmp.Diff("cpu=/a cpuacct=/a systemd=/b:c unified=/u", strings.Join(got, " ")); diff != "" {
		t.Error(diff)
	}
}

func FuzzProc(f *testing.F) {
	f.Add([]byte("1 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"))
	f.Add([]byte("0: 0100007F:0050 00000000:0000 0A 0 0 0 0 0 5"))
	f.Add([]byte("NSpid:\t1\t2\nUid:\nName:\tx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		parseStat(b)
		parseStatus(&Thread{}, b)
		parseCgroups(b)
		parseFDLimit(b)
		classifyLink(string(b))
		m := map[uint64]FD{}
		parseInet(m, b, L4TCP)
		parseUnix(m, b)
		parseNetlink(m, b)
		findServers(m)
	})
}
