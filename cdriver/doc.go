// SPDX-License-Identifier: Apache-2.0

// Package cdriver opens /dev/eyas and does its ioctls: the only package of the
// agent that is compiled against the C header of the module. It maps nothing,
// polls nothing and decides nothing; package driver does.
//
//	driver ── abi structs ──► cdriver ── ioctl ──► eyas.ko
//	                             └── kmod/uapi/eyas.h
//
// Without cgo or on other systems every call returns errors.ErrUnsupported.
package cdriver
