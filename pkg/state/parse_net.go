// SPDX-License-Identifier: Apache-2.0

package state

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
)

// Socket types and flags as the kernel has them on the machines that we run on.
const (
	sockStream  = 1
	sockDgram   = 2
	sockRaw     = 3
	sockType    = 0xf
	sockCloexec = 0o2000000
	sockNonblok = 0o4000
)

// IP protocols.
const (
	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
	protoMPTCP  = 262 // what Go's servers ask for; a TCP connection to everybody else
)

// Errors of connect that do not mean that there is no connection.
const (
	eisconn     = -106
	ealready    = -114
	einprogress = -115
)

// parseSocket: fd, domain, type, proto, flags.
func (s *State) parseSocket(e *Event) {
	res, ok := e.ok()
	if !ok {
		e.noFD()
		return
	}
	domain, _ := e.Uint(1)
	typ, _ := e.Uint(2)
	proto, _ := e.Uint(3)
	fd := FD{Num: res, Type: familyType(domain), Flags: sockFlags(typ)}
	if fd.IsInet() {
		fd.L4 = l4proto(typ&sockType, proto)
	}
	s.made(e, fd)
}

func familyType(domain uint64) FDType {
	switch domain {
	case schema.PPM_AF_UNIX:
		return FDUnixSock
	case schema.PPM_AF_INET:
		return FDIPv4Sock
	case schema.PPM_AF_INET6:
		return FDIPv6Sock
	case schema.PPM_AF_NETLINK:
		return FDNetlink
	}
	return FDUnknown
}

func sockFlags(typ uint64) uint32 {
	flags := uint32(schema.PPM_O_RDWR)
	if typ&sockCloexec != 0 {
		flags |= schema.PPM_O_CLOEXEC
	}
	if typ&sockNonblok != 0 {
		flags |= schema.PPM_O_NONBLOCK
	}
	return flags
}

func l4proto(typ, proto uint64) L4Proto {
	switch {
	case typ == sockRaw:
		return L4Raw
	case proto == protoTCP || proto == protoMPTCP || proto == 0 && typ == sockStream:
		return L4TCP
	case proto == protoUDP || proto == 0 && typ == sockDgram:
		return L4UDP
	case proto == protoICMP || proto == protoICMPv6:
		return L4ICMP
	}
	return L4Unknown
}

// parseSocketpair: res, fd1, fd2, source, peer, domain, type, proto.
func (s *State) parseSocketpair(e *Event) {
	if !s.pairOK(e) {
		return
	}
	typ, _ := e.Uint(6)
	fd := FD{Type: FDUnixSock, Flags: sockFlags(typ), Connected: true}
	set64(e, 3, &fd.UnixSource)
	set64(e, 4, &fd.UnixDest)
	fd.Num, _ = e.Int(1)
	s.made(e, fd)
	fd.UnixSource, fd.UnixDest = fd.UnixDest, fd.UnixSource
	fd.Num, _ = e.Int(2)
	s.made(e, fd)
}

// change returns the descriptor of the event for changing, nil when there is
// none or what is known of it is newer than the event.
func (s *State) change(e *Event) *FD {
	if e.FD == nil {
		return nil
	}
	fd := s.changeFD(e.Thread, e.TS, e.FDNum)
	if fd != nil {
		e.FD = fd
	}
	return fd
}

// rename gives the descriptor of the event a name built in scratch.
func (s *State) rename(e *Event, fd *FD) {
	if fd.Name == string(s.scratch) {
		return
	}
	e.OldName, e.NameChanged = fd.Name, true
	s.renameFD(fd, s.intern.text(s.scratch))
}

// parseBind: res, addr, fd.
func (s *State) parseBind(e *Event) {
	a, ok := e.Sockaddr(1)
	if _, good := e.ok(); !good || !ok {
		return
	}
	fd := s.change(e)
	if fd == nil {
		return
	}
	if a.Family == event.FamilyUnix {
		s.scratch = append(s.scratch[:0], a.Path...)
		s.rename(e, fd)
		return
	}
	if !a.IsInet() {
		return
	}
	ip := a.IP.Unmap()
	if a.Port != 0 {
		fd.Type = FDIPv4ServSock
		if ip.Is6() {
			fd.Type = FDIPv6ServSock
		}
		fd.DIP, fd.DPort, fd.Role = ip, a.Port, RoleServer
		fd.localServer = true
	}
	s.scratch = appendEnd(s.scratch[:0], ip, a.Port)
	s.rename(e, fd)
}

// parseListen: res, fd, backlog.
func (s *State) parseListen(e *Event) {
	if _, ok := e.ok(); !ok || e.FD == nil || e.FD.Listening {
		return
	}
	if fd := s.change(e); fd != nil {
		fd.Listening, fd.Role = true, RoleServer
	}
}

// parseConnect: res, tuple, fd, addr. The tuple is there for failed calls too.
func (s *State) parseConnect(e *Event) {
	res, ok := e.Int(0)
	tup, hasTuple := e.Tuple(1)
	fd := s.change(e)
	if !ok || fd == nil {
		return
	}
	fd.Connected = res >= 0 || res == einprogress || res == ealready || res == eisconn
	if !hasTuple {
		return
	}
	fd.Role = RoleClient
	s.setTuple(e, fd, &tup)
}

// parseAccept: fd, tuple, …; for accept4 flags as open has them.
func (s *State) parseAccept(e *Event) {
	res, ok := e.ok()
	if !ok {
		e.noFD()
		return
	}
	flags := e.flags() & (schema.PPM_O_CLOEXEC | schema.PPM_O_NONBLOCK)
	fd := FD{Num: res, Type: FDUnknown, L4: L4TCP, Role: RoleServer, Connected: true, Flags: schema.PPM_O_RDWR | flags}
	tup, hasTuple := e.Tuple(1)
	if hasTuple && !tup.IsInet() {
		fd.L4 = L4Unknown
	}
	s.made(e, fd)
	if e.FD != nil && hasTuple && e.TS >= e.FD.ScanTS {
		s.setTuple(e, e.FD, &tup)
		e.NameChanged, e.OldName = true, ""
	}
}

// setTuple takes over both ends: the source of the tuple is the client.
func (s *State) setTuple(e *Event, fd *FD, t *event.Tuple) {
	switch {
	case t.Family == event.FamilyUnix:
		fd.Type = FDUnixSock
		fd.UnixSource, fd.UnixDest = t.Source, t.Dest
		s.scratch = append(s.scratch[:0], t.Path...)
		s.rename(e, fd)
	case t.IsInet():
		s.setEnds(e, fd, t.SIP, t.SPort, t.DIP, t.DPort)
	}
}

func (s *State) setEnds(e *Event, fd *FD, sip netip.Addr, sport uint16, dip netip.Addr, dport uint16) {
	fd.Type = FDIPv6Sock
	if sip.Is4() || sip.Is4In6() && dip.Is4In6() {
		fd.Type = FDIPv4Sock
		sip, dip = sip.Unmap(), dip.Unmap()
	}
	if sip.IsUnspecified() {
		if a := s.addrTowards(dip); a.IsValid() {
			sip = a // it leaves by that way
		}
	}
	fd.SIP, fd.SPort, fd.DIP, fd.DPort = sip, sport, dip, dport
	s.findLocal(fd)
	s.scratch = appendTuple(s.scratch[:0], fd)
	s.rename(e, fd)
}

func appendTuple(dst []byte, fd *FD) []byte {
	dst = append(appendEnd(dst, fd.SIP, fd.SPort), "->"...)
	return appendEnd(dst, fd.DIP, fd.DPort)
}

func appendEnd(dst []byte, ip netip.Addr, port uint16) []byte {
	dst = append(ip.AppendTo(dst), ':')
	return strconv.AppendUint(dst, uint64(port), 10)
}

// parseSend and parseRecv: a datagram socket learns its ends from the traffic.
func (s *State) parseSend(e *Event) { s.traffic(e, true) }

func (s *State) parseRecv(e *Event) { s.traffic(e, false) }

func (s *State) traffic(e *Event, out bool) {
	if e.FD == nil || !e.FD.IsInet() || e.FD.L4 == L4TCP && (!out || e.FD.Connected) {
		return
	}
	tup, ok := e.Tuple(int(tupleParams[e.Type]) - 1)
	if _, good := e.ok(); !good || !ok || !tup.IsInet() {
		return
	}
	if e.FD.L4 == L4TCP {
		s.fastOpen(e, &tup)
		return
	}
	role := e.FD.Role
	if role == RoleNone {
		role = RoleServer
		if out {
			role = RoleClient
		}
	}
	// The tuple goes with the datagram; ours goes from client to server.
	if out != (role == RoleClient) {
		tup.SIP, tup.SPort, tup.DIP, tup.DPort = tup.DIP, tup.DPort, tup.SIP, tup.SPort
	}
	if e.FD.sameEnds(&tup) {
		return
	}
	if fd := s.change(e); fd != nil {
		fd.Role = role
		s.setEnds(e, fd, tup.SIP, tup.SPort, tup.DIP, tup.DPort)
	}
}

// fastOpen is for data that opened the connection it went by: there is no connect.
func (s *State) fastOpen(e *Event, tup *event.Tuple) {
	if fd := s.change(e); fd != nil {
		fd.Connected, fd.Role = true, RoleClient
		s.setTuple(e, fd, tup)
	}
}

func (f *FD) sameEnds(t *event.Tuple) bool {
	return f.SPort == t.SPort && f.DPort == t.DPort && f.SIP == t.SIP.Unmap() && f.DIP == t.DIP.Unmap()
}

// Messages that carry descriptors.
const (
	cmsgHead  = 16
	solSocket = 1
	scmRights = 1
)

// parseRecvmsg: besides the data, descriptors may have come. They are what the
// sender had, which its event does not tell; what was known of their numbers is
// over, and the live host can be asked.
func (s *State) parseRecvmsg(e *Event) {
	s.parseRecv(e)
	b, _ := e.Param(int(controlParams[e.Type]) - 1)
	if _, ok := e.ok(); !ok || !e.Thread.Known() {
		return
	}
	for len(b) >= cmsgHead {
		size := binary.LittleEndian.Uint64(b)
		if size < cmsgHead || size > uint64(len(b)) {
			return
		}
		if binary.LittleEndian.Uint32(b[8:]) == solSocket && binary.LittleEndian.Uint32(b[12:]) == scmRights {
			for data := b[cmsgHead:size]; len(data) >= 4; data = data[4:] {
				s.received(e, int64(int32(binary.LittleEndian.Uint32(data))))
			}
		}
		b = b[min((size+7)&^7, uint64(len(b))):]
	}
}

// received takes a descriptor that came with a message.
func (s *State) received(e *Event, num int64) {
	if num >= 0 && num != e.FDNum {
		s.closeFD(e.Thread, e.TS, num)
		s.lookupFD(e.Thread, num, e.TS)
	}
}
