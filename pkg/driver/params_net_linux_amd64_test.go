// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"fmt"
	"net/netip"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/abi"
)

// network is one of the two internet protocols.
type network struct {
	domain string
	family uintptr
	ip     netip.Addr
}

var (
	netV4 = network{"AF_INET", unix.AF_INET, netip.MustParseAddr("127.0.0.1")}
	netV6 = network{"AF_INET6", unix.AF_INET6, netip.MustParseAddr("::1")}
)

// sockaddr returns an address for the kernel and its length.
func (n network) sockaddr(port uint16) (addr, size uintptr) {
	port = port<<8 | port>>8
	if n.family == unix.AF_INET {
		sa := &unix.RawSockaddrInet4{Family: unix.AF_INET, Port: port, Addr: n.ip.As4()}
		return addrOf(sa), unsafe.Sizeof(*sa)
	}
	sa := &unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: port, Addr: n.ip.As16()}
	return addrOf(sa), unsafe.Sizeof(*sa)
}

// text is the address as events have it.
func (n network) text(port uint16) string { return netip.AddrPortFrom(n.ip, port).String() }

// portOf asks the kernel for the local port of a socket.
func portOf(socket string) uint16 {
	var sa unix.RawSockaddrInet6
	size := uint32(unsafe.Sizeof(sa))
	raw(unix.SYS_GETSOCKNAME, fd(socket), addrOf(&sa), addrOf(&size))
	return sa.Port<<8 | sa.Port>>8
}

// inetSamples: a server, a client, both kinds of accept, a refused connection, a
// datagram socket.
func inetSamples(n network) []sample {
	var server, client, datagram string
	var port uint16
	connect := func(socket string, to uint16) values {
		addr, size := n.sockaddr(to)
		v := values{"res": raw(unix.SYS_CONNECT, fd(socket), addr, size), "fd": socket, "addr": n.text(to), "tuple": "<NA>"}
		if v["res"] == "0" {
			v["tuple"] = n.text(portOf(socket)) + "->" + n.text(to)
		}
		return v
	}
	stream := func(socket *string) values {
		*socket = raw(unix.SYS_SOCKET, n.family, unix.SOCK_STREAM, 0)
		return values{"fd": *socket, "domain": n.domain, "type": "1", "proto": "0", "flags": "0"}
	}
	accepted := func(result string, v values) values {
		v["fd"], v["queuepct"], v["queuelen"], v["queuemax"] = result, "0", "0", "5"
		v["tuple"] = n.text(portOf(client)) + "->" + n.text(port)
		return v
	}
	return []sample{
		{event: "socket", do: func() values {
			server = raw(unix.SYS_SOCKET, n.family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
			return values{"fd": server, "domain": n.domain, "type": fmt.Sprint(unix.SOCK_STREAM | unix.SOCK_CLOEXEC), "proto": "6", "flags": "O_CLOEXEC"}
		}},
		{event: "bind", do: func() values {
			addr, size := n.sockaddr(0)
			return values{"res": raw(unix.SYS_BIND, fd(server), addr, size), "addr": n.text(0), "fd": server}
		}},
		{event: "listen", do: func() values {
			v := values{"res": raw(unix.SYS_LISTEN, fd(server), 5), "fd": server, "backlog": "5"}
			port = portOf(server)
			return v
		}},
		{event: "socket", do: func() values { return stream(&client) }},
		{event: "connect", do: func() values { return connect(client, port) }},
		{event: "accept", do: func() values { return accepted(raw(unix.SYS_ACCEPT, fd(server), 0, 0), values{}) }},
		{event: "socket", do: func() values { return stream(&client) }},
		{event: "connect", do: func() values { return connect(client, port) }},
		{event: "accept4", do: func() values {
			return accepted(raw(unix.SYS_ACCEPT4, fd(server), 0, 0, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK), values{"flags": "0x1040"})
		}},
		{event: "bind", do: func() values {
			addr, size := n.sockaddr(port)
			return values{"res": raw(unix.SYS_BIND, fd(client), addr, size), "addr": n.text(port), "fd": client}
		}},
		{event: "socket", do: func() values { return stream(&client) }},
		{event: "connect", do: func() values { return connect(client, 1) }},
		{event: "socket", do: func() values {
			datagram = raw(unix.SYS_SOCKET, n.family, unix.SOCK_DGRAM, 0)
			return values{"fd": datagram, "domain": n.domain, "type": "2", "proto": "0", "flags": "0"}
		}},
		{event: "connect", do: func() values { return connect(datagram, 53) }},
	}
}

// unixSockaddr returns the address of a path; @ stands for the NUL of an abstract one.
func unixSockaddr(path string) (addr, size uintptr) {
	sa := &unix.RawSockaddrUnix{Family: unix.AF_UNIX}
	for i := range len(path) {
		sa.Path[i] = int8(path[i])
	}
	size = 2 + uintptr(len(path))
	if path[0] == '@' {
		sa.Path[0] = 0
	} else {
		size++
	}
	return addrOf(sa), size
}

func unixSamples(dir string) []sample {
	var samples []sample
	for _, path := range []string{dir + "/sock", "@" + dir} {
		samples = append(samples, unixPathSamples(path)...)
	}
	return samples
}

func unixPathSamples(path string) []sample {
	var server, client string
	addr, size := unixSockaddr(path)
	stream := func(socket *string) values {
		*socket = raw(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM, 0)
		return values{"fd": *socket, "domain": "AF_UNIX", "type": "1", "proto": "0", "flags": "0"}
	}
	return []sample{
		{event: "socket", do: func() values { return stream(&server) }},
		{event: "connect", do: func() values {
			return values{"res": raw(unix.SYS_CONNECT, fd(server), addr, size), "fd": server, "addr": path, "tuple": "<NA>"}
		}},
		{event: "bind", do: func() values {
			return values{"res": raw(unix.SYS_BIND, fd(server), addr, size), "addr": path, "fd": server}
		}},
		{event: "bind", do: func() values {
			return values{"res": raw(unix.SYS_BIND, fd(server), addr, size), "addr": path, "fd": server}
		}},
		{event: "listen", do: func() values {
			return values{"res": raw(unix.SYS_LISTEN, fd(server), 3), "fd": server, "backlog": "3"}
		}},
		{event: "socket", do: func() values { return stream(&client) }},
		{event: "connect", do: func() values {
			return values{"res": raw(unix.SYS_CONNECT, fd(client), addr, size), "fd": client, "addr": path, "tuple": unixTuple + path}
		}},
		{event: "accept", do: func() values {
			return values{"fd": raw(unix.SYS_ACCEPT, fd(server), 0, 0), "tuple": unixTuple + path, "queuepct": "0", "queuelen": "0", "queuemax": "3"}
		}},
	}
}

// datagramSamples: the name of the other end takes a lock that RT kernels do not let us take.
func datagramSamples(t *testing.T, dir string) []sample {
	var server, client string
	path := dir + "/datagram"
	addr, size := unixSockaddr(path)
	name, partial := path, features(t)&abi.FeatureRT != 0
	if partial {
		name = ""
	}
	open := func(socket *string) values {
		*socket = raw(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_DGRAM, 0)
		return values{"fd": *socket, "domain": "AF_UNIX", "type": "2", "proto": "0", "flags": "0"}
	}
	return []sample{
		{event: "socket", do: func() values { return open(&server) }},
		{event: "bind", do: func() values {
			return values{"res": raw(unix.SYS_BIND, fd(server), addr, size), "addr": path, "fd": server}
		}},
		{event: "socket", do: func() values { return open(&client) }},
		{event: "connect", partial: partial, do: func() values {
			return values{"res": raw(unix.SYS_CONNECT, fd(client), addr, size), "fd": client, "addr": path, "tuple": unixTuple + name}
		}},
	}
}

// TestUnixPair: both ends of a connection tell the same two sockets, and other connections others.
func TestUnixPair(t *testing.T) {
	needDevice(t)
	seen := map[string]int{}
	samples := unixSamples(t.TempDir())
	events := record(t, []string{"connect", "accept"}, func() {
		blockSignals()
		for _, s := range samples {
			s.do()
		}
	})
	for i := range events {
		if tuple := param(&events[i], "tuple"); len(tuple) > 0 {
			seen[string(tuple[:min(len(tuple), 17)])]++
		}
	}
	for tuple, n := range seen {
		if n != 2 {
			t.Errorf("%d events of %q, want the two of one connection", n, tuple)
		}
	}
	if len(seen) != 2 {
		t.Errorf("%d connections, want 2", len(seen))
	}
}

// socketSamples: the calls that fail before they have a socket.
func socketSamples() []sample {
	addr, size := netV4.sockaddr(80)
	return []sample{
		{event: "socket", do: func() values {
			return values{"fd": raw(unix.SYS_SOCKET, 99, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 1), "domain": "99",
				"type": fmt.Sprint(unix.SOCK_DGRAM | unix.SOCK_NONBLOCK), "proto": "1", "flags": "O_NONBLOCK"}
		}},
		{event: "bind", do: func() values {
			return values{"res": raw(unix.SYS_BIND, badFD, addr, size), "addr": "127.0.0.1:80", "fd": "900"}
		}},
		{event: "connect", do: func() values {
			return values{"res": raw(unix.SYS_CONNECT, badFD, addr, size), "fd": "900", "addr": "127.0.0.1:80", "tuple": "<NA>"}
		}},
		{event: "connect", do: func() values { // no socket
			return values{"res": raw(unix.SYS_CONNECT, 1, addr, 1), "fd": "1", "addr": "<NA>", "tuple": "<NA>"}
		}},
		{event: "listen", do: func() values {
			return values{"res": raw(unix.SYS_LISTEN, badFD, ^uintptr(0)), "fd": "900", "backlog": "-1"}
		}},
		{event: "accept", do: func() values {
			return values{"fd": raw(unix.SYS_ACCEPT, badFD, 0, 0), "tuple": "<NA>", "queuepct": "0", "queuelen": "0", "queuemax": "0"}
		}},
		{event: "accept4", do: func() values {
			return values{"fd": raw(unix.SYS_ACCEPT4, badFD, 0, 0, 0), "tuple": "<NA>", "queuepct": "0", "queuelen": "0", "queuemax": "0", "flags": "0"}
		}},
	}
}
