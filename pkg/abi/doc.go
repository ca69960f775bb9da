// SPDX-License-Identifier: Apache-2.0

// Package abi is the Go mirror of kmod/uapi/eyas.h: the layouts and constants
// that the kernel module and user space share, and nothing else. It opens no
// device, reads no ring and knows no event.
//
// Names follow the header mechanically: EYAS_REC_COMPAT is RecCompat, struct
// eyas_session_stat is SessionStat, and the tag of a field names its C field.
// Where two would meet, the struct keeps the name: EYAS_EXT_DROP is ExtTypeDrop.
// TestLayout in package cdriver holds both sides against each other.
//
//	/dev/eyas ── ioctl ──► Info Setup Mask Sessions SessionStat
//	          ── mmap ───► per CPU: Reader (rw) │ Producer (ro) │ data, twice in a row (ro)
//	                                                               └─ RecordHeader EventHeader … ext …
package abi
