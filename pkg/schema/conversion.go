// SPDX-License-Identifier: Apache-2.0

package schema

import "sort"

// Conversion says how an event as an older version of the schema has it comes
// one version closer to the current one.
type Conversion struct {
	Type      EventType
	NumParams uint8 // that the event really has
	Action    ConvAction
	To        EventType   // with ConvBecome
	Values    []ConvValue // the parameters that ConvAppend adds, all parameters with ConvBecome
}

// ConvAction is what happens to an event that is converted.
type ConvAction uint8

// Actions.
const (
	ConvPass         ConvAction = iota // it stays as it is
	ConvStore                          // kept for the exit event of the thread, and not seen by anybody
	ConvStoreAndPass                   // both
	ConvAppend                         // it gets more parameters
	ConvBecome                         // it becomes an event of another type
)

// ConvValue is where a parameter comes from.
type ConvValue struct {
	From    ConvFrom
	Param   uint8 // of the event (ConvOld) or of the thread's enter event (ConvEnter)
	OrEmpty bool  // without an enter event: nothing instead of the default
}

// ConvFrom is a kind of origin.
type ConvFrom uint8

// Origins.
const (
	ConvEmpty         ConvFrom = iota // length 0
	ConvDefault                       // zero, or what stands for nobody; length 0 where the length is free
	ConvOld                           // a parameter of the event itself
	ConvEnter                         // a parameter of the enter event before it
	ConvContainerJSON                 // all parameters of a container event as one text
)

// FindConversion returns what to do with an event that has n parameters, nil
// when the table does not say.
func FindConversion(t EventType, n int) *Conversion {
	i := sort.Search(len(conversions), func(i int) bool {
		c := &conversions[i]
		return c.Type > t || c.Type == t && int(c.NumParams) >= n
	})
	if i < len(conversions) && conversions[i].Type == t && int(conversions[i].NumParams) == n {
		return &conversions[i]
	}
	return nil
}
