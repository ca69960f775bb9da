// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
)

func TestConversion(t *testing.T) {
	readE := ev(schema.EvSyscallReadE, 1, event.I64(3), event.U32(10))
	readX := ev(schema.EvSyscallReadX, 1, event.I64(2), []byte("ab"))
	whole := ev(schema.EvSyscallReadX, 1, event.I64(2), []byte("ab"), event.I64(3), event.U32(10))
	alone := ev(schema.EvSyscallReadX, 1, event.I64(2), []byte("ab"), event.I64(0), event.U32(0))
	tests := []struct {
		name string
		in   [][]byte
		want [][]byte
	}{
		{"current", [][]byte{whole}, [][]byte{whole}},
		{"pair", [][]byte{readE, readX}, [][]byte{whole}},
		{"no enter event", [][]byte{readX}, [][]byte{alone}},
		{"enter event of another thread", [][]byte{ev(schema.EvSyscallReadE, 2, event.I64(3), event.U32(10)), readX}, [][]byte{alone}},
		{"enter event of another call", [][]byte{ev(schema.EvSyscallCloseE, 1, event.I64(3)), readX}, [][]byte{alone}},
		{"enter event is used once", [][]byte{readE, readX, readX}, [][]byte{whole, alone}},
		{"the later enter event counts", [][]byte{ev(schema.EvSyscallReadE, 1, event.I64(9), event.U32(9)), readE, readX}, [][]byte{whole}},
		{"unused", [][]byte{ev(schema.EventType(schema.EvProcexitX), 1), whole}, [][]byte{whole}},
		{"enter that passes", [][]byte{ev(schema.EvSyscallOpenE, 1)}, [][]byte{ev(schema.EvSyscallOpenE, 1, nil, nil, nil)}},
		{"two rounds", [][]byte{ev(schema.EvSyscallOpenX, 1, event.I64(3), event.Str("/x"), event.U32(1), event.U32(0))},
			[][]byte{ev(schema.EvSyscallOpenX, 1, event.I64(3), event.Str("/x"), event.U32(1), event.U32(0), nil, nil)}},
		{"container", [][]byte{ev(schema.EvContainerE, 1, event.Str("c0ffee"), event.U32(0), event.Str("web"), event.Str("nginx:1"))},
			[][]byte{ev(schema.EvContainerJson2E, 1, event.Str(`{"id":"c0ffee","type":0,"name":"web","image":"nginx:1"}`))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := section()
			for _, raw := range tt.in {
				file = join(file, eventBlock(raw))
			}
			want := section()
			for _, raw := range tt.want {
				want = join(want, eventBlock(raw))
			}
			got, _ := mustRead(t, file)
			direct, _ := mustRead(t, want)
			if d := cmp.Diff(direct, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestConversionErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		raw  []byte
		want string
	}{
		"too many parameters": {ev(schema.EvSyscallCloseX, 1, nil, nil, nil), "PPME_SYSCALL_CLOSE_X with 3 parameters"},
		"no rule":             {ev(schema.EvSyscallReadE, 1), "PPME_SYSCALL_READ_E with 0 parameters: no rule of conversion"},
	} {
		_, _, err := readAll(t, join(section(), eventBlock(closeEvent(1, 1)), eventBlock(tt.raw)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Every rule leads to an event of today in a few rounds, with or without the enter
// event before it.
func TestEveryConversion(t *testing.T) {
	c := converter{stored: map[int64]*enter{}}
	for typ := range schema.EventType(schema.NumEvents) {
		for n := range len(typ.Info().Params) + 1 {
			rule := schema.FindConversion(typ, n)
			if rule == nil {
				continue
			}
			var e event.Event
			for _, params := range [][][]byte{make([][]byte, n), filled(n, 4)} {
				if typ.IsExit() {
					if _, err := c.run(&e, ev(typ-1, 1, make([][]byte, len((typ-1).Info().Params))...)); err != nil {
						t.Errorf("%s: %v", (typ - 1).Info().Code, err)
					}
				}
				keep, err := c.run(&e, ev(typ, 1, params...))
				if err != nil {
					t.Errorf("%s with %d: %v", typ.Info().Code, n, err)
				} else if keep && e.Info().Flags&schema.EFOldVersion != 0 && e.Type.IsExit() {
					t.Errorf("%s with %d became %s", typ.Info().Code, n, e.Info().Code)
				}
			}
		}
	}
}

// filled makes parameters of some bytes.
func filled(n, size int) [][]byte {
	params := make([][]byte, n)
	for i := range params {
		params[i] = make([]byte, size)
	}
	return params
}

// Threads that never come back do not fill the memory.
func TestStoredIsBounded(t *testing.T) {
	c := converter{stored: map[int64]*enter{}}
	var e event.Event
	raw := ev(schema.EvSyscallWriteE, 1, event.I64(1), make([]byte, 60_000))
	for tid := range int64(5000) {
		raw[8], raw[9] = byte(tid), byte(tid>>8)
		if keep, err := c.run(&e, raw); keep || err != nil {
			t.Fatal(keep, err)
		}
	}
	held := 0
	for _, s := range c.stored {
		held += cap(s.raw)
	}
	if held > maxStored+1<<20 || len(c.stored) == 0 {
		t.Errorf("%d bytes in %d events", held, len(c.stored))
	}
}

func TestDefaultValue(t *testing.T) {
	for typ, want := range map[schema.ParamType][]byte{
		schema.PTUID: event.U32(0xffffffff), schema.PTGID: event.U32(0xffffffff), schema.PTFD: event.I64(0), schema.PTUint8: {0},
		schema.PTCharBuf: {}, schema.PTByteBuf: {},
	} {
		if d := cmp.Diff(want, defaultValue(typ)); d != "" {
			t.Errorf("%s (-want +got):\n%s", typ, d)
		}
	}
}
