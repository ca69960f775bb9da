// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/schema"
)

func openat(fd int64, name string) []byte {
	return Append(nil, schema.EvSyscallOpenat_2_X, 7, 42,
		I64(fd), I64(AtFDCWD), Str(name), U32(1), U32(0), nil, U64(99))
}

func TestDecode(t *testing.T) {
	var e Event
	raw := openat(3, "/etc/shadow")
	if err := e.Decode(append(raw, "rubbish behind"...)); err != nil {
		t.Fatal(err)
	}
	if e.TS != 7 || e.TID != 42 || e.Type != schema.EvSyscallOpenat_2_X || e.NumParams() != 7 || len(e.Raw()) != len(raw) {
		t.Errorf("Decode: got ts %d tid %d type %d params %d raw %d", e.TS, e.TID, e.Type, e.NumParams(), len(e.Raw()))
	}
	if e.SC != schema.SCOpenat {
		t.Errorf("SC: got %v, want openat", e.SC)
	}
	if s, ok := e.Str(2); !ok || string(s) != "/etc/shadow" {
		t.Errorf("Str: got %q %v", s, ok)
	}
	if v, ok := e.Int(1); !ok || v != AtFDCWD {
		t.Errorf("Int: got %d %v", v, ok)
	}
	if b, ok := e.Param(5); !ok || len(b) != 0 {
		t.Errorf("Param without value: got %v %v", b, ok)
	}
	if _, ok := e.Uint(5); ok {
		t.Error("Uint without value: got one")
	}
	if _, ok := e.Param(7); ok {
		t.Error("Param behind the last: got one")
	}
	if v, ok := e.Res(); !ok || v != 3 {
		t.Errorf("Res: got %d %v", v, ok)
	}
}

func TestDecodeMalformed(t *testing.T) {
	good := openat(3, "/etc/shadow")
	set := func(off, size int, v uint64) []byte {
		b := append([]byte(nil), good...)
		for i := range size {
			b[off+i] = byte(v >> (8 * i))
		}
		return b
	}
	tests := []struct {
		name string
		raw  []byte
		want string
	}{
		{"empty", nil, "header is 26"},
		{"cut header", good[:25], "header is 26"},
		{"length below header", set(16, 4, 25), "length 25"},
		{"length beyond buffer", set(16, 4, uint64(len(good)+1)), "in a buffer of"},
		{"type beyond table", set(20, 2, schema.NumEvents), "unknown type"},
		{"huge parameter count", set(22, 4, 0xffffffff), "parameters in"},
		{"parameter beyond event", set(HeaderSize+4, 2, 0xffff), "ends at"},
		{"last parameter beyond event", set(HeaderSize+12, 2, 9), "ends at"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var e Event
			err := e.Decode(tt.raw)
			if !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Decode: got %v, want %q", err, tt.want)
			}
			if _, ok := e.Param(0); ok || e.NumParams() != 0 {
				t.Error("a failed Decode left parameters")
			}
		})
	}
}

func TestDecodeOldAndNew(t *testing.T) {
	var e Event
	short := Append(nil, schema.EvSyscallOpenat_2_X, 1, 1, U32(3), nil)
	if err := e.Decode(short); err != nil {
		t.Fatal(err)
	}
	if v, ok := e.Int(0); !ok || v != 3 || e.NumParams() != 2 {
		t.Errorf("short event: fd %d %v, %d parameters", v, ok, e.NumParams())
	}
	minus := Append(nil, schema.EvSyscallOpenat_2_X, 1, 1, binary.LittleEndian.AppendUint32(nil, 0xfffffffe))
	if err := e.Decode(minus); err != nil {
		t.Fatal(err)
	}
	if v, _ := e.Res(); v != -2 {
		t.Errorf("narrow negative result: got %d", v)
	}
	long := Append(nil, schema.EvSyscallCloseX, 1, 1, I64(0), I64(5), []byte("new"), []byte("tail"))
	if err := e.Decode(long); err != nil {
		t.Fatal(err)
	}
	if v, _ := e.Int(1); v != 5 || e.NumParams() != 2 {
		t.Errorf("long event: fd %d, %d parameters", v, e.NumParams())
	}
}

func TestLargePayload(t *testing.T) {
	big := make([]byte, 1<<17)
	var e Event
	if err := e.Decode(Append(nil, schema.EvPlugineventE, 1, 1, U32(2), big)); err != nil {
		t.Fatal(err)
	}
	if b, _ := e.Param(1); len(b) != len(big) {
		t.Errorf("got %d bytes", len(b))
	}
}

func TestRes(t *testing.T) {
	tests := []struct {
		name string
		raw  []byte
		want int64
		ok   bool
	}{
		{"fd", openat(-13, "/x"), -13, true},
		{"unsigned", Append(nil, schema.EvSyscallGetuidX, 1, 1, U32(1000)), 1000, true},
		{"empty", Append(nil, schema.EvSyscallCloseX, 1, 1, nil), 0, false},
		{"generic", Append(nil, schema.EvGenericX, 1, 1, U16(10), U16(5)), 0, false},
		{"tracepoint", Append(nil, schema.EvProcexit1E, 1, 1, I64(0)), 0, false},
		{"enter", Append(nil, schema.EvSyscallOpenE, 1, 1, Str("/x")), 0, false},
		{"none", Append(nil, schema.EvSyscallCloseX, 1, 1), 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var e Event
			if err := e.Decode(tt.raw); err != nil {
				t.Fatal(err)
			}
			if got, ok := e.Res(); got != tt.want || ok != tt.ok {
				t.Errorf("Res: got %d %v, want %d %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestGenericSC(t *testing.T) {
	var e Event
	if err := e.Decode(Append(nil, schema.EvGenericX, 1, 1, U16(uint16(schema.SCSync)), U16(162))); err != nil {
		t.Fatal(err)
	}
	if e.SC != schema.SCSync {
		t.Errorf("SC: got %v", e.SC)
	}
}

func TestAddresses(t *testing.T) {
	v4a, v4b := netip.MustParseAddrPort("10.0.0.1:1000"), netip.MustParseAddrPort("10.0.0.2:80")
	v6a, v6b := netip.MustParseAddrPort("[::1]:1"), netip.MustParseAddrPort("[fe80::2]:65535")
	tup, ok := ParseTuple(TupleInet(v4a, v4b))
	if !ok || netip.AddrPortFrom(tup.SIP, tup.SPort) != v4a || netip.AddrPortFrom(tup.DIP, tup.DPort) != v4b {
		t.Errorf("v4 tuple: got %+v %v", tup, ok)
	}
	tup, ok = ParseTuple(TupleInet(v6a, v6b))
	if !ok || netip.AddrPortFrom(tup.SIP, tup.SPort) != v6a || netip.AddrPortFrom(tup.DIP, tup.DPort) != v6b {
		t.Errorf("v6 tuple: got %+v %v", tup, ok)
	}
	tup, ok = ParseTuple(TupleUnix(0x1f, 0x2a, "/run/a"))
	if !ok || tup.Source != 0x1f || tup.Dest != 0x2a || string(tup.Path) != "/run/a" {
		t.Errorf("unix tuple: got %+v %v", tup, ok)
	}
	a, ok := ParseSockaddr(SockaddrInet(v6b))
	if !ok || netip.AddrPortFrom(a.IP, a.Port) != v6b {
		t.Errorf("v6 address: got %+v %v", a, ok)
	}
	a, ok = ParseSockaddr(SockaddrUnix("/run/a"))
	if !ok || string(a.Path) != "/run/a" {
		t.Errorf("unix address: got %+v %v", a, ok)
	}
	for _, cut := range [][]byte{nil, {2, 1, 2, 3, 4, 0}, {10, 1}, {2}} {
		if a, ok := ParseSockaddr(cut); ok {
			t.Errorf("cut address %v: got %+v", cut, a)
		}
	}
	for _, cut := range [][]byte{nil, {2, 1, 2, 3, 4, 0, 1}, {1, 2, 3}, TupleInet(v6a, v6b)[:36]} {
		if a, ok := ParseTuple(cut); ok {
			t.Errorf("cut tuple %v: got %+v", cut, a)
		}
	}
}

func TestLists(t *testing.T) {
	tests := []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"a\x00b\x00", []string{"a", "b"}},
		{"a\x00b", []string{"a", "b"}},
		{"\x00\x00", []string{"", ""}},
		{"-c\x00\x00x\x00", []string{"-c", "", "x"}},
	}
	for _, tt := range tests {
		var got []string
		for s, rest, ok := NextString([]byte(tt.in)); ok; s, rest, ok = NextString(rest) {
			got = append(got, string(s))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("NextString(%q): %s", tt.in, diff)
		}
		if n := NumStrings([]byte(tt.in)); n != len(tt.want) {
			t.Errorf("NumStrings(%q): got %d", tt.in, n)
		}
	}
}

func TestFDList(t *testing.T) {
	var e Event
	if err := e.Decode(Append(nil, schema.EvSyscallPollX, 1, 1, I64(1), FDs(FDEntry{4, 64}, FDEntry{-1, 1}), I64(0))); err != nil {
		t.Fatal(err)
	}
	l, ok := e.FDList(1)
	if !ok || l.Len() != 2 {
		t.Fatalf("FDList: got %v %v", l, ok)
	}
	if fd, flags := l.At(1); fd != -1 || flags != 1 {
		t.Errorf("At(1): got %d %d", fd, flags)
	}
	if FDList(nil).Len() != 0 {
		t.Error("empty list has entries")
	}
	if err := e.Decode(Append(nil, schema.EvSyscallPollX, 1, 1, I64(1), []byte{9, 0, 1, 2}, I64(0))); err != nil {
		t.Fatal(err)
	}
	if l, ok := e.FDList(1); ok {
		t.Errorf("cut list: got %v", l)
	}
}

func TestDyn(t *testing.T) {
	raw := Append(nil, schema.EvSyscallPtraceX, 1, 1, I64(0), append(U8(0), U64(4096)...), append(U8(1), 9), U16(1), I64(2))
	var e Event
	if err := e.Decode(raw); err != nil {
		t.Fatal(err)
	}
	d, b, ok := e.Dyn(1)
	if v, _ := DecodeInt(d.Type, b); !ok || d.Type != schema.PTUint64 || v != 4096 {
		t.Errorf("Dyn(1): got %v %d %v", d.Type, v, ok)
	}
	d, b, ok = e.Dyn(2)
	if !ok || d.Type != schema.PTSigType || b[0] != 9 {
		t.Errorf("Dyn(2): got %v %v %v", d.Type, b, ok)
	}
	if _, _, ok := e.Dyn(0); ok {
		t.Error("Dyn of a plain parameter: got one")
	}
}

func TestNames(t *testing.T) {
	if s, ok := ErrnoName(-2); s != "ENOENT" || !ok {
		t.Errorf("ErrnoName(-2): got %q %v", s, ok)
	}
	for _, v := range []int64{0, 3, -41, -5000, -1 << 63} {
		if s, ok := ErrnoName(v); ok {
			t.Errorf("ErrnoName(%d): got %q", v, s)
		}
	}
	if v, ok := ParseErrno("-EACCES"); v != -13 || !ok {
		t.Errorf("ParseErrno: got %d %v", v, ok)
	}
	if s, ok := SignalName(17); s != "SIGCHLD" || !ok {
		t.Errorf("SignalName(17): got %q %v", s, ok)
	}
	if _, ok := SignalName(0); ok {
		t.Error("SignalName(0): got one")
	}
}

func TestDecodeAllocs(t *testing.T) {
	raw := openat(-2, "/etc/ld.so.preload")
	poll := Append(nil, schema.EvSyscallPollX, 1, 1, I64(1), FDs(FDEntry{4, 64}), I64(0))
	conn := Append(nil, schema.EvSocketConnectX, 1, 1, I64(0), TupleInet(netip.MustParseAddrPort("[::1]:1"), netip.MustParseAddrPort("[::1]:2")), I64(3), nil)
	var e Event
	if n := testing.AllocsPerRun(100, func() {
		for _, b := range [][]byte{raw, poll, conn} {
			if err := e.Decode(b); err != nil {
				t.Fatal(err)
			}
			e.Str(2)
			e.Res()
			e.FDList(1)
			e.Tuple(1)
		}
	}); n != 0 {
		t.Errorf("got %v allocations", n)
	}
}
