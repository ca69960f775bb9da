// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/internal/ringtest"
)

// TestCorrupt damages the second record of ring 0 in every way there is. The
// first comes out, the ring ends there, the other ring goes on.
func TestCorrupt(t *testing.T) {
	const (
		second  = 40 // where the damaged record begins
		lenOff  = second + 8 + 16
		flagOff = second + 4
		extOff  = second + 8 + 26
	)
	u16, u32 := binary.NativeEndian.PutUint16, binary.NativeEndian.PutUint32
	tests := []struct {
		name   string
		path   []byte
		damage func(data []byte, p *ringtest.Producer)
		want   string
	}{
		{"no length", nil, func(d []byte, _ *ringtest.Producer) { u32(d[lenOff:], 0) }, "event of 0 bytes"},
		{"shorter than its header", nil, func(d []byte, _ *ringtest.Producer) { u32(d[lenOff:], 25) }, "event of 25 bytes"},
		{"past the head", nil, func(d []byte, _ *ringtest.Producer) { u32(d[lenOff:], 33) }, "event of 33 bytes, with 32 left"},
		{"huge", nil, func(d []byte, _ *ringtest.Producer) { u32(d[lenOff:], 0xffffffff) }, "event of 4294967295 bytes"},
		{"head inside a record", nil, func(_ []byte, p *ringtest.Producer) { p.SetHead(second + 32) }, "32 bytes are too few"},
		{"head back", nil, func(_ []byte, p *ringtest.Producer) { p.SetHead(^uint64(7)) }, "head 18446744073709551608"},
		{"head unaligned", nil, func(_ []byte, p *ringtest.Producer) { p.SetHead(second + 36) }, "head 76"},
		{"head beyond the ring", nil, func(_ []byte, p *ringtest.Producer) { p.SetHead(4096 + 8) }, "head 4104"},
		{"ext missing", nil, func(d []byte, _ *ringtest.Producer) { u16(d[flagOff:], abi.RecExt); u32(d[lenOff:], 30) }, "without an end"},
		{"ext without end", []byte("/12345"), func(d []byte, _ *ringtest.Producer) { u16(d[extOff+10:], 9) }, "without an end"},
		{"ext past the head", []byte("/x"), func(d []byte, _ *ringtest.Producer) { u16(d[extOff+2:], 60000) }, "extension of 60000 bytes"},
		{"ext end with length", []byte("/x"), func(d []byte, _ *ringtest.Producer) { u16(d[extOff:], 0) }, "extensions end with length 2"},
		{"drop without ext", nil, func(d []byte, _ *ringtest.Producer) { u16(d[flagOff:], abi.RecDrop) }, "extensions end with length 0"},
		{"drop with another ext", []byte("/x"), func(d []byte, _ *ringtest.Producer) { u16(d[flagOff:], abi.RecDrop|abi.RecExt) }, "extensions end with length 0"},
		{"drop too short", []byte("/x"), func(d []byte, _ *ringtest.Producer) {
			u16(d[flagOff:], abi.RecDrop|abi.RecExt)
			u16(d[extOff:], abi.ExtTypeDrop)
		}, "drop extension of 2 bytes"},
		{"drop in an event", []byte(strings.Repeat("x", 48)), func(d []byte, _ *ringtest.Producer) { u16(d[extOff:], abi.ExtTypeDrop) }, "drop extension of 48 bytes"},
		{"padding past the head", nil, func(d []byte, p *ringtest.Producer) { u32(d[lenOff:], 30) }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, ps := newTestReader(t, later, 2, 4096)
			put(t, ps[0], 1)
			ps[0].Put(ringtest.Record{Event: ringtest.EventBytes(1, 2, 7), Path: tt.path})
			put(t, ps[1], 3)
			_, _, data := ps[0].Pages()
			tt.damage(data, ps[0])
			got := collect(t, r)
			err := r.Stats().Corrupt[0]
			if tt.want == "" {
				if err != nil || got != "0:1 0:2 1:3" {
					t.Errorf("got %q, %v, want no error", got, err)
				}
				return
			}
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) || corrupt.CPU != 0 || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Corrupt: got %v, want %q", err, tt.want)
			}
			if got != "0:1 1:3" && got != "1:3" {
				t.Errorf("got %q, want the records before it and the other ring", got)
			}
			checkEnded(t, r, ps)
		})
	}
}

// checkEnded: nothing of ring 0 comes any more, nor does it keep poll readable.
func checkEnded(t *testing.T, r *Reader, ps []*ringtest.Producer) {
	t.Helper()
	ps[0].SetHead(ps[0].Head())
	collect(t, r)
	put(t, ps[0], 4)
	put(t, ps[1], 5)
	if got, want := collect(t, r), "1:5"; got != want {
		t.Errorf("then: got %q, want %q", got, want)
	}
	r.Sleep()
	if !r.Empty() || ps[0].Sleeping() || ps[0].Tail() != ps[0].Head() {
		t.Errorf("ended ring: empty %v, sleeping %v, tail %d, head %d", r.Empty(), ps[0].Sleeping(), ps[0].Tail(), ps[0].Head())
	}
}

// TestUnknownExtension: a newer module may add extensions and grow known ones.
func TestUnknownExtension(t *testing.T) {
	b := make([]byte, prefixLen)
	b = append(b, ringtest.EventBytes(1, 9, 7)...)
	b[4] = abi.RecExt | abi.RecDrop
	ext := func(kind uint16, val []byte) {
		b = binary.NativeEndian.AppendUint16(b, kind)
		b = binary.NativeEndian.AppendUint16(b, uint16(len(val)))
		b = append(b, val...)
	}
	drop := make([]byte, dropLen+16)
	drop[16] = 3
	ext(77, []byte("new"))
	ext(abi.ExtTypeDrop, drop)
	ext(abi.ExtTypeEnd, nil)
	for len(b)%align != 0 {
		b = append(b, 0)
	}
	var rec Record
	n, err := rec.parse(b)
	if n != len(b) || err != nil || rec.Drop.Full != 3 || rec.Event != nil {
		t.Errorf("parse: got %d, %v, %+v, want %d bytes and 3 lost", n, err, rec, len(b))
	}
	if _, err := rec.parse(b[:len(b)-8]); err == nil {
		t.Error("parse of a record without its padding: no error")
	}
}
