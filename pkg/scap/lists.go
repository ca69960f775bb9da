// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"errors"
	"math/bits"
	"net/netip"
	"strings"

	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

var errShort = errors.New("an entry ends behind the end of its list")

// minEntry is what is left of a list when nothing but padding is.
const minEntry = 4

// readThreads adds a list of threads to the state.
func readThreads(st *state.State, body []byte, version uint8) error {
	c := cursor{b: body}
	for c.has(minEntry) {
		var t state.Thread
		if version >= threadsWithLen {
			entry := c.entry(0)
			t = readThread(&entry, version)
			c.short = c.short || entry.short
		} else {
			t = readThread(&c, version)
		}
		if c.short {
			return errShort
		}
		st.AddThread(t)
	}
	return nil
}

// readThread reads an entry. Fields were added over time.
func readThread(c *cursor, version uint8) state.Thread {
	t := state.Thread{VTID: -1, VPID: -1, SID: -1, PGID: -1, VPGID: -1, LoginUID: state.NoID}
	t.TID, t.PID, t.PTID = c.i64(), c.i64(), c.i64()
	if version >= 6 {
		t.SID = c.i64()
	}
	if version >= 8 {
		t.VPGID = c.i64()
	}
	t.Comm, t.Exe = c.text(), c.text()
	if version >= 7 {
		t.ExePath = c.text()
	}
	t.Args = c.list()
	t.Cwd = c.text()
	if t.Cwd != "" && !strings.HasSuffix(t.Cwd, "/") {
		t.Cwd += "/"
	}
	t.FDLimit = c.i64()
	t.Flags, t.UID, t.GID = c.u32(), c.u32(), c.u32()
	if version >= 2 {
		t.VMSize, t.VMRSS, t.VMSwap = c.u32(), c.u32(), c.u32()
		t.PFMajor, t.PFMinor = c.u64(), c.u64()
	}
	if version >= 3 {
		t.Env = c.list()
	}
	if version >= 4 {
		t.VTID, t.VPID = c.i64(), c.i64()
		t.Cgroups = c.list()
	}
	if version >= 5 {
		t.Root = c.text()
	}
	if version >= threadsWithLen {
		readThreadTail(c, &t)
	}
	return t
}

// tailWithoutStart is the most that can follow the root in an entry from before
// the two fields that were put in there.
const tailWithoutStart = 29

// readThreadTail reads what an entry has as far as its length reaches.
func readThreadTail(c *cursor, t *state.Thread) {
	if len(c.b) > tailWithoutStart {
		t.PidNSStart, t.TTY = c.u64(), c.u32()
	}
	if c.has(4) {
		t.LoginUID = c.u32()
	}
	exeFlag(c, t, schema.PPM_EXE_WRITABLE)
	if c.has(24) {
		t.CapInheritable, t.CapPermitted, t.CapEffective = c.u64(), c.u64(), c.u64()
	}
	exeFlag(c, t, schema.PPM_EXE_UPPER_LAYER)
	if c.has(24) {
		t.ExeIno, t.ExeCtime, t.ExeMtime = c.u64(), c.u64(), c.u64()
	}
	exeFlag(c, t, schema.PPM_EXE_FROM_MEMFD)
	exeFlag(c, t, schema.PPM_EXE_LOWER_LAYER)
	if c.has(8) {
		t.PGID = c.i64()
	}
}

func exeFlag(c *cursor, t *state.Thread, flag uint32) {
	if c.has(1) && c.u8() != 0 {
		t.ExeFlags |= flag
	}
}

// readFDs adds the descriptors of one thread.
func readFDs(st *state.State, body []byte, version uint8) error {
	c := cursor{b: body}
	t := st.Thread(c.i64())
	for c.has(minEntry) {
		var fd state.FD
		if version >= listsWithLen {
			entry := c.entry(0)
			fd = readFD(&entry, version)
			c.short = c.short || entry.short
		} else {
			fd = readFD(&c, version)
		}
		if c.short {
			return errShort
		}
		if t != nil {
			st.AddFD(t, fd)
		}
	}
	if c.short {
		return errShort
	}
	return nil
}

func readFD(c *cursor, version uint8) state.FD {
	fd := state.FD{Num: c.i64(), Ino: c.u64(), Type: state.FDType(c.u8())}
	switch fd.Type {
	case state.FDUnknown:
	case state.FDIPv4Sock, state.FDIPv6Sock:
		fd.SIP, fd.DIP = readAddr(c, fd.Type), readAddr(c, fd.Type)
		fd.SPort, fd.DPort, fd.L4 = c.u16(), c.u16(), state.L4Proto(c.u8())
		if fd.Connected = fd.DPort != 0; fd.SPort == 0 && !fd.Connected && fd.SIP.IsUnspecified() && fd.DIP.IsUnspecified() {
			fd.SIP, fd.DIP = netip.Addr{}, netip.Addr{} // it never had any
		}
	case state.FDIPv4ServSock, state.FDIPv6ServSock:
		fd.DIP, fd.DPort, fd.L4 = readAddr(c, fd.Type), c.u16(), state.L4Proto(c.u8())
		fd.Role = state.RoleServer
	case state.FDUnixSock:
		fd.UnixSource, fd.UnixDest, fd.Name = c.u64(), c.u64(), c.text()
	case state.FDFileV2:
		fd.Flags, fd.Name = c.u32(), c.text()
		if version >= listsWithLen && c.has(4) {
			fd.Dev = c.u32()
		}
	default:
		if fd.Type >= state.NumFDTypes {
			fd.Type = state.FDUnsupported
			break
		}
		fd.Name = c.text()
	}
	return fd
}

func readAddr(c *cursor, t state.FDType) netip.Addr {
	if t == state.FDIPv4Sock || t == state.FDIPv4ServSock {
		b := c.bytes(4)
		ip, _ := netip.AddrFromSlice(b)
		return ip
	}
	ip, _ := netip.AddrFromSlice(c.bytes(16))
	return ip
}

// Kinds of entries in a list of users.
const kindUser = 0

// readUsers adds a list of users and groups.
func readUsers(st *state.State, body []byte, version uint8) error {
	c := cursor{b: body}
	for c.has(minEntry) {
		entry := &c
		if version >= listsWithLen {
			e := c.entry(0)
			entry = &e
		}
		if entry.u8() == kindUser {
			u := state.User{UID: entry.u32(), GID: entry.u32(), Name: entry.text(), Home: entry.text(), Shell: entry.text()}
			if !entry.short {
				st.AddUser(u)
			}
		} else if gid, name := entry.u32(), entry.text(); !entry.short {
			st.AddGroup(gid, name)
		}
		if entry.short || c.short {
			return errShort
		}
	}
	return nil
}

// ifaceLen is what the length in front of an entry does not count: itself.
const ifaceLen = 4

// readInterfaces adds a list of addresses of interfaces.
func readInterfaces(st *state.State, body []byte, version uint8) error {
	c := cursor{b: body}
	for c.has(minEntry) {
		entry := &c
		if version >= listsWithLen {
			e := c.entry(ifaceLen)
			entry = &e
		}
		typ, nameLen := entry.u16(), int(entry.u16())
		i, ok := readInterface(entry, typ)
		i.Name = string(entry.bytes(nameLen))
		if entry.short || c.short {
			return errShort
		}
		if ok {
			st.AddInterface(i)
		}
	}
	return nil
}

func readInterface(c *cursor, typ uint16) (i state.Interface, ok bool) {
	size := 16
	switch typ {
	case kindIPv4, kindIPv4NoSpeed:
		size = 4
	case kindIPv6, kindIPv6NoSpeed:
	default:
		c.b = nil // of a kind that we do not know
		return i, false
	}
	addr, _ := netip.AddrFromSlice(c.bytes(size))
	mask := c.bytes(size)
	c.bytes(size) // broadcast
	if typ == kindIPv4 || typ == kindIPv6 {
		c.u64() // speed
	}
	i.Prefix = netip.PrefixFrom(addr, maskBits(mask))
	return i, addr.IsValid()
}

// maskBits counts the leading ones.
func maskBits(mask []byte) int {
	n := 0
	for _, b := range mask {
		n += bits.LeadingZeros8(^b)
		if b != 0xff {
			break
		}
	}
	return n
}
