// SPDX-License-Identifier: Apache-2.0

package state

import "net/netip"

// Interface is one address of a network interface.
type Interface struct {
	Name   string
	Prefix netip.Prefix // address and mask
}

// maxInterfaces bounds the list.
const maxInterfaces = 4096

// AddInterface adds an address of the host. To be called before descriptors are
// added, whose ends are told apart by it.
func (s *State) AddInterface(i Interface) {
	if len(s.ifaces) < maxInterfaces && i.Prefix.IsValid() {
		s.ifaces = append(s.ifaces, i)
	}
}

// Interfaces are the addresses of the host.
func (s *State) Interfaces() []Interface { return s.ifaces }

// isLocal tells whether an address is one of the host.
func (s *State) isLocal(a netip.Addr) bool {
	for i := range s.ifaces {
		if s.ifaces[i].Prefix.Addr() == a {
			return true
		}
	}
	return false
}

// addrTowards returns the address of the host in the network of another one;
// invalid when there is none.
func (s *State) addrTowards(to netip.Addr) netip.Addr {
	for i := range s.ifaces {
		if p := s.ifaces[i].Prefix; p.Contains(to) {
			return p.Addr()
		}
	}
	return netip.Addr{}
}

// findLocal decides which end of a connection is the owner's. Addresses decide
// where one end alone is of this host, otherwise the role does. On a host of
// which no address is known the server counts as local.
func (s *State) findLocal(fd *FD) {
	client, server := s.isLocal(fd.SIP), s.isLocal(fd.DIP)
	switch {
	case client != server:
		fd.localServer = server
	case len(s.ifaces) == 0:
		fd.localServer = true
	default:
		fd.localServer = fd.IsServer()
	}
}
