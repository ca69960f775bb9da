// SPDX-License-Identifier: Apache-2.0

package scap

import "math"

// blockKind is what a block holds.
type blockKind uint8

const (
	blockOther blockKind = iota // of a kind that we do not know or have no use for
	blockSection
	blockMachine
	blockThreads
	blockFDs
	blockEvent
	blockInterfaces
	blockUsers
)

// String is how errors call it.
func (k blockKind) String() string {
	switch k {
	case blockThreads:
		return "process list"
	case blockFDs:
		return "list of descriptors"
	case blockInterfaces:
		return "interface list"
	case blockUsers:
		return "user list"
	}
	return "block"
}

// blockInfo is a row of the table of blocks. Version counts the forms that the
// entries of a list or the header of an event had.
type blockInfo struct {
	kind    blockKind
	version uint8
	flags   bool // an event with a word of flags before it
	large   bool // an event that may be larger than others
}

// isList tells whether a block is read piece by piece, so that it may be of any
// length.
func (i blockInfo) isList() bool {
	switch i.kind {
	case blockSection, blockMachine, blockEvent:
		return false
	}
	return true
}

// most is the greatest length that a block may have.
func (i blockInfo) most() int64 {
	switch {
	case i.isList():
		return math.MaxInt64
	case i.kind == blockEvent && !i.large:
		return maxEvent
	}
	return maxBlock
}

// Forms from which on entries carry their length, and events the number of their
// parameters.
const (
	threadsWithLen = 9
	listsWithLen   = 2 // of descriptors, interfaces and users
	eventsWithNum  = 2
)

const (
	typeSection = 0x0a0d0d0a
	typeMachine = 0x201
	typeThreads = 0x215
	typeFDs     = 0x218
	typeEvent   = 0x216
	typeLarge   = 0x221
	typeFlagged = 0x217
	typeUsers   = 0x220

	typeInterfaces   = 0x219
	typeLargeFlagged = 0x222
)

// blocks is the table of blocks by their number in the file.
var blocks = map[uint32]blockInfo{
	typeSection: {kind: blockSection},
	typeMachine: {kind: blockMachine},
	0x8002abcd:  {kind: blockMachine},

	0x202:       {kind: blockThreads, version: 1},
	0x8000abcd:  {kind: blockThreads, version: 1},
	0x207:       {kind: blockThreads, version: 2},
	0x8013abcd:  {kind: blockThreads, version: 2},
	0x209:       {kind: blockThreads, version: 3},
	0x8014abcd:  {kind: blockThreads, version: 3},
	0x210:       {kind: blockThreads, version: 4},
	0x211:       {kind: blockThreads, version: 5},
	0x212:       {kind: blockThreads, version: 6},
	0x213:       {kind: blockThreads, version: 7},
	0x214:       {kind: blockThreads, version: 8},
	typeThreads: {kind: blockThreads, version: 9},

	0x203:      {kind: blockFDs, version: 1},
	0x8001abcd: {kind: blockFDs, version: 1},
	typeFDs:    {kind: blockFDs, version: 2},

	0x204:            {kind: blockEvent, version: 1},
	0x8010abcd:       {kind: blockEvent, version: 1},
	0x208:            {kind: blockEvent, version: 1, flags: true},
	typeEvent:        {kind: blockEvent, version: 2},
	typeFlagged:      {kind: blockEvent, version: 2, flags: true},
	typeLarge:        {kind: blockEvent, version: 2, large: true},
	typeLargeFlagged: {kind: blockEvent, version: 2, flags: true, large: true},

	0x205:          {kind: blockInterfaces, version: 1},
	0x8011abcd:     {kind: blockInterfaces, version: 1},
	typeInterfaces: {kind: blockInterfaces, version: 2},

	0x206:      {kind: blockUsers, version: 1},
	0x8012abcd: {kind: blockUsers, version: 1},
	typeUsers:  {kind: blockUsers, version: 2},
}

// infoOf is blocks for the ones that come by the million.
func infoOf(number uint32) blockInfo {
	switch number {
	case typeEvent:
		return blockInfo{kind: blockEvent, version: 2}
	case typeFlagged:
		return blockInfo{kind: blockEvent, version: 2, flags: true}
	}
	return blocks[number]
}
