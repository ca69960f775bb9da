// SPDX-License-Identifier: Apache-2.0

package event

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/schema"
)

type values = map[string]string

func TestEncode(t *testing.T) {
	tests := []struct {
		name   string
		typ    schema.EventType
		values values
		want   [][]byte
	}{
		{"open flags", schema.EvSyscallOpenX,
			values{"fd": "3", "name": "/etc/shadow", "flags": "O_RDONLY|O_CLOEXEC", "mode": "0644", "dev": "0xfe00"},
			[][]byte{I64(3), Str("/etc/shadow"), U32(4097), U32(0o644), U32(0xfe00), {}}},
		{"errno", schema.EvSyscallOpenX, values{"fd": "ENOENT"}, [][]byte{I64(-2), {}, {}, {}, {}, {}}},
		{"no value", schema.EvSyscallOpenX, values{"fd": "<NA>", "name": ""}, [][]byte{{}, Str(""), {}, {}, {}, {}}},
		{"dirfd", schema.EvSyscallUnlinkat2X, values{"res": "0", "dirfd": "AT_FDCWD", "name": "x", "flags": "0"},
			[][]byte{I64(0), I64(-100), Str("x"), U32(0)}},
		{"tuple", schema.EvSocketConnectX, values{"res": "-EINPROGRESS", "tuple": "10.0.0.1:1000->10.0.0.2:80", "fd": "5", "addr": "10.0.0.2:80"},
			[][]byte{I64(-115), {2, 10, 0, 0, 1, 0xe8, 3, 10, 0, 0, 2, 80, 0}, I64(5), {2, 10, 0, 0, 2, 80, 0}}},
		{"unix tuple", schema.EvSocketConnectX, values{"tuple": "1f->2a /run/a", "addr": "/run/a"},
			[][]byte{{}, TupleUnix(0x1f, 0x2a, "/run/a"), {}, SockaddrUnix("/run/a")}},
		{"fd list", schema.EvSyscallPollX, values{"fds": "4:64, 5:1 6"}, [][]byte{{}, FDs(FDEntry{4, 64}, FDEntry{5, 1}, FDEntry{6, 0}), {}}},
		{"signal", schema.EvSyscallKillX, values{"sig": "SIGKILL", "pid": "-1"}, [][]byte{{}, I64(-1), {9}}},
		{"dyn", schema.EvSyscallPtraceX, values{"addr": "0x10", "data": "1:SIGSTOP", "request": "PTRACE_ATTACH"},
			[][]byte{{}, append([]byte{0}, U64(16)...), {1, 19}, {11, 0}, {}}},
		{"generic", schema.EvGenericX, values{"ID": "sync", "nativeID": "162"}, [][]byte{U16(uint16(schema.SCSync)), U16(162)}},
		{"buffer", schema.EvSyscallWriteX, values{"data": "a 'b'"}, [][]byte{{}, []byte("a 'b'"), {}, {}}},
		{"time", schema.EvSyscallNanosleepX, values{"interval": "1.5s"}, [][]byte{{}, U64(1500000000)}},
		{"user", schema.EvSyscallSetuidX, values{"uid": "-1"}, [][]byte{{}, U32(0xffffffff)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := Encode(nil, tt.typ, 1, 2, tt.values)
			if err != nil {
				t.Fatal(err)
			}
			var e Event
			if err := e.Decode(raw); err != nil {
				t.Fatal(err)
			}
			var got [][]byte
			for i := range e.NumParams() {
				b, _ := e.Param(i)
				got = append(got, b)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Encode: %s", diff)
			}
		})
	}
}

func TestEncodeWords(t *testing.T) {
	tests := []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"  -l   /tmp ", []string{"-l", "/tmp"}},
		{`-c 'cat /etc/shadow' ""`, []string{"-c", "cat /etc/shadow", ""}},
		{`a"b c"d`, []string{"ab cd"}},
		{`"it's"`, []string{"it's"}},
	}
	for _, tt := range tests {
		raw, err := Encode(nil, schema.EvSyscallExecve19X, 1, 1, values{"args": tt.in})
		if err != nil {
			t.Fatal(err)
		}
		var e Event
		if err := e.Decode(raw); err != nil {
			t.Fatal(err)
		}
		b, _ := e.Param(2)
		if diff := cmp.Diff(string(Strs(tt.want...)), string(b)); diff != "" {
			t.Errorf("args=%s: %s", tt.in, diff)
		}
	}
}

func TestEncodeErrors(t *testing.T) {
	tests := []struct {
		name   string
		typ    schema.EventType
		values values
		want   string
	}{
		{"unknown parameter", schema.EvSyscallOpenX, values{"nmae": "/x", "fd": "1"}, "encode open: no parameter nmae (it has [fd name flags mode dev ino])"},
		{"unknown flag", schema.EvSyscallOpenX, values{"flags": "O_RDONLY|O_NOPE"}, `encode open: parameter flags: "O_NOPE" is no flag of file_flags`},
		{"no number", schema.EvSyscallOpenX, values{"fd": "three"}, "parameter fd: "},
		{"too wide", schema.EvSyscallOpenX, values{"mode": "0x100000000"}, "parameter mode: "},
		{"no tuple", schema.EvSocketConnectX, values{"tuple": "10.0.0.1:1"}, "parameter tuple: "},
		{"mixed tuple", schema.EvSocketConnectX, values{"tuple": "10.0.0.1:1->[::1]:2"}, "mixes address families"},
		{"no address", schema.EvSocketBindX, values{"addr": "localhost"}, "parameter addr: "},
		{"open quote", schema.EvSyscallExecve19X, values{"args": "-c 'x"}, "missing closing '"},
		{"choice", schema.EvSyscallPtraceX, values{"data": "7:1"}, "choice 7 of 2"},
		{"too long", schema.EvSyscallOpenX, values{"name": strings.Repeat("a", 65536)}, "at most 65535 fit"},
		{"unknown type", schema.NumEvents, nil, "unknown type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Encode(nil, tt.typ, 1, 2, tt.values)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Encode: got %v, want %q", err, tt.want)
			}
		})
	}
}

// Every row of the table can be encoded empty and is decoded with all its
// parameters.
func TestEncodeEveryRow(t *testing.T) {
	for typ := range schema.EventType(schema.NumEvents) {
		raw, err := Encode(nil, typ, 1, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		var e Event
		if err := e.Decode(raw); err != nil || e.NumParams() != len(typ.Info().Params) {
			t.Errorf("%s: %v, %d parameters", typ, err, e.NumParams())
		}
	}
}
