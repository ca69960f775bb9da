// SPDX-License-Identifier: Apache-2.0

package field

import (
	"path"
	"strconv"

	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Fields of containers. A process on the host itself is in a container called
// host; what only an engine can tell is absent until an event told of it.

const hostText = "host"

// inContainer takes a text of the container, hostValue on the host itself.
func inContainer(hostValue string, get func(*state.Container) string) Extract {
	return func(e *state.Event, v *Value) bool {
		t := known(e)
		if t == nil {
			return false
		}
		v.S = hostValue
		if c := t.Container(); c != nil {
			v.S = get(c)
		}
		return true
	}
}

func containerID(c *state.Container) string   { return c.ID }
func containerFull(c *state.Container) string { return c.FullID }
func containerType(c *state.Container) string { return c.Type.String() }

// metaOf is what an engine said of the container of the event, nil for nothing.
func metaOf(e *state.Event) *state.ContainerMeta {
	if t := known(e); t != nil && t.Container() != nil {
		return t.Container().Meta
	}
	return nil
}

// metaStr takes a text; on the host it is hostValue, and nothing is known of a
// container that no event told of.
func metaStr(hostValue string, get func(*state.ContainerMeta) string) Extract {
	return func(e *state.Event, v *Value) bool {
		t := known(e)
		if t == nil {
			return false
		}
		if t.Container() == nil {
			v.S = hostValue
			return true
		}
		m := t.Container().Meta
		if m == nil {
			return false
		}
		v.S = get(m)
		return true
	}
}

// metaSome takes a text that is absent when it is empty, and on the host.
func metaSome(get func(*state.ContainerMeta) string) Extract {
	return func(e *state.Event, v *Value) bool {
		m := metaOf(e)
		if m == nil {
			return false
		}
		v.S = get(m)
		return v.S != ""
	}
}

func metaBool(get func(*state.ContainerMeta) bool) Extract {
	return func(e *state.Event, v *Value) bool {
		m := metaOf(e)
		if m == nil {
			return false
		}
		v.setBool(get(m))
		return true
	}
}

func metaAppend(get func(*state.ContainerMeta, []byte) []byte) Extract {
	return func(e *state.Event, v *Value) bool {
		m := metaOf(e)
		if m == nil {
			return false
		}
		v.setScratch(get(m, v.scratch()))
		return len(v.S) > 0
	}
}

func containerStart(e *state.Event, v *Value) bool {
	m := metaOf(e)
	if m == nil || m.Created == 0 {
		return false
	}
	v.U = m.Created
	return true
}

func containerDuration(e *state.Event, v *Value) bool {
	m := metaOf(e)
	if m == nil || m.Created == 0 || e.TS < m.Created {
		return false
	}
	v.U = e.TS - m.Created
	return true
}

// Mounts.

func appendMount(dst []byte, m *state.Mount) []byte {
	for _, s := range [...]string{m.Source, m.Dest, m.Mode} {
		dst = append(append(dst, s...), ':')
	}
	dst = strconv.AppendBool(dst, m.RW)
	return append(append(dst, ':'), m.Propagation...)
}

func appendMounts(m *state.ContainerMeta, dst []byte) []byte {
	for i := range m.Mounts {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = appendMount(dst, &m.Mounts[i])
	}
	return dst
}

func mountSource(m *state.Mount) string { return m.Source }
func mountDest(m *state.Mount) string   { return m.Dest }

// bindMount chooses a mount by its number, or the first whose key the argument
// matches as a pattern, and shows a part of it.
func bindMount(key func(*state.Mount) string, show func([]byte, *state.Mount) []byte) func(*Ref, string) error {
	return func(r *Ref, arg string) error {
		number, err := strconv.ParseUint(arg, 10, 31)
		byNumber := err == nil
		if _, err := path.Match(arg, ""); err != nil {
			return &UnknownError{Name: r.Text, Reason: "bad pattern " + strconv.Quote(arg)}
		}
		r.Extract = func(e *state.Event, v *Value) bool {
			m := metaOf(e)
			if m == nil {
				return false
			}
			for i := range m.Mounts {
				found := byNumber && uint64(i) == number
				if !byNumber {
					found, _ = path.Match(arg, key(&m.Mounts[i]))
				}
				if found {
					v.setScratch(show(v.scratch(), &m.Mounts[i]))
					return true
				}
			}
			return false
		}
		return nil
	}
}

func showMount(get func(*state.Mount) string) func([]byte, *state.Mount) []byte {
	return func(dst []byte, m *state.Mount) []byte { return append(dst, get(m)...) }
}

func showMountRW(dst []byte, m *state.Mount) []byte { return strconv.AppendBool(dst, m.RW) }

// Labels.

func appendLabels(labels []state.Label, dst []byte) []byte {
	for i, l := range labels {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, l.Key...), ':'), l.Value...)
	}
	return dst
}

func bindLabel(get func(*state.ContainerMeta, string) (string, bool)) func(*Ref, string) error {
	return func(r *Ref, arg string) error {
		r.Extract = func(e *state.Event, v *Value) bool {
			m := metaOf(e)
			if m == nil {
				return false
			}
			s, ok := get(m, arg)
			v.S = s
			return ok
		}
		return nil
	}
}

// Pods: what the kubelet writes into the labels of containers.
const (
	labelPodName   = "io.kubernetes.pod.name"
	labelPodUID    = "io.kubernetes.pod.uid"
	labelNamespace = "io.kubernetes.pod.namespace"
)

func label(key string) func(*state.ContainerMeta) string {
	return func(m *state.ContainerMeta) string {
		s, _ := m.Label(key)
		return s
	}
}

func sandboxID(m *state.ContainerMeta) string { return m.PodSandbox[:min(len(m.PodSandbox), 12)] }

// bindNothing is for fields that take an argument and have no value.
func bindNothing(r *Ref, _ string) error {
	r.Extract, r.byType = never, alwaysAbsent
	return nil
}

// fdInContainer puts the id of the container before a text of the descriptor; on
// the host it stays empty.
func fdInContainer(get Extract) Extract {
	return func(e *state.Event, v *Value) bool {
		if !get(e, v) {
			return false
		}
		id := ""
		if t := known(e); t != nil && t.Container() != nil {
			id = t.Container().ID
		}
		text := v.S
		n := len(id) + 1
		dst := v.scratch()
		if cap(dst) < n+len(text) {
			dst = make([]byte, 0, 2*(n+len(text)))
		}
		dst = dst[:n+len(text)]
		copy(dst[n:], text) // which may be in dst already
		copy(dst, id)
		dst[len(id)] = ':'
		v.setScratch(dst)
		return true
	}
}

const mountArg = ArgRequired | ArgIndex | ArgKey

// containerFields are about the container of the process.
var containerFields = []Field{
	{Name: "container.id", Class: "container", Desc: "short id of the container, host outside of any",
		Type: schema.PTCharBuf, Flags: Suggested, Deps: DepThread, get: inContainer(hostText, containerID)},
	{Name: "container.full_id", Class: "container", Desc: "whole id of the container, empty outside of any",
		Type: schema.PTCharBuf, Deps: DepThread, get: inContainer("", containerFull)},
	{Name: "container.name", Class: "container", Desc: "name of the container, host outside of any",
		Type: schema.PTCharBuf, Flags: Suggested, Deps: DepThread, get: metaStr(hostText, func(m *state.ContainerMeta) string { return m.Name })},
	{Name: "container.image", Class: "container", Desc: "image of the container, with its tag",
		Type: schema.PTCharBuf, Deps: DepThread, get: metaStr("", func(m *state.ContainerMeta) string { return m.Image })},
	{Name: "container.image.id", Class: "container", Desc: "id of the container's image",
		Type: schema.PTCharBuf, Deps: DepThread, get: metaStr("", func(m *state.ContainerMeta) string { return m.ImageID })},
	{Name: "container.type", Class: "container", Desc: "what runs the container: docker, containerd, cri-o, podman …; host outside of any",
		Type: schema.PTCharBuf, Deps: DepThread, get: inContainer(hostText, containerType)},
	{Name: "container.privileged", Class: "container", Desc: "whether the container runs with all privileges",
		Type: schema.PTBool, Deps: DepThread, get: metaBool(func(m *state.ContainerMeta) bool { return m.Privileged })},
	{Name: "container.mounts", Class: "container", Desc: "all mounts as source:destination:mode:write:propagation, joined with spaces",
		Type: schema.PTCharBuf, Deps: DepThread, get: metaAppend(appendMounts)},
	{Name: "container.mount", Class: "container", Desc: "one mount, by number or by a pattern for its source",
		Type: schema.PTCharBuf, Arg: mountArg, Deps: DepThread, bind: bindMount(mountSource, appendMount)},
	{Name: "container.mount.source", Class: "container", Desc: "source of one mount, by number or by a pattern for its destination",
		Type: schema.PTCharBuf, Arg: mountArg, Deps: DepThread, bind: bindMount(mountDest, showMount(mountSource))},
	{Name: "container.mount.dest", Class: "container", Desc: "destination of one mount, by number or by a pattern for its source",
		Type: schema.PTCharBuf, Arg: mountArg, Deps: DepThread, bind: bindMount(mountSource, showMount(mountDest))},
	{Name: "container.mount.mode", Class: "container", Desc: "mode of one mount, by number or by a pattern for its source",
		Type: schema.PTCharBuf, Arg: mountArg, Deps: DepThread, bind: bindMount(mountSource, showMount(func(m *state.Mount) string { return m.Mode }))},
	{Name: "container.mount.rdwr", Class: "container", Desc: "whether one mount may be written, by number or by a pattern for its source",
		Type: schema.PTCharBuf, Arg: mountArg, Deps: DepThread, bind: bindMount(mountSource, showMountRW)},
	{Name: "container.mount.propagation", Class: "container", Desc: "propagation of one mount, by number or by a pattern for its source",
		Type: schema.PTCharBuf, Arg: mountArg, Deps: DepThread, bind: bindMount(mountSource, showMount(func(m *state.Mount) string { return m.Propagation }))},
	{Name: "container.image.repository", Class: "container", Desc: "image of the container without its tag",
		Type: schema.PTCharBuf, Flags: Suggested, Deps: DepThread, get: metaStr("", func(m *state.ContainerMeta) string { return m.Repository })},
	{Name: "container.image.tag", Class: "container", Desc: "tag of the container's image",
		Type: schema.PTCharBuf, Flags: Suggested, Deps: DepThread, get: metaStr("", func(m *state.ContainerMeta) string { return m.Tag })},
	{Name: "container.image.digest", Class: "container", Desc: "digest of the container's image",
		Type: schema.PTCharBuf, Deps: DepThread, get: metaStr("", func(m *state.ContainerMeta) string { return m.Digest })},
	{Name: "container.start_ts", Class: "container", Desc: "when the container began, nanoseconds since 1970",
		Type: schema.PTAbsTime, Format: schema.PFDec, Deps: DepThread, get: containerStart},
	{Name: "container.duration", Class: "container", Desc: "nanoseconds since the container began",
		Type: schema.PTRelTime, Format: schema.PFDec, Deps: DepThread | DepClock, get: containerDuration},
	{Name: "container.ip", Class: "container", Desc: "address of the container",
		Type: schema.PTCharBuf, Deps: DepThread, get: metaSome(func(m *state.ContainerMeta) string { return m.IP })},
	{Name: "container.cni.json", Class: "container", Desc: "what the network plugin returned, as JSON",
		Type: schema.PTCharBuf, Deps: DepThread, get: metaSome(func(m *state.ContainerMeta) string { return m.CNI })},
	{Name: "container.host_pid", Class: "container", Desc: "whether the container shares the pid namespace of the host",
		Type: schema.PTBool, Deps: DepThread, get: metaBool(func(m *state.ContainerMeta) bool { return m.HostPID })},
	{Name: "container.host_network", Class: "container", Desc: "whether the container shares the network of the host",
		Type: schema.PTBool, Deps: DepThread, get: metaBool(func(m *state.ContainerMeta) bool { return m.HostNet })},
	{Name: "container.host_ipc", Class: "container", Desc: "whether the container shares the IPC namespace of the host",
		Type: schema.PTBool, Deps: DepThread, get: metaBool(func(m *state.ContainerMeta) bool { return m.HostIPC })},
	{Name: "container.label", Class: "container", Desc: "one label of the container",
		Type: schema.PTCharBuf, Arg: ArgRequired | ArgKey, Deps: DepThread, bind: bindLabel((*state.ContainerMeta).Label)},
	{Name: "container.labels", Class: "container", Desc: "all labels of the container as key:value, joined with commas",
		Type: schema.PTCharBuf, Deps: DepThread, get: metaAppend(func(m *state.ContainerMeta, dst []byte) []byte { return appendLabels(m.Labels, dst) })},
}
