// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"bytes"
	"testing"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// FuzzReader reads whatever there is, and lets a state make something of it.
func FuzzReader(f *testing.F) {
	plain := join(section(),
		block(typeMachine, make([]byte, 180)),
		block(typeUsers, join(entry(uint8(0), uint32(1000), uint32(100), "alice", "/home/alice", "/bin/sh"), entry(uint8(1), uint32(100), "users"))),
		block(0x219, ifaces()),
		block(typeThreads, join(entry(threadEntry(9, 10), make([]byte, 90)), entry(threadEntry(9, 11)))),
		block(0x213, threadEntry(7, 12)),
		block(0x202, threadEntry(1, 13)),
		block(typeFDs, bin(uint64(10), entry(uint64(3), uint64(9), uint8(3), make([]byte, 13)), entry(uint64(4), uint64(9), uint8(16), uint32(1), "/x", uint32(8)))),
		block(0x203, bin(uint64(10), uint64(5), uint64(9), uint8(8), uint64(1), uint64(2), "/run/x")),
		eventBlock(ev(schema.EvSyscallReadE, 10, event.I64(3), event.U32(10))),
		eventBlock(ev(schema.EvSyscallReadX, 10, event.I64(2), []byte("ab"))),
		block(0x204, bin(uint16(0), oldEvent(closeEvent(10, 3)))),
		block(typeFlagged, bin(uint16(0), uint32(1), closeEvent(10, 4))),
		block(0x222, bin(uint16(0), uint32(0), ev(schema.EvSyscallExecve8X, 10, event.I64(0), event.Str("ls"), event.Str("-l"), event.I64(10), event.I64(10), event.I64(1), event.Str("/"), event.U64(1)))),
	)
	f.Add(plain)
	f.Add(packed(f, plain))
	f.Add(join(plain, plain))
	f.Add(plain[:len(plain)-5])
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := NewReader(bytes.NewReader(file), func() *state.State {
			return state.New(state.Options{MaxThreads: 100, MaxBytes: 1 << 20})
		})
		if err != nil {
			return
		}
		var e state.Event
		for range 10_000 {
			if r.Next(&e.Event) != nil {
				break
			}
			r.State().Update(&e)
			r.State().Done(&e)
		}
		if n := len(r.in.buf); n > 4*startBuffer && n > 4*len(file) && !packedFile(file) {
			t.Errorf("a buffer of %d bytes for a file of %d", n, len(file))
		}
	})
}

func packedFile(file []byte) bool { return len(file) > 1 && file[0] == 0x1f && file[1] == 0x8b }
