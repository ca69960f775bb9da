// SPDX-License-Identifier: Apache-2.0

package state

import "unsafe"

// ContainerType is the engine that runs a container, numbered as in container
// events.
type ContainerType uint8

const (
	ContainerDocker ContainerType = iota
	ContainerLXC
	ContainerLibvirtLXC
	ContainerMesos
	ContainerRkt
	ContainerCustom
	ContainerCRI
	ContainerContainerd
	ContainerCRIO
	ContainerBPM
	ContainerStatic
	ContainerPodman
	ContainerNspawn // ours: container events know no number for it
	numContainerTypes
)

var containerTypes = [numContainerTypes]string{
	"docker", "lxc", "libvirt-lxc", "mesos", "rkt", "custom", "cri", "containerd", "cri-o", "bpm", "static", "podman",
	"systemd-nspawn",
}

// String returns the word of rules, empty when the number is not known.
func (t ContainerType) String() string {
	if t >= numContainerTypes {
		return ""
	}
	return containerTypes[t]
}

// shortID is how many digits of an id rules see.
const shortID = 12

// Container is one container. Threads point to it; its id and type follow from
// their control groups, the rest comes with container events.
type Container struct {
	ID     string // short
	FullID string
	Type   ContainerType
	Meta   *ContainerMeta // nil: no event told of it

	users users // of its own passwd and group
	refs  int   // threads
	bytes int64
}

// IDs that may be waiting for threads, or were left behind by them, are bounded.
const maxContainers = 1 << 12

const containerBytes = int64(unsafe.Sizeof(Container{})) + 64

// Container returns the container of the thread, nil on the host itself.
func (t *Thread) Container() *Container { return t.container }

// Container returns a container by its short id, or nil.
func (s *State) Container(id string) *Container { return s.containers[id] }

// setCgroups also finds the container. Lists are shared, so that the usual list
// is one that the thread has already.
func (s *State) setCgroups(t *Thread, list []string) {
	if len(list) == len(t.Cgroups) && (len(list) == 0 || &list[0] == &t.Cgroups[0]) {
		return
	}
	t.Cgroups = list
	s.setContainer(t, s.containerOf(list))
}

func (s *State) setContainer(t *Thread, c *Container) {
	if c == t.container {
		return
	}
	if t.state != nil {
		s.leaveContainer(t)
	}
	if t.container = c; t.state != nil {
		enterContainer(t)
	}
}

func enterContainer(t *Thread) {
	if t.container != nil {
		t.container.refs++
	}
}

// leaveContainer forgets a container without threads, unless an event told of it
// and may not do so again.
func (s *State) leaveContainer(t *Thread) {
	c := t.container
	if c == nil {
		return
	}
	if c.refs--; c.refs == 0 && (c.Meta == nil || c.Meta.removed) {
		s.dropContainer(c)
	}
}

func (s *State) dropContainer(c *Container) {
	if s.containers[c.ID] == c {
		delete(s.containers, c.ID)
		s.bytes -= c.bytes
		c.bytes = 0
	}
}

// containerOf returns the container that control groups belong to, nil for none.
func (s *State) containerOf(cgroups []string) *Container {
	last := ""
	for _, g := range cgroups {
		path := cgroupPath(g)
		if path == last {
			continue // all subsystems of a thread are mostly in one place
		}
		last = path
		if full, typ, ok := parseContainerPath(path); ok {
			return s.container(full, typ)
		}
	}
	return nil
}

// container returns the container of an id, a new one when it was not known.
func (s *State) container(full string, typ ContainerType) *Container {
	id := full
	if isHexID(full) {
		id = full[:shortID]
	}
	if c := s.containers[id]; c != nil {
		if c.Meta == nil && c.refs == 0 {
			c.Type = typ
		}
		if len(full) > len(c.FullID) {
			c.FullID = full
			s.accountContainer(c)
		}
		return c
	}
	if len(s.containers) >= maxContainers {
		s.evictContainer()
	}
	c := &Container{ID: id, FullID: full, Type: typ}
	s.containers[id] = c
	s.accountContainer(c)
	return c
}

// evictContainer makes room: one without threads goes first.
func (s *State) evictContainer() {
	var victim *Container
	for _, c := range s.containers {
		if victim == nil || c.refs < victim.refs {
			victim = c
		}
		if c.refs == 0 {
			break
		}
	}
	s.dropContainer(victim)
	s.stats.EvictedContainers++
}

func (s *State) accountContainer(c *Container) {
	if s.containers[c.ID] != c {
		return
	}
	size := containerBytes + int64(len(c.ID)+len(c.FullID)) + c.Meta.size() + c.users.bytes
	s.bytes += size - c.bytes
	c.bytes = size
}
