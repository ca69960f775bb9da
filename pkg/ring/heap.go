// SPDX-License-Identifier: Apache-2.0

package ring

// The merge is a binary heap over the rings, the earliest record on top. Rings
// come in bursts, so that the top mostly stays where it is: two comparisons.

func before(a, b *CPU) bool {
	return a.key < b.key || a.key == b.key && a.id < b.id
}

// siftUp restores the heap after its last entry was appended.
func siftUp(h []*CPU) {
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !before(h[i], h[parent]) {
			return
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

// siftDown restores the heap after its top changed.
func siftDown(h []*CPU) {
	for i := 0; ; {
		least := 2*i + 1
		if least >= len(h) {
			return
		}
		if right := least + 1; right < len(h) && before(h[right], h[least]) {
			least = right
		}
		if !before(h[least], h[i]) {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}
