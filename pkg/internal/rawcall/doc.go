// SPDX-License-Identifier: Apache-2.0

// Package rawcall makes the system calls that Go cannot: those of a 32-bit
// program, and those after which two threads go on. Tests of the kernel module
// use it; nothing else may.
//
//	Int80   int $0x80   ->  a 32-bit call of this 64-bit process; Int80x6 the same
//	                        with six arguments
//	Child   syscall     ->  parent: returns the result
//	                        child:  exits, on registers alone
//
// It is not a way to start programs: a child of Child can do nothing but end.
package rawcall
