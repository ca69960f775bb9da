// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/binary"
	"net/netip"
)

// Address families as the table numbers them.
const (
	FamilyUnspec = 0
	FamilyUnix   = 1
	FamilyInet   = 2
	FamilyInet6  = 10
)

// Sockaddr is a decoded socket address. Path points into the event.
type Sockaddr struct {
	Family uint8
	IP     netip.Addr // FamilyInet, FamilyInet6
	Port   uint16
	Path   []byte // FamilyUnix
}

// Tuple is a decoded pair of socket addresses. Path points into the event.
type Tuple struct {
	Family       uint8
	SIP, DIP     netip.Addr // FamilyInet, FamilyInet6
	SPort, DPort uint16
	Source, Dest uint64 // FamilyUnix: kernel addresses of the two sockets
	Path         []byte // FamilyUnix
}

// Sockaddr decodes parameter i; false when it is absent, empty or cut.
func (e *Event) Sockaddr(i int) (Sockaddr, bool) {
	b, _ := e.Param(i)
	return ParseSockaddr(b)
}

// Tuple decodes parameter i; false when it is absent, empty or cut.
func (e *Event) Tuple(i int) (Tuple, bool) {
	b, _ := e.Param(i)
	return ParseTuple(b)
}

// ParseSockaddr decodes the wire form: family, then address and port, or path.
func ParseSockaddr(b []byte) (Sockaddr, bool) {
	if len(b) == 0 {
		return Sockaddr{}, false
	}
	a := Sockaddr{Family: b[0]}
	b = b[1:]
	switch a.Family {
	case FamilyUnix:
		a.Path = cutNUL(b)
		return a, true
	case FamilyInet, FamilyInet6:
		var ok bool
		a.IP, a.Port, _, ok = cutEnd(b, a.Family)
		return a, ok
	}
	return a, true
}

// ParseTuple decodes the wire form: family, then both ends, or both socket
// pointers and the path.
func ParseTuple(b []byte) (Tuple, bool) {
	if len(b) == 0 {
		return Tuple{}, false
	}
	t := Tuple{Family: b[0]}
	b = b[1:]
	switch t.Family {
	case FamilyUnix:
		if len(b) < 16 {
			return t, false
		}
		t.Source = binary.LittleEndian.Uint64(b)
		t.Dest = binary.LittleEndian.Uint64(b[8:])
		t.Path = cutNUL(b[16:])
		return t, true
	case FamilyInet, FamilyInet6:
		var ok bool
		if t.SIP, t.SPort, b, ok = cutEnd(b, t.Family); !ok {
			return t, false
		}
		t.DIP, t.DPort, _, ok = cutEnd(b, t.Family)
		return t, ok
	}
	return t, true
}

// cutEnd takes address and port off the front. The address is in network order,
// the port is not.
func cutEnd(b []byte, family uint8) (netip.Addr, uint16, []byte, bool) {
	size := 4
	if family == FamilyInet6 {
		size = 16
	}
	if len(b) < size+2 {
		return netip.Addr{}, 0, nil, false
	}
	var ip netip.Addr
	if size == 4 {
		ip = netip.AddrFrom4([4]byte(b))
	} else {
		ip = netip.AddrFrom16([16]byte(b))
	}
	return ip, binary.LittleEndian.Uint16(b[size:]), b[size+2:], true
}

// IsInet tells whether the tuple holds IP addresses.
func (t *Tuple) IsInet() bool { return t.Family == FamilyInet || t.Family == FamilyInet6 }

// IsInet tells whether the address is an IP address.
func (a *Sockaddr) IsInet() bool { return a.Family == FamilyInet || a.Family == FamilyInet6 }
