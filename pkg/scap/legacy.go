// SPDX-License-Identifier: Apache-2.0

package scap

import (
	"encoding/binary"
	"fmt"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
)

// headerV1 is the length of an event header without the number of parameters.
const headerV1 = 22

// addNumParams gives an event of version 1 the header of today. How many
// parameters it has is found by their lengths: the sum must fit.
func addNumParams(dst, raw []byte, info *schema.Event) ([]byte, error) {
	size := len(raw)
	if t := info.Type; t == schema.EvNotificationE || t == schema.EvInfrastructureEventE {
		size -= 3 // these were written too long
	}
	if size < headerV1 {
		return dst, fmt.Errorf("%s of %d bytes", info.Name, len(raw))
	}
	params := raw[headerV1:size]
	n := countParams(params, info)
	if n < 0 {
		return dst, fmt.Errorf("%s: no number of parameters fits its %d bytes", info.Name, len(raw))
	}
	dst = append(dst, raw[:headerV1]...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	dst = append(dst, params...)
	binary.LittleEndian.PutUint32(dst[16:], uint32(event.HeaderSize+len(params)))
	return dst, nil
}

// countParams returns the largest number of parameters whose lengths and bytes
// fill params, -1 when there is none.
func countParams(params []byte, info *schema.Event) int {
	best, sum := -1, 0
	for n := 0; ; n++ {
		if 2*n+sum == len(params) {
			best = n
		}
		if n == len(info.Params) || 2*n+2 > len(params) {
			return best
		}
		sum += int(binary.LittleEndian.Uint16(params[2*n:]))
	}
}
