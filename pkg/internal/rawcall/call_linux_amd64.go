// SPDX-License-Identifier: Apache-2.0

package rawcall

// Int80 makes system call nr of the i386 table. Addresses must lie in the low
// 4 GiB (MAP_32BIT). The result is as the kernel has it: -errno on failure.
//
//go:noescape
func Int80(nr, a, b, c, d, e uint32) int32

// Int80x6 is Int80 with a sixth argument.
//
//go:noescape
func Int80x6(nr, a, b, c, d, e, f uint32) int32

// Child makes system call nr, one of fork, vfork, clone and clone3, with up to
// two arguments. The child ends at once with exit(code); it touches no memory,
// so it may share that of the parent and its stack. The result is as the kernel
// has it.
//
//go:noescape
func Child(nr, a, b, code uintptr) int64
