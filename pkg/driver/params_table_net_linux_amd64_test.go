// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// header is a struct msghdr for parts with an address and room for control data.
func header(name, nameLen uintptr, control []byte, parts ...[]byte) *unix.Msghdr {
	iov, n := vector(parts...)
	h := &unix.Msghdr{Name: (*byte)(at(name)), Namelen: uint32(nameLen), Iov: (*unix.Iovec)(at(iov)), Iovlen: uint64(n)}
	if len(control) > 0 {
		h.Control = &control[0]
		h.SetControllen(len(control))
	}
	keep = append(keep, h)
	return h
}

// at is an address that came from addrOf, str or the like.
func at(addr uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&addr)) }

// datagrams are two sockets of a network, each bound to a port of its own.
func (n network) datagrams() (a, b string) {
	for _, s := range []*string{&a, &b} {
		*s = raw(unix.SYS_SOCKET, n.family, unix.SOCK_DGRAM, 0)
		addr, size := n.sockaddr(0)
		raw(unix.SYS_BIND, fd(*s), addr, size)
	}
	return a, b
}

// messageSamples: unconnected datagrams, whose other end only the call tells, then
// connected ones.
func messageSamples(n network) []sample {
	a, b := n.datagrams()
	pa, pb := portOf(a), portOf(b)
	to, size := n.sockaddr(pb)
	there, back := n.text(pa)+"->"+n.text(pb), n.text(pb)+"->"+n.text(pa)
	from, fromLen := &unix.RawSockaddrInet6{}, uint32(unsafe.Sizeof(unix.RawSockaddrInet6{}))
	recv := header(addrOf(from), unsafe.Sizeof(*from), nil, buffer(3), buffer(20))
	recvfrom := func(want values, flags uintptr) sample {
		return res("recvfrom", want.with(values{"fd": b, "size": "9"}), unix.SYS_RECVFROM, fd(b), ptr(buffer(9)), 9, flags, addrOf(from), addrOf(&fromLen))
	}
	connect := func() { raw(unix.SYS_CONNECT, fd(a), to, size) }
	connected := res("sendto", values{"data": "again", "fd": a, "size": "5", "tuple": there}, unix.SYS_SENDTO, fd(a), str("again"), 5, 0, 0, 0)
	connected.do = after(connect, connected.do)
	return []sample{
		res("sendto", values{"data": "hello", "fd": a, "size": "5", "tuple": there}, unix.SYS_SENDTO, fd(a), str("hello"), 5, 0, to, size),
		recvfrom(values{"data": "hello", "tuple": there}, 0),
		recvfrom(values{"data": "<NA>", "tuple": "<NA>"}, unix.MSG_DONTWAIT),
		res("sendmsg", values{"data": "one two", "fd": a, "size": "7", "tuple": there}, unix.SYS_SENDMSG, fd(a), addrOf(header(to, size, nil, []byte("one "), []byte("two"))), 0),
		res("recvmsg", values{"size": "7", "data": "one two", "tuple": there, "msgcontrol": "", "fd": b}, unix.SYS_RECVMSG, fd(b), addrOf(recv), 0),
		res("recvmsg", values{"size": "0", "data": "<NA>", "tuple": "<NA>", "msgcontrol": "<NA>", "fd": b}, unix.SYS_RECVMSG, fd(b), addrOf(recv), unix.MSG_DONTWAIT),
		connected,
		recvfrom(values{"data": "again", "tuple": there}, 0),
		partly(res("sendto", values{"data": "<NA>", "fd": b, "size": "1", "tuple": n.text(pb) + "->" + n.nowhere()}, unix.SYS_SENDTO, fd(b), str("x"), 1, 0, 8, size)),
		res("sendto", values{"data": "<NA>", "fd": "900", "size": "5", "tuple": "<NA>"}, unix.SYS_SENDTO, badFD, 8, 5, 0, to, size),
		res("recvfrom", values{"data": "<NA>", "fd": "900", "size": "5", "tuple": "<NA>"}, unix.SYS_RECVFROM, badFD, 8, 5, 0, 0, 0),
		partly(res("sendmsg", values{"data": "<NA>", "fd": b, "size": "<NA>", "tuple": n.text(pb) + "->" + n.nowhere()}, unix.SYS_SENDMSG, fd(b), 8, 0)),
		{event: "sendto", do: func() values {
			aa, size := n.sockaddr(pa)
			return values{"res": raw(unix.SYS_SENDTO, fd(b), str("back"), 4, 0, aa, size), "data": "back", "fd": b, "size": "4", "tuple": back}
		}},
		res("recvfrom", values{"data": "back", "fd": a, "size": "9", "tuple": back}, unix.SYS_RECVFROM, fd(a), ptr(buffer(9)), 9, 0, 0, 0),
		res("shutdown", values{"fd": a, "how": "SHUT_RDWR"}, unix.SYS_SHUTDOWN, fd(a), unix.SHUT_RDWR),
		res("shutdown", values{"fd": "900", "how": "SHUT_UNKNOWN"}, unix.SYS_SHUTDOWN, badFD, 256),
		noParams("getsockname", unix.SYS_GETSOCKNAME, fd(a), addrOf(from), addrOf(&fromLen)),
		noParams("getpeername", unix.SYS_GETPEERNAME, badFD, addrOf(from), addrOf(&fromLen)),
	}
}

// noParams is a call whose event tells nothing but that it was made.
func noParams(name string, nr uintptr, args ...uintptr) sample {
	return sample{event: name, do: func() values {
		raw(nr, args...)
		return values{}
	}}
}

// after runs something before a sample.
func after(first func(), do func() values) func() values {
	return func() values {
		first()
		return do()
	}
}

// nowhere is the other end of a socket without one.
func (n network) nowhere() string {
	if n.family == unix.AF_INET {
		return "0.0.0.0:0"
	}
	return "[::]:0"
}

// unixMessageSamples: control data, and addresses that are paths.
func unixMessageSamples(dir string) []sample {
	var pair [2]int32
	raw(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM, 0, addrOf(&pair))
	a, b := text(int(pair[0])), text(int(pair[1]))
	rights := unix.UnixRights(1)
	control := buffer(unix.CmsgSpace(4))
	recv := header(0, 0, control, buffer(20))
	path := dir + "/messages"
	addr, size := unixSockaddr(path)
	server, client := raw(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_DGRAM, 0), raw(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	raw(unix.SYS_BIND, fd(server), addr, size)
	return []sample{
		res("sendmsg", values{"data": "take this", "fd": a, "size": "9", "tuple": unixTuple}, unix.SYS_SENDMSG, fd(a), addrOf(header(0, 0, rights, []byte("take this"))), 0),
		{event: "recvmsg", do: func() values {
			v := values{"res": raw(unix.SYS_RECVMSG, fd(b), addrOf(recv), 0), "size": "9", "data": "take this", "tuple": unixTuple, "fd": b}
			v["msgcontrol"] = string(control[:recv.Controllen])
			return v
		}},
		{event: "sendto", do: func() values {
			return values{"res": raw(unix.SYS_SENDTO, fd(client), str("dgram"), 5, 0, addr, size), "data": "dgram", "fd": client, "size": "5",
				"tuple": halfUnix + path}
		}},
		{event: "recvfrom", do: func() values {
			return values{"res": raw(unix.SYS_RECVFROM, fd(server), ptr(buffer(9)), 9, 0, 0, 0), "data": "dgram", "fd": server, "size": "9",
				"tuple": halfUnix + path}
		}},
	}
}

// mmsghdr is the kernel's.
type mmsghdr struct {
	hdr unix.Msghdr
	_   [2]uint32 // what the kernel says
}

// batchSamples: one event of each message, then the failures.
func batchSamples() []sample {
	a, b := netV4.datagrams()
	there := netV4.text(portOf(a)) + "->" + netV4.text(portOf(b))
	to, size := netV4.sockaddr(portOf(b))
	out := &[3]mmsghdr{}
	in := &[4]mmsghdr{}
	for i := range out {
		out[i].hdr = *header(to, size, nil, []byte(fmt.Sprint("message ", i)), []byte("!"))
	}
	for i := range in {
		in[i].hdr = *header(addrOf(&unix.RawSockaddrInet4{}), unix.SizeofSockaddrInet4, nil, buffer(64))
	}
	var samples []sample
	for i := range out {
		i, data := i, fmt.Sprintf("message %d!", i)
		samples = append(samples, sample{event: "sendmmsg", do: func() values {
			if i == 0 {
				raw(unix.SYS_SENDMMSG, fd(a), addrOf(out), uintptr(len(out)), 0)
			}
			return values{"res": "10", "fd": a, "size": "10", "data": data, "tuple": there}
		}})
	}
	for i := range out {
		i, data := i, fmt.Sprintf("message %d!", i)
		samples = append(samples, sample{event: "recvmmsg", do: func() values {
			if i == 0 {
				raw(unix.SYS_RECVMMSG, fd(b), addrOf(in), uintptr(len(in)), unix.MSG_WAITFORONE, 0)
			}
			return values{"res": "10", "fd": b, "size": "10", "data": data, "tuple": there, "msgcontrol": ""}
		}})
	}
	return append(samples,
		res("sendmmsg", values{"fd": "900", "size": "10", "data": "<NA>", "tuple": "<NA>"}, unix.SYS_SENDMMSG, badFD, addrOf(out), 3, 0),
		res("recvmmsg", values{"fd": b, "size": "0", "data": "<NA>", "tuple": "<NA>", "msgcontrol": "<NA>"},
			unix.SYS_RECVMMSG, fd(b), addrOf(in), 4, unix.MSG_DONTWAIT, 0),
	)
}

func sockoptSamples() []sample {
	s := raw(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM, 0)
	one, size, four := uint32(1), uint32(4), uint32(4)
	time := unix.Timeval{Sec: 2, Usec: 4000}
	linger := unix.Linger{Onoff: 1, Linger: 9}
	room := uint32(64)
	set := func(opt uintptr, name, val string, addr, n uintptr) sample {
		return res("setsockopt", values{"fd": s, "level": "SOL_SOCKET", "optname": name, "val": val, "optlen": text(n)}, unix.SYS_SETSOCKOPT, fd(s), unix.SOL_SOCKET, opt, addr, n)
	}
	return []sample{
		set(unix.SO_REUSEADDR, "SO_REUSEADDR", "2:1", addrOf(&one), 4),
		set(unix.SO_RCVTIMEO, "SO_RCVTIMEO", "4:2004ms", addrOf(&time), 16),
		set(unix.SO_SNDTIMEO_NEW, "SO_SNDTIMEO", "4:2004ms", addrOf(&time), 16),
		set(unix.SO_LINGER, "SO_LINGER", "0:\x01\x00\x00\x00\x09\x00\x00\x00", addrOf(&linger), 8),
		set(unix.SO_BINDTODEVICE, "SO_BINDTODEVICE", "0:lo", str("lo"), 2),
		set(99, "UNKNOWN", "0:abc", str("abc"), 3),
		set(unix.SO_KEEPALIVE, "SO_KEEPALIVE", "<NA>", 0, 4),
		partly(set(unix.SO_KEEPALIVE, "SO_KEEPALIVE", "<NA>", 8, 4)),
		res("setsockopt", values{"fd": "900", "level": "SOL_TCP", "optname": "UNKNOWN", "val": "0:\x01\x00\x00\x00", "optlen": "4"},
			unix.SYS_SETSOCKOPT, badFD, unix.SOL_TCP, unix.TCP_NODELAY, addrOf(&one), 4),
		res("getsockopt", values{"fd": s, "level": "SOL_SOCKET", "optname": "SO_TYPE", "val": "2:2", "optlen": "4"},
			unix.SYS_GETSOCKOPT, fd(s), unix.SOL_SOCKET, unix.SO_TYPE, ptr(buffer(4)), addrOf(&size)),
		res("getsockopt", values{"fd": s, "level": "SOL_SOCKET", "optname": "SO_ERROR", "val": "1:0", "optlen": "4"},
			unix.SYS_GETSOCKOPT, fd(s), unix.SOL_SOCKET, unix.SO_ERROR, ptr(buffer(4)), addrOf(&four)),
		res("getsockopt", values{"fd": s, "level": "SOL_SOCKET", "optname": "SO_RCVTIMEO", "val": "4:2004ms", "optlen": "16"},
			unix.SYS_GETSOCKOPT, fd(s), unix.SOL_SOCKET, unix.SO_RCVTIMEO, ptr(buffer(64)), addrOf(&room)),
		res("getsockopt", values{"fd": "900", "level": "UNKNOWN", "optname": "UNKNOWN", "val": "<NA>", "optlen": "4"},
			unix.SYS_GETSOCKOPT, badFD, 99, 1, ptr(buffer(4)), addrOf(&one4)),
	}
}

// one4 is a length that nobody changes.
var one4 = uint32(4)

// pairSamples: the failures; TestSocketPair has what succeeds.
func pairSamples() []sample {
	var pair [2]int32
	return []sample{
		res("socketpair", values{"fd1": "<NA>", "fd2": "<NA>", "source": "<NA>", "peer": "<NA>", "domain": "AF_INET", "type": "1", "proto": "0"},
			unix.SYS_SOCKETPAIR, unix.AF_INET, unix.SOCK_STREAM, 0, addrOf(&pair)),
		res("socketpair", values{"fd1": "<NA>", "fd2": "<NA>", "source": "<NA>", "peer": "<NA>", "domain": "99", "type": strconv.Itoa(unix.SOCK_DGRAM | unix.SOCK_CLOEXEC),
			"proto": "7"}, unix.SYS_SOCKETPAIR, 99, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 7, addrOf(&pair)),
	}
}

// TestSocketPair: the two numbers of a pair are those of the tuples of what goes through it.
func TestSocketPair(t *testing.T) {
	needDevice(t)
	var pair [2]int32
	events := record(t, []string{"socketpair", "sendto"}, func() {
		raw(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM, 0, addrOf(&pair))
		raw(unix.SYS_SENDTO, uintptr(pair[0]), str("x"), 1, 0, 0, 0)
	})
	if len(events) != 2 {
		t.Fatalf("%d events, want 2", len(events))
	}
	compare(t, "socketpair", &events[0], values{"res": "0", "fd1": text(int(pair[0])), "fd2": text(int(pair[1])), "domain": "AF_UNIX", "type": "1", "proto": "0"})
	source, peer := param(&events[0], "source"), param(&events[0], "peer")
	tuple := param(&events[1], "tuple")
	if want := slices.Concat([]byte{unix.AF_UNIX}, peer, source, []byte{0}); !bytes.Equal(tuple, want) || bytes.Equal(source, peer) {
		t.Errorf("source %x, peer %x, tuple %x", source, peer, tuple)
	}
}
