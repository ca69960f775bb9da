// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"encoding/binary"
	"math"
	"net/netip"

	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Bounds of texts that readers have.
const (
	maxHostname = 128
	maxText     = 1024 - 1
	maxUserText = 256 - 1
)

// listBlock is where a long list goes on in another block.
const listBlock = 1 << 20

// field appends bytes behind their length.
func field[T string | []byte](b []byte, v T, most int) []byte {
	v = v[:min(len(v), most)]
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(v))), v...)
}

func listField(b []byte, list []string) []byte {
	at := len(b)
	b = append(b, 0, 0)
	for _, v := range list {
		if len(b)-at-2+len(v)+1 > maxList {
			break
		}
		b = append(append(b, v...), 0)
	}
	binary.LittleEndian.PutUint16(b[at:], uint16(len(b)-at-2))
	return b
}

func u32s(b []byte, vals ...uint32) []byte {
	for _, v := range vals {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

func u64s[T int64 | uint64](b []byte, vals ...T) []byte {
	for _, v := range vals {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return b
}

// appendEntry appends an entry behind its length.
func appendEntry(b []byte, fill func([]byte) []byte) []byte {
	at := len(b)
	b = fill(append(b, 0, 0, 0, 0))
	binary.LittleEndian.PutUint32(b[at:], uint32(len(b)-at))
	return b
}

// Kinds of entries in a list of interfaces.
const (
	kindIPv4 = 1
	kindIPv6 = 2

	kindIPv4NoSpeed = 3 // not written any more
	kindIPv6NoSpeed = 4
)

// appendInterface appends an entry, whose length does not count itself: kind,
// address, mask, broadcast, speed, name.
func appendInterface(b []byte, i *state.Interface) []byte {
	kind, addr := uint16(kindIPv4), i.Prefix.Addr()
	if addr.Is6() {
		kind = kindIPv6
	}
	ip := addr.AsSlice()
	mask, broadcast := make([]byte, len(ip)), make([]byte, len(ip))
	for n := range ip {
		bits := min(max(i.Prefix.Bits()-8*n, 0), 8)
		mask[n] = byte(0xff << (8 - bits))
		if kind == kindIPv4 {
			broadcast[n] = ip[n] | ^mask[n]
		}
	}
	name := i.Name[:min(len(i.Name), maxText)]
	b = u32s(b, uint32(2+2+3*len(ip)+8+len(name)))
	b = binary.LittleEndian.AppendUint16(b, kind)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(name)))
	b = append(append(append(b, ip...), mask...), broadcast...)
	return append(u64s[uint64](b, 0), name...)
}

// interfaces come before the descriptors, whose ends readers tell apart by them.
func appendInterfaces(b []byte, st *state.State) []byte {
	list := st.Interfaces()
	for i := range list {
		b = appendInterface(b, &list[i])
	}
	return b
}

func appendUsers(b []byte, st *state.State) []byte {
	for u := range st.Users() {
		b = appendEntry(b, func(b []byte) []byte {
			b = u32s(append(b, kindUser), u.UID, u.GID)
			return field(field(field(b, u.Name, maxUserText), u.Home, maxUserText), u.Shell, maxUserText)
		})
	}
	for gid, name := range st.Groups() {
		b = appendEntry(b, func(b []byte) []byte { return field(u32s(append(b, kindUser+1), gid), name, maxUserText) })
	}
	return b
}

// list writes a list, unless it is empty.
func (w *Writer) list(number uint32, body []byte) {
	if len(body) > 0 {
		w.block(number, body)
	}
}

// split writes a list that is long enough for a block, and returns what is left.
func (w *Writer) split(number uint32, body []byte) []byte {
	if len(body) <= listBlock {
		return body
	}
	w.block(number, body)
	return body[:0]
}

func (w *Writer) threads(st *state.State) {
	b := w.body[:0]
	st.Threads(func(t *state.Thread) bool {
		b = w.split(typeThreads, appendThread(b, t))
		return w.err == nil
	})
	w.list(typeThreads, b)
	st.Threads(func(t *state.Thread) bool {
		b = appendFDs(b[:0], t, math.MaxInt, w.plain)
		w.block(typeFDs, b)
		return w.err == nil
	})
	w.body = b
}

// appendFDs appends the list of one thread, up to so many; with plain types that
// older readers know alone. The main thread has those of all.
func appendFDs(b []byte, t *state.Thread, most int, plain bool) []byte {
	b = u64s(b, t.TID)
	if !t.IsMain() {
		return b
	}
	n := 0
	for fd := range t.FDs() {
		if n++; n > most {
			break
		}
		if plain && fd.Type > plainFDs {
			b = appendFD(b, &state.FD{Num: fd.Num, Ino: fd.Ino, Type: state.FDUnsupported, Name: fd.Name})
			continue
		}
		b = appendFD(b, fd)
	}
	return b
}

func appendThread(b []byte, t *state.Thread) []byte {
	return appendEntry(b, func(b []byte) []byte { return appendThreadFields(b, t) })
}

func appendThreadFields(b []byte, t *state.Thread) []byte {
	b = u64s(b, t.TID, t.PID, t.PTID, t.SID, t.VPGID)
	b = field(field(field(b, t.Comm, maxText), t.Exe, maxText), t.ExePath, maxText)
	b = field(listField(b, t.Args), t.Cwd, maxText)
	b = u32s(u64s(b, t.FDLimit), t.Flags, t.UID, t.GID, t.VMSize, t.VMRSS, t.VMSwap)
	b = listField(u64s(b, t.PFMajor, t.PFMinor), t.Env)
	b = listField(u64s(b, t.VTID, t.VPID), t.Cgroups)
	b = field(b, t.Root, maxText)
	b = u32s(u64s(b, t.PidNSStart), t.TTY, t.LoginUID)
	flag := func(b []byte, bit uint32) []byte {
		if t.ExeFlags&bit != 0 {
			return append(b, 1)
		}
		return append(b, 0)
	}
	b = u64s(flag(b, schema.PPM_EXE_WRITABLE), t.CapInheritable, t.CapPermitted, t.CapEffective)
	b = u64s(flag(b, schema.PPM_EXE_UPPER_LAYER), t.ExeIno, t.ExeCtime, t.ExeMtime)
	b = flag(flag(b, schema.PPM_EXE_FROM_MEMFD), schema.PPM_EXE_LOWER_LAYER)
	return u64s(b, t.PGID)
}

// appendFD appends an entry; nothing for a descriptor of which nothing is known.
func appendFD(b []byte, fd *state.FD) []byte {
	if fd.Type == state.FDUnknown {
		return b
	}
	return appendEntry(b, func(b []byte) []byte {
		b = append(u64s(u64s(b, fd.Num), fd.Ino), byte(fd.Type))
		switch fd.Type {
		case state.FDIPv4Sock, state.FDIPv6Sock:
			b = appendAddr(appendAddr(b, fd.SIP, fd.Type), fd.DIP, fd.Type)
			b = binary.LittleEndian.AppendUint16(b, fd.SPort)
			return append(binary.LittleEndian.AppendUint16(b, fd.DPort), byte(fd.L4))
		case state.FDIPv4ServSock, state.FDIPv6ServSock:
			b = appendAddr(b, fd.DIP, fd.Type)
			return append(binary.LittleEndian.AppendUint16(b, fd.DPort), byte(fd.L4))
		case state.FDUnixSock:
			return field(u64s(b, fd.UnixSource, fd.UnixDest), fd.Name, maxText)
		case state.FDFileV2:
			return u32s(field(u32s(b, fd.Flags), fd.Name, maxText), fd.Dev)
		}
		return field(b, fd.Name, maxText)
	})
}

// appendAddr appends an address; zeros where it is not known.
func appendAddr(b []byte, ip netip.Addr, t state.FDType) []byte {
	if !ip.IsValid() {
		ip = netip.IPv6Unspecified()
	}
	a := ip.As16()
	if t == state.FDIPv4Sock || t == state.FDIPv4ServSock {
		return append(b, a[12:]...)
	}
	return append(b, a[:]...)
}
