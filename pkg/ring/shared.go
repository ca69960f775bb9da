// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"fmt"
	"unsafe"
)

// view is the only unsafe of the package: it lays a structure of the ABI over
// the start of a mapping. Every field of it that the other side writes is then
// read with sync/atomic.
func view[T any](b []byte) (*T, error) {
	var zero T
	if uintptr(len(b)) < unsafe.Sizeof(zero) {
		return nil, fmt.Errorf("mapping of %d bytes is shorter than %T (%d)", len(b), zero, unsafe.Sizeof(zero))
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	if uintptr(p)%unsafe.Alignof(zero) != 0 {
		return nil, fmt.Errorf("mapping for %T is not aligned", zero)
	}
	return (*T)(p), nil
}
