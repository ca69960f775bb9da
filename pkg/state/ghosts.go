// SPDX-License-Identifier: Apache-2.0

package state

// numGhosts bounds the memory for children that were gone before their parent's
// clone was told.
const numGhosts = 4096

// ghosts are the numbers of threads that came and went while the caller's clone
// event was still outstanding. That event must not bring them back.
type ghosts struct {
	set  map[int64]struct{}
	ring [numGhosts]int64 // in the order they went, 0 = free
	next int
}

func (g *ghosts) init() { g.set = map[int64]struct{}{} }

func (g *ghosts) add(tid int64) {
	if _, ok := g.set[tid]; ok {
		return
	}
	delete(g.set, g.ring[g.next])
	g.ring[g.next] = tid
	g.next = (g.next + 1) % numGhosts
	g.set[tid] = struct{}{}
}

// take tells whether tid is a ghost, and lays it to rest.
func (g *ghosts) take(tid int64) bool {
	_, ok := g.set[tid]
	delete(g.set, tid)
	return ok
}
