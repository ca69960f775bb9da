// SPDX-License-Identifier: Apache-2.0

package state

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// ContainerMeta is what an engine said of a container.
type ContainerMeta struct {
	Name, Image, ImageID, Repository, Tag, Digest string
	IP, CNI                                       string
	Created                                       uint64 // ns since the epoch, 0 when unknown
	Privileged, HostPID, HostNet, HostIPC         bool
	PodSandbox                                    string // full id of the pod's own container
	Mounts                                        []Mount
	Labels, PodLabels                             []Label

	removed bool
	event   []byte // that told of it
}

// Mount is a directory of the host inside of a container.
type Mount struct {
	Source, Dest, Mode, Propagation string
	RW                              bool
}

// Label is one entry of a set of labels.
type Label struct{ Key, Value string }

// Label returns the value of a label; labels are sorted by key.
func labelOf(labels []Label, key string) (string, bool) {
	i, ok := slices.BinarySearchFunc(labels, key, func(l Label, k string) int { return strings.Compare(l.Key, k) })
	if !ok {
		return "", false
	}
	return labels[i].Value, true
}

// Label returns the value of a label of the container.
func (m *ContainerMeta) Label(key string) (string, bool) { return labelOf(m.Labels, key) }

// PodLabel returns the value of a label of the pod.
func (m *ContainerMeta) PodLabel(key string) (string, bool) { return labelOf(m.PodLabels, key) }

func (m *ContainerMeta) size() int64 {
	if m == nil {
		return 0
	}
	return 512 + 3*int64(len(m.event)) // its parts, and room of theirs
}

// maxContainerJSON bounds the text of one container event.
const maxContainerJSON = 1 << 20

// containerJSON is the text of container events: the container itself, or an
// object that holds it.
type containerJSON struct {
	Container *containerJSON `json:"container"`

	ID          string            `json:"id"`
	FullID      string            `json:"full_id"`
	Type        uint8             `json:"type"`
	Name        string            `json:"name"`
	Image       string            `json:"image"`
	ImageID     string            `json:"imageid"`
	Repository  string            `json:"imagerepo"`
	Tag         string            `json:"imagetag"`
	Digest      string            `json:"imagedigest"`
	Privileged  bool              `json:"privileged"`
	IP          string            `json:"ip"`
	CNI         string            `json:"cni_json"`
	Created     int64             `json:"created_time"` // s
	HostPID     bool              `json:"host_pid"`
	HostNetwork bool              `json:"host_network"`
	HostIPC     bool              `json:"host_ipc"`
	PodSandbox  string            `json:"pod_sandbox_id"`
	Labels      map[string]string `json:"labels"`
	PodLabels   map[string]string `json:"pod_sandbox_labels"`
	Mounts      []struct {
		Source      string `json:"Source"`
		Destination string `json:"Destination"`
		Mode        string `json:"Mode"`
		RW          bool   `json:"RW"`
		Propagation string `json:"Propagation"`
	} `json:"Mounts"`
}

// parseContainerEvent: json.
func (s *State) parseContainerEvent(e *Event) {
	if b, ok := e.Str(0); ok {
		s.containerEvent(e, b, false)
	}
}

// Parameters of asynchronous events.
const (
	asyncName = 1
	asyncData = 2
)

// parseAsync takes the events by which a container engine's observer speaks.
func (s *State) parseAsync(e *Event) {
	name, _ := e.Str(asyncName)
	data, _ := e.Param(asyncData)
	switch string(name) {
	case "container", "container_added":
		s.containerEvent(e, data, false)
	case "container_removed":
		s.containerEvent(e, data, true)
	}
}

func (s *State) containerEvent(e *Event, text []byte, removed bool) {
	if i := strings.IndexByte(string(text), 0); i >= 0 {
		text = text[:i]
	}
	var v containerJSON
	if len(text) > maxContainerJSON || json.Unmarshal(text, &v) != nil {
		s.stats.BadContainers++
		return
	}
	j := &v
	if v.Container != nil {
		j = v.Container
	}
	if j.ID == "" {
		s.stats.BadContainers++
		return
	}
	full := j.FullID
	if full == "" {
		full = j.ID
	}
	c := s.containers[j.ID]
	if c == nil && !removed {
		c = s.container(full, ContainerType(j.Type))
	}
	switch {
	case c == nil:
	case removed && c.refs == 0:
		s.dropContainer(c)
	default:
		c.Type, c.Meta = ContainerType(j.Type), j.meta()
		c.Meta.event = bytes.Clone(e.Raw())
		c.Meta.removed = removed
		c.FullID = full
		s.accountContainer(c)
	}
}

func (j *containerJSON) meta() *ContainerMeta {
	m := &ContainerMeta{
		Name: j.Name, Image: j.Image, ImageID: j.ImageID, Repository: j.Repository, Tag: j.Tag, Digest: j.Digest,
		IP: j.IP, CNI: j.CNI, Privileged: j.Privileged, HostPID: j.HostPID, HostNet: j.HostNetwork, HostIPC: j.HostIPC,
		PodSandbox: j.PodSandbox, Labels: sortedLabels(j.Labels), PodLabels: sortedLabels(j.PodLabels),
	}
	if j.Created > 0 {
		m.Created = uint64(j.Created) * 1e9
	}
	for _, v := range j.Mounts {
		m.Mounts = append(m.Mounts, Mount{v.Source, v.Destination, v.Mode, v.Propagation, v.RW})
	}
	if m.Repository == "" && m.Image != "" {
		m.Repository, m.Tag, m.Digest = splitImage(m.Image)
	}
	return m
}

func sortedLabels(set map[string]string) []Label {
	list := make([]Label, 0, len(set))
	for k, v := range set {
		list = append(list, Label{k, v})
	}
	slices.SortFunc(list, func(a, b Label) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// splitImage takes host:port/name:tag@digest apart. Older events do not do it for
// us.
func splitImage(image string) (repo, tag, digest string) {
	repo, digest, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(repo, ':'); i > strings.LastIndexByte(repo, '/') {
		repo, tag = repo[:i], repo[i+1:]
	}
	return repo, tag, digest
}
