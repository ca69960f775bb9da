// SPDX-License-Identifier: Apache-2.0

// Package driver is a session with the kernel module, and the care for the
// module itself on this host: DKMS, modprobe, and what stands in their way.
//
//	Session  Open ─► SetMask ─► Enable ─► Run(fn) ─► Close
//	           │                            │
//	         cdriver (ioctl)        ring.Reader ◄═ mmap, poll
//
//	Host     Status · Doctor · Install · Uninstall · Load · Unload
//
// It knows nothing of rules or events: masks come in as words, records go out
// as views. On other systems, and without cgo, Open returns
// errors.ErrUnsupported. An error that a user can do something about says in
// one line what is wrong and what to do; Unusable tells these from the rest.
package driver
