// SPDX-License-Identifier: Apache-2.0

package field

import (
	"fmt"
	"strconv"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Fields of events that hardly any rule asks for.

func infoProcinfo(info *schema.Event) Decision {
	return Decision{Known: true, Present: info.Type == schema.EvProcinfoE, Value: Value{U: 1}}
}

func countThreadInfo(e *state.Event, v *Value) bool {
	t := known(e)
	v.U = 1
	return e.Type == schema.EvProcinfoE && t != nil && t.IsMain()
}

// bindAround takes a point in time; the value is the distance of the event from
// it in whole milliseconds, rounded up.
func bindAround(r *Ref, arg string) error {
	at, err := strconv.ParseUint(arg, 10, 64)
	if err != nil {
		return fmt.Errorf("field %s: %q is no time in nanoseconds since 1970", r.Name, arg)
	}
	r.Extract = func(e *state.Event, v *Value) bool {
		d := max(e.TS, at) - min(e.TS, at)
		v.U = d / 1e6
		if d%1e6 != 0 {
			v.U++
		}
		return true
	}
	return nil
}

// setCounter gives every place that names the field a counter of its own.
func setCounter(r *Ref) {
	n := uint64(0)
	r.Extract = func(_ *state.Event, v *Value) bool {
		n++
		v.U = n
		return true
	}
}

// way is the direction of input and output.
type way uint8

const (
	wayAny way = iota
	wayIn
	wayOut
)

// wayOnly tells the types apart that do not go that way.
func wayOnly(w way) func(*schema.Event) Decision {
	return func(info *schema.Event) Decision { return Decision{Known: !w.of(info)} }
}

func (w way) of(info *schema.Event) bool {
	switch w {
	case wayIn:
		return info.Flags&schema.EFReadsFromFD != 0
	case wayOut:
		return info.Flags&schema.EFWritesToFD != 0
	}
	return info.Flags&(schema.EFReadsFromFD|schema.EFWritesToFD) != 0
}

// bufLen is evt.buflen of one direction and, with want, one kind of descriptor.
func bufLen(w way, want about) Extract {
	return func(e *state.Event, v *Value) bool {
		return w.of(e.Info()) && (want == 0 || eventAbout(e)&want != 0) && evtBufLen(e, v)
	}
}

// Parameters of infrastructure events.
const (
	infraSource = 0
	infraName   = 1
	infraScope  = 3
)

func infraOnly(info *schema.Event) Decision {
	return Decision{Known: info.Type != schema.EvInfrastructureEventE}
}

func fromDocker(e *state.Event) bool {
	src, _ := e.Str(infraSource)
	return e.Type == schema.EvInfrastructureEventE && string(src) == "docker"
}

func dockerEvent(e *state.Event, v *Value) bool {
	name, ok := e.Str(infraName)
	v.setView(name)
	return ok && fromDocker(e)
}

// dockerScope finds a key in the scope of an event: "container.id=x and …".
func dockerScope(key string) Extract {
	return func(e *state.Event, v *Value) bool {
		scope, ok := e.Str(infraScope)
		if !ok || !fromDocker(e) {
			return false
		}
		for rest := event.View(scope); rest != ""; {
			var term string
			term, rest = cutTerm(rest)
			if len(term) > len(key) && term[:len(key)] == key && term[len(key)] == '=' {
				v.S = unquoted(term[len(key)+1:])
				return true
			}
		}
		return false
	}
}

// cutTerm takes the first term off a chain of them.
func cutTerm(s string) (term, rest string) {
	const and = " and "
	for i := 0; i+len(and) <= len(s); i++ {
		if s[i:i+len(and)] == and {
			return s[:i], s[i+len(and):]
		}
	}
	return s, ""
}

func unquoted(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}
