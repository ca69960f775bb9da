// SPDX-License-Identifier: Apache-2.0

package state

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"iter"
	"maps"
	"slices"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
)

// maxUserText is the most of a name or directory that readers of captures take.
const maxUserText = 255

// Containers are all containers, by id.
func (s *State) Containers() []*Container {
	return slices.SortedFunc(maps.Values(s.containers), func(a, b *Container) int { return cmp.Compare(a.ID, b.ID) })
}

// Events are what a State has to apply to know what is known of the container:
// the event that told of it, and one for each of its users and groups. They have
// the time ts. The lists of a capture have no place for either.
func (c *Container) Events(ts uint64) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if c.Meta != nil {
			raw := bytes.Clone(c.Meta.event)
			binary.LittleEndian.PutUint64(raw, ts)
			if !yield(raw) {
				return
			}
		}
		id := event.Str(c.ID)
		text := func(s string) []byte { return event.Str(s[:min(len(s), maxUserText)]) }
		for _, uid := range slices.Sorted(maps.Keys(c.users.users)) {
			u := c.users.users[uid]
			if !yield(event.Append(nil, schema.EvUserAddedE, ts, noThread, event.U32(uid), event.U32(u.GID), text(u.Name), text(u.Home), text(u.Shell), id)) {
				return
			}
		}
		for _, gid := range slices.Sorted(maps.Keys(c.users.groups)) {
			if !yield(event.Append(nil, schema.EvGroupAddedE, ts, noThread, event.U32(gid), text(c.users.groups[gid]), id)) {
				return
			}
		}
	}
}

// noThread is the thread of events that tell of the host.
const noThread = -1
