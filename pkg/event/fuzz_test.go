// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"testing"

	"github.com/eyas-security/eyas/pkg/schema"
)

// FuzzDecode calls every accessor on whatever Decode accepts, then encodes the
// parameters again: header, lengths and bytes must come out as they went in.
func FuzzDecode(f *testing.F) {
	f.Add(openat(3, "/etc/shadow"))
	f.Add(Append(nil, schema.EvSyscallPollX, 1, 1, I64(1), FDs(FDEntry{4, 64}), I64(0)))
	f.Add(Append(nil, schema.EvSocketConnectX, 1, 1, I64(0), []byte{10, 1, 2}, I64(3), SockaddrUnix("/x")))
	f.Add(Append(nil, schema.EvSyscallPtraceX, 1, 1, I64(0), []byte{0, 1}, []byte{1, 9}))
	f.Add(Append(nil, schema.EvPlugineventE, 1, 1, U32(1), []byte("data")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var e Event
		if e.Decode(raw) != nil {
			return
		}
		e.Res()
		params := make([][]byte, e.NumParams())
		for i := range params {
			params[i], _ = e.Param(i)
			touch(&e, i, params[i])
		}
		again := Append(nil, e.Type, e.TS, e.TID, params...)
		var e2 Event
		if err := e2.Decode(again); err != nil {
			t.Fatalf("decode what was encoded: %v", err)
		}
		if e2.TS != e.TS || e2.TID != e.TID || e2.NumParams() != e.NumParams() {
			t.Fatal("header changed")
		}
		for i := range params {
			if b, _ := e2.Param(i); !bytes.Equal(b, params[i]) {
				t.Fatalf("parameter %d: got %x, want %x", i, b, params[i])
			}
		}
	})
}

func touch(e *Event, i int, b []byte) {
	e.Int(i)
	e.Uint(i)
	e.Str(i)
	e.Tuple(i)
	e.Sockaddr(i)
	e.Dyn(i)
	if l, ok := e.FDList(i); ok {
		for j := range l.Len() {
			l.At(j)
		}
	}
	for _, rest, ok := NextString(b); ok; _, rest, ok = NextString(rest) {
		_ = rest
	}
}

// FuzzEncode gives every parameter of a row the same text: what encodes must
// decode, and nothing may panic.
func FuzzEncode(f *testing.F) {
	for _, text := range []string{"3", "/x", "O_RDONLY|4", "10.0.0.1:1->10.0.0.2:2", "1:SIGKILL", "4:1,5", "-c 'x'", "1f->2a /x", "<NA>", "1.5s"} {
		f.Add(uint16(schema.EvSyscallPtraceX), text)
		f.Add(uint16(schema.EvSocketConnectX), text)
	}
	f.Fuzz(func(t *testing.T, typ uint16, text string) {
		info := schema.EventType(typ).Info()
		if info == nil {
			return
		}
		for i := range info.Params {
			raw, err := Encode(nil, info.Type, 1, 1, map[string]string{info.Params[i].Name: text})
			if err != nil {
				continue
			}
			var e Event
			if err := e.Decode(raw); err != nil {
				t.Fatal(err)
			}
			b, _ := e.Param(i)
			touch(&e, i, b)
		}
	})
}
