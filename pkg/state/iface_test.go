// SPDX-License-Identifier: Apache-2.0

package state

import (
	"net/netip"
	"testing"

	"github.com/eyas-security/eyas/pkg/schema"
)

// Which end is ours: by the addresses of the host, by the role where these do not
// tell, and the server where no address is known (pitfall 11).
func TestLocalEnd(t *testing.T) {
	tests := []struct {
		iface, tuple string
		accept       bool
		local        string
	}{
		{"", "10.0.0.1:1->10.0.0.2:2", false, "10.0.0.2:2"},
		{"", "10.0.0.1:1->10.0.0.2:2", true, "10.0.0.2:2"},
		{"10.0.0.1/24", "10.0.0.1:1->10.0.0.2:2", false, "10.0.0.1:1"},
		{"10.0.0.2/24", "10.0.0.1:1->10.0.0.2:2", false, "10.0.0.2:2"},
		{"127.0.0.1/8", "127.0.0.1:1->127.0.0.1:2", false, "127.0.0.1:1"},
		{"127.0.0.1/8", "127.0.0.1:1->127.0.0.1:2", true, "127.0.0.1:2"},
		{"127.0.0.1/8", "172.17.0.2:1->1.1.1.1:2", false, "172.17.0.2:1"}, // inside a container
		{"127.0.0.1/8", "0.0.0.0:1->127.0.0.5:2", false, "127.0.0.1:1"},   // it leaves by that interface
		{"127.0.0.1/8", "0.0.0.0:1->8.8.8.8:2", false, "0.0.0.0:1"},
	}
	for _, tt := range tests {
		h := newHost(t, Options{}).init()
		if tt.iface != "" {
			h.s.AddInterface(Interface{Name: "x", Prefix: netip.MustParsePrefix(tt.iface)})
		}
		if tt.accept {
			h.ev(schema.EvSocketAccept5X, 10, "fd=3; tuple="+tt.tuple)
		} else {
			h.ev(schema.EvSocketSocketX, 10, "fd=3; domain=AF_INET; type=1")
			h.ev(schema.EvSocketConnectX, 10, "res=0; tuple="+tt.tuple+"; fd=3")
		}
		ip, port := h.s.Thread(10).FD(3).Local()
		if got := netip.AddrPortFrom(ip, port).String(); got != tt.local {
			t.Errorf("%+v: got %s", tt, got)
		}
	}
}
