// SPDX-License-Identifier: Apache-2.0

package state

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
)

var hexOne, hexTwo = strings.Repeat("1a", 32), strings.Repeat("2b", 32)

func TestContainerPath(t *testing.T) {
	tests := []struct {
		path, id string
		typ      ContainerType
	}{
		{"/", "", 0}, {"", "", 0}, {"/user.slice/user-1000.slice/session-1.scope", "", 0}, {"/system.slice/docker.service", "", 0},
		{"/docker/" + hexOne, hexOne, ContainerDocker},
		{"/docker/" + hexOne + "/init.scope", hexOne, ContainerDocker},
		{"/docker/" + hexOne + "/docker/" + hexTwo, hexTwo, ContainerDocker},
		{"/system.slice/docker-" + hexOne + ".scope", hexOne, ContainerDocker},
		{"/ecs/task/" + hexOne, hexOne, ContainerDocker},
		{"/kubepods/burstable/pod0b3d/" + hexOne, hexOne, ContainerCRI},
		{"/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + hexOne + ".scope", hexOne, ContainerContainerd},
		{"/kubepods.slice/kubepods-pod1.slice/docker-" + hexOne + ".scope", hexOne, ContainerDocker},
		{"/system.slice/containerd.service/kubepods-besteffort-pod1.slice:cri-containerd:" + hexOne, hexOne, ContainerContainerd},
		{"/user.slice/nerdctl-" + hexOne + ".scope", hexOne, ContainerContainerd},
		{"/kubepods.slice/crio-" + hexOne + ".scope", hexOne, ContainerCRIO},
		{"/kubepods.slice/crio-conmon-" + hexOne + ".scope", "", 0},
		{"/machine.slice/libpod-" + hexOne + ".scope/container", hexOne, ContainerPodman},
		{"/user.slice/user@1000.service/user.slice/libpod-" + hexOne + ".scope", hexOne, ContainerPodman},
		{"/machine.slice/libpod-conmon-" + hexOne + ".scope", "", 0},
		{"/lxc/web", "web", ContainerLXC}, {"/lxc.payload.web/init.scope", "web", ContainerLXC}, {"/lxc.payload/web", "web", ContainerLXC}, {"/lxc.monitor.web", "", 0},
		{"/machine/web.libvirt-lxc", "web", ContainerLibvirtLXC}, {"/libvirt/lxc/web", "web", ContainerLibvirtLXC},
		{`/machine.slice/machine-lxc\x2d4711\x2dmy\x2dweb.scope`, "my-web", ContainerLibvirtLXC},
		{`/machine.slice/machine-qemu\x2d1\x2dvm.scope`, "", 0},
		{"/machine.slice/systemd-nspawn@deb.service/payload/init.scope", "deb", ContainerNspawn},
		{"/machine.slice/systemd-nspawn@deb.service/supervisor", "", 0},
		{"/machine.slice/machine-deb.scope", "deb", ContainerNspawn},
		{"/docker/" + hexOne[:63], "", 0}, {"/docker/" + strings.ToUpper(hexOne), "", 0}, {"/system.slice/docker-.scope", "", 0},
	}
	for _, tt := range tests {
		id, typ, ok := parseContainerPath(tt.path)
		if id != tt.id || typ != tt.typ || ok != (tt.id != "") {
			t.Errorf("%s: got %q %v %v, want %q %v", tt.path, id, typ, ok, tt.id, tt.typ)
		}
	}
}

// A container lives as long as a thread is in it, or an event told of it.
func TestContainerLife(t *testing.T) {
	h := newHost(t, Options{}).init()
	enter := func(tid int64, path string) {
		h.fork(10, tid)
		h.ev(schema.EvSyscallExecve19X, tid, "res=0; exe=/bin/x; comm=x; cgroups=cpu="+path)
	}
	enter(20, "/docker/"+hexOne)
	c := h.s.Thread(20).Container()
	if c == nil || c.ID != hexOne[:12] || c.FullID != hexOne || c.Type.String() != "docker" || c != h.s.Container(hexOne[:12]) {
		t.Fatalf("got %+v", c)
	}
	h.fork(20, 21)
	if h.s.Thread(21).Container() != c || h.s.Thread(10).Container() != nil || c.refs != 2 {
		t.Errorf("child %v, host %v, %d threads", h.s.Thread(21).Container(), h.s.Thread(10).Container(), c.refs)
	}
	h.exit(20)
	h.exit(21)
	if h.s.Container(c.ID) != nil || h.s.Stats().Containers != 0 {
		t.Errorf("the container stays behind: %+v", h.s.Stats())
	}

	h.json(`{"id":"` + hexTwo[:12] + `","type":11,"name":"early","image":"host:1/app:2@sha256:3"}`)
	enter(22, "/machine.slice/libpod-"+hexTwo+".scope")
	c = h.s.Thread(22).Container()
	if c == nil || c.Meta == nil || c.FullID != hexTwo || c.Type != ContainerPodman {
		t.Fatalf("got %+v", c)
	}
	want := [4]string{"early", "host:1/app", "2", "sha256:3"}
	if got := [4]string{c.Meta.Name, c.Meta.Repository, c.Meta.Tag, c.Meta.Digest}; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	h.exit(22)
	if h.s.Container(c.ID) == nil {
		t.Error("what the event told is forgotten")
	}
	h.async("container_removed", `{"id":"`+hexTwo[:12]+`"}`)
	if h.s.Container(c.ID) != nil {
		t.Error("a removed container stays")
	}
	for _, bad := range []string{"", "{", "[]", `{"id":""}`, `{"id":7}`, `{"container":{}}`} {
		h.json(bad)
	}
	if got := h.s.Stats().BadContainers; got != 6 {
		t.Errorf("%d bad events counted, want 6", got)
	}
	if err := h.s.verify(); err != nil {
		t.Error(err)
	}
}

// feed applies an event with parameters as they are encoded.
func (h *host) feed(typ schema.EventType, tid int64, params ...[]byte) {
	h.t.Helper()
	h.ts++
	h.buf = event.Append(h.buf[:0], typ, h.ts, tid, params...)
	if err := h.e.Decode(h.buf); err != nil {
		h.t.Fatal(err)
	}
	h.s.Update(&h.e)
	h.s.Done(&h.e)
	h.poison()
}

func (h *host) json(text string) {
	h.feed(schema.EvContainerJson2E, -1, event.Str(text))
}

func (h *host) async(name, text string) {
	h.feed(schema.EvAsynceventE, -1, event.U32(0), event.Str(name), []byte(text))
}

// Ids without end: there is a bound.
func TestManyContainers(t *testing.T) {
	h := newHost(t, Options{}).init()
	for i := range maxContainers + 100 {
		h.json(`{"id":"c` + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + `"}`)
	}
	st := h.s.Stats()
	if st.Containers > maxContainers || st.EvictedContainers == 0 {
		t.Errorf("got %+v", st)
	}
	if err := h.s.verify(); err != nil {
		t.Error(err)
	}
}

func TestContainerUsers(t *testing.T) {
	h := newHost(t, Options{}).init()
	add := func(uid uint32, name, container string) {
		h.feed(schema.EvUserAddedE, -1, event.U32(uid), event.U32(uid), event.Str(name), event.Str("/h"), event.Str("/s"), event.Str(container))
		h.feed(schema.EvGroupAddedE, -1, event.U32(uid), event.Str(name), event.Str(container))
	}
	add(7, "host", "")
	add(7, "inside", "abc")
	c := h.s.Container("abc")
	name := func(c *Container, uid uint32) [2]string {
		u, _ := h.s.User(c, uid)
		g, _ := h.s.GroupName(c, uid)
		return [2]string{u.Name, g}
	}
	got := [][2]string{name(nil, 7), name(c, 7), name(c, 0), name(c, 8), name(nil, 8)}
	if d := cmp.Diff([][2]string{{"host", "host"}, {"inside", "inside"}, {"root", "root"}, {}, {}}, got); d != "" {
		t.Error(d)
	}
	h.feed(schema.EvUserDeletedE, -1, event.U32(7), event.U32(7), event.Str("inside"), event.Str("/h"), event.Str("/s"), event.Str("abc"))
	h.feed(schema.EvGroupDeletedE, -1, event.U32(7), event.Str("inside"), event.Str("abc"))
	if got := name(c, 7); got != [2]string{} {
		t.Errorf("deleted, got %q", got)
	}
	if got := name(nil, 7); got != [2]string{"host", "host"} {
		t.Errorf("the host has %q", got)
	}
	if err := h.s.verify(); err != nil {
		t.Error(err)
	}
}
