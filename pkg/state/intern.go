// SPDX-License-Identifier: Apache-2.0

package state

import (
	"hash/maphash"
	"strings"
)

const (
	numInterned      = 4096 // slots for single texts
	numInternedLists = 256  // slots for lists
	maxInterned      = 512  // longer texts are not worth a slot
	maxInternedList  = 8192
)

// interner gives the same string for the same bytes, so that a repeated name
// costs no allocation. It forgets: each hash has one slot.
type interner struct {
	seed  maphash.Seed
	texts [numInterned]string
	lists [numInternedLists]list
}

type list struct {
	blob  string
	items []string
}

func newInterner() *interner { return &interner{seed: maphash.MakeSeed()} }

func (in *interner) text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > maxInterned {
		return string(b)
	}
	slot := &in.texts[maphash.Bytes(in.seed, b)%numInterned]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}

// list splits a NUL-separated list.
func (in *interner) list(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	if len(b) > maxInternedList {
		return splitList(string(b))
	}
	slot := &in.lists[maphash.Bytes(in.seed, b)%numInternedLists]
	if slot.blob != string(b) {
		slot.blob = string(b)
		slot.items = splitList(slot.blob)
	}
	return slot.items
}

// cgroups is list for control groups. Rules know the one of the block devices by
// the name that it had first.
func (in *interner) cgroups(b []byte) []string {
	items := in.list(b)
	for i, v := range items {
		if strings.HasPrefix(v, "io=") {
			items[i] = "blk" + v // stays so in its slot
		}
	}
	return items
}

func splitList(blob string) []string {
	items := make([]string, 0, strings.Count(blob, "\x00")+1)
	for start := 0; start < len(blob); {
		end := start
		for end < len(blob) && blob[end] != 0 {
			end++
		}
		items = append(items, blob[start:end])
		start = end + 1
	}
	return items
}

// SplitList splits a NUL-separated list as events and captures have it.
func SplitList(b []byte) []string { return splitList(string(b)) }
