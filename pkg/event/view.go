// SPDX-License-Identifier: Apache-2.0

package event

import "unsafe"

// View is b as a string without a copy, for who looks at it and lets go before
// the event's bytes are released.
func View(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// ViewBytes is the same the other way; the result must not be written to.
func ViewBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
