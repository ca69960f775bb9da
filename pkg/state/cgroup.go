// SPDX-License-Identifier: Apache-2.0

package state

import "strings"

// How engines name the control groups of their containers.

// hexID is the length of the ids that most engines give.
const hexID = 64

// cgroupPath is the path of a "subsystem=path".
func cgroupPath(g string) string {
	_, path, _ := strings.Cut(g, "=")
	return path
}

// scopes are the prefixes that engines put before an id when systemd manages the
// control groups. What looks like one but has no id behind it is not a container:
// the monitor of a container is outside of it.
var scopes = []struct {
	prefix string
	typ    ContainerType
}{
	{"docker-", ContainerDocker},
	{"cri-containerd-", ContainerContainerd},
	{"nerdctl-", ContainerContainerd},
	{"crio-", ContainerCRIO},
	{"libpod-payload-", ContainerPodman},
	{"libpod-", ContainerPodman},
}

// parseContainerPath finds the innermost container of a path.
func parseContainerPath(path string) (id string, typ ContainerType, ok bool) {
	for path != "" {
		if strings.HasSuffix(path, ".service/supervisor") {
			return "", 0, false // systemd-nspawn itself, outside of what it runs
		}
		i := strings.LastIndexByte(path, '/')
		part, above := path[i+1:], path[:max(i, 0)]
		if id, typ, ok = parseContainerPart(part, above); ok {
			return id, typ, true
		}
		path = above
	}
	return "", 0, false
}

// parseContainerPart tells whether one part of a path, below others, is the group
// of a container.
func parseContainerPart(part, above string) (id string, typ ContainerType, ok bool) {
	name := strings.TrimSuffix(strings.TrimSuffix(part, ".scope"), ".service")
	if isHexID(name) {
		return name, engineAbove(above), true
	}
	for _, s := range scopes {
		if id, ok := strings.CutPrefix(name, s.prefix); ok && isHexID(id) {
			return id, s.typ, true
		}
	}
	if i := strings.LastIndex(name, ":cri-containerd:"); i >= 0 {
		id = name[i+len(":cri-containerd:"):]
		return id, ContainerContainerd, isHexID(id)
	}
	return parseNamedContainer(part, name, above)
}

// parseNamedContainer is for engines whose containers have names.
func parseNamedContainer(part, name, above string) (id string, typ ContainerType, ok bool) {
	if id, ok = strings.CutPrefix(part, "lxc.payload."); ok && id != "" {
		return id, ContainerLXC, true
	}
	switch parent := above[strings.LastIndexByte(above, '/')+1:]; {
	case part == "":
		return "", 0, false
	case parent == "lxc.payload", parent == "lxc" && !strings.HasSuffix(above, "/libvirt/lxc"):
		return part, ContainerLXC, true
	case strings.HasSuffix(above, "/libvirt/lxc"):
		return part, ContainerLibvirtLXC, true
	}
	if id, ok = strings.CutSuffix(part, ".libvirt-lxc"); ok && id != "" {
		return id, ContainerLibvirtLXC, true
	}
	if id, ok = strings.CutPrefix(part, "systemd-nspawn@"); ok && part != name {
		id = unescapeUnit(strings.TrimSuffix(id, ".service"))
		return id, ContainerNspawn, id != ""
	}
	if id, ok = strings.CutPrefix(part, "machine-"); ok && strings.HasSuffix(part, ".scope") {
		return parseMachine(unescapeUnit(strings.TrimSuffix(id, ".scope")))
	}
	return "", 0, false
}

// parseMachine reads what systemd-machined calls a machine. One of qemu is not a
// container: its processes are on the other side.
func parseMachine(name string) (id string, typ ContainerType, ok bool) {
	engine, rest, ok := strings.Cut(name, "-")
	switch {
	case ok && engine == "qemu":
		return "", 0, false
	case ok && engine == "lxc":
		if _, id, ok := strings.Cut(rest, "-"); ok && id != "" {
			return id, ContainerLibvirtLXC, true
		}
		return rest, ContainerLibvirtLXC, rest != ""
	}
	return name, ContainerNspawn, name != ""
}

// engineAbove tells who runs a container of which the path holds the bare id.
func engineAbove(above string) ContainerType {
	if strings.Contains(above, "/kubepods") || strings.Contains(above, "/pod") {
		return ContainerCRI
	}
	if strings.HasSuffix(above, "/crio") {
		return ContainerCRIO
	}
	if strings.Contains(above, "/libpod") {
		return ContainerPodman
	}
	return ContainerDocker
}

func isHexID(s string) bool {
	if len(s) != hexID {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// unescapeUnit undoes what systemd does to bytes that a unit's name may not hold:
// \x2d is a dash.
func unescapeUnit(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		if len(s) >= 4 && s[0] == '\\' && s[1] == 'x' {
			hi, ok := hexDigit(s[2])
			lo, ok2 := hexDigit(s[3])
			if ok && ok2 {
				b.WriteByte(hi<<4 | lo)
				s = s[4:]
				continue
			}
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String()
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}
