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

// readThread adds a thread to the state.
func readThread(st *state.State, c *cursor, version uint8) {
	var t state.Thread
	if c.inEntry(version >= threadsWithLen, 0, func(c *cursor) { t = parseThread(c, version) }) {
		st.AddThread(t)
	}
}

// parseThread reads an entry. Fields were added over time.
func parseThread(c *cursor, version uint8) state.Thread {
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

// fdReader returns what adds the descriptors of one thread, whose number is the
// first that it reads.
func fdReader(st *state.State, version uint8) func(*cursor) {
	var t *state.Thread
	begun := false
	return func(c *cursor) {
		if !begun {
			t, begun = st.Thread(c.i64()), true
			return
		}
		var fd state.FD
		if c.inEntry(version >= listsWithLen, 0, func(c *cursor) { fd = parseFD(c, version) }) && t != nil {
			st.AddFD(t, fd)
		}
	}
}

func parseFD(c *cursor, version uint8) state.FD {
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

// readUser adds a user or a group.
func readUser(st *state.State, c *cursor, version uint8) {
	c.inEntry(version >= listsWithLen, 0, func(c *cursor) {
		if c.u8() == kindUser {
			u := state.User{UID: c.u32(), GID: c.u32(), Name: c.text(), Home: c.text(), Shell: c.text()}
			if !c.short {
				st.AddUser(u)
			}
		} else if gid, name := c.u32(), c.text(); !c.short {
			st.AddGroup(gid, name)
		}
	})
}

// ifaceLen is what the length in front of an entry does not count: itself.
const ifaceLen = 4

// readIface adds an address of an interface.
func readIface(st *state.State, c *cursor, version uint8) {
	c.inEntry(version >= listsWithLen, ifaceLen, func(c *cursor) {
		typ, nameLen := c.u16(), int(c.u16())
		i, ok := parseIface(c, typ)
		i.Name = string(c.bytes(nameLen))
		if ok && !c.short {
			st.AddInterface(i)
		}
	})
}

func parseIface(c *cursor, typ uint16) (i state.Interface, ok bool) {
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
