// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"slices"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/ring"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/selection"
)

// volume is the bytes of the events that came, by the lines of the module's counters.
type volume [abi.NumCounters]uint64

// add takes a record whose event is of sc.
func (v *volume) add(rec *ring.Record, sc schema.SC) {
	if line := recordLine(rec, sc); line < len(v) {
		v[line] += uint64(len(rec.Event))
	}
}

// recordLine is the line of the counter table that counted the record.
func recordLine(rec *ring.Record, sc schema.SC) int {
	line := int(rec.Native)
	switch {
	case rec.Flags&abi.RecTracepoint != 0:
		return abi.CounterTP + line
	case rec.Flags&abi.RecCompat == 0:
		return line
	}
	if bit, ok := sc.MultiplexedBit(); ok && !slices.Contains(sc.CompatNumbers(schema.HostArch()), int16(rec.Native)) {
		return abi.CounterMux + bit
	}
	return abi.CounterCompat + line
}

// LineName is the name that selection gives to what a line of the counter table counts.
func LineName(line int, arch schema.Arch) string {
	if sc := lineSC(line, arch); sc != schema.SCUnknown {
		return scName(sc)
	}
	return selection.NumberNames([]int{line % abi.NumSyscalls})[0]
}

// lineMask is the mask with the bit that a line counts.
func lineMask(line int) (mask schema.Mask) {
	switch {
	case line >= abi.CounterMux:
		mask.Multiplexed = 1 << (line - abi.CounterMux)
	case line >= abi.CounterTP:
		mask.Tracepoints = 1 << (line - abi.CounterTP)
	case line >= abi.CounterCompat:
		mask.Compat[(line-abi.CounterCompat)/64] = 1 << (line % 64)
	default:
		mask.Native[line/64] = 1 << (line % 64)
	}
	return mask
}

// lineSC is the code that a line counts, SCUnknown for a number that no call has.
func lineSC(line int, arch schema.Arch) schema.SC {
	for sc := range lineMask(line).SCs(arch).All() {
		return sc
	}
	return schema.SCUnknown
}

// scName is the name of the call's own event, or of the call.
func scName(sc schema.SC) string {
	names := selection.Names(schema.SCsOf(sc))
	if len(names) == 1 {
		return names[0]
	}
	return sc.String() // it goes by several
}

func abiMask(m schema.Mask) abi.Mask {
	return abi.Mask{Native: m.Native, Compat: m.Compat, Tracepoints: m.Tracepoints, Multiplexed: m.Multiplexed}
}
