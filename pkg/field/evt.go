// SPDX-License-Identifier: Apache-2.0

package field

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/schema"
	"github.com/eyas-security/eyas/pkg/state"
)

// Extractors and decisions that need no more than a constant.

func never(*state.Event, *Value) bool { return false }

func alwaysAbsent(*schema.Event) Decision { return Decision{Known: true} }

func zero(_ *state.Event, v *Value) bool { v.U = 0; return true }
func one(_ *state.Event, v *Value) bool  { v.U = 1; return true }

func decideZero(*schema.Event) Decision { return decided(Value{}) }
func decideOne(*schema.Event) Decision  { return decided(Value{U: 1}) }

func decided(v Value) Decision { return Decision{Known: true, Present: true, Value: v} }

func decidedBool(b bool) Decision {
	var v Value
	v.setBool(b)
	return decided(v)
}

func constText(s string) Extract {
	return func(_ *state.Event, v *Value) bool { v.S = s; return true }
}

func decideText(s string) func(*schema.Event) Decision {
	return func(*schema.Event) Decision { return decided(Value{S: s}) }
}

// byEach extracts what the event type decides, for callers that do not
// specialise.
func byEach(decide func(*schema.Event) Decision) Extract {
	return func(e *state.Event, v *Value) bool {
		d := decide(e.Info())
		v.U, v.S = d.Value.U, d.Value.S
		return d.Present
	}
}

// Time and number.

func evtNum(e *state.Event, v *Value) bool { v.U = e.Num; return true }
func evtCPU(e *state.Event, v *Value) bool { v.U = uint64(e.CPU); return true }

func evtRawTime(e *state.Event, v *Value) bool   { v.U = e.TS; return true }
func evtRawTimeS(e *state.Event, v *Value) bool  { v.U = e.TS / 1e9; return true }
func evtRawTimeNS(e *state.Event, v *Value) bool { v.U = e.TS % 1e9; return true }

// sinceFirst counts from the first event; before it from 0.
func sinceFirst(e *state.Event) uint64 {
	if e.State == nil {
		return e.TS
	}
	return e.TS - e.State.FirstTS()
}

func evtRelTime(e *state.Event, v *Value) bool   { v.U = sinceFirst(e); return true }
func evtRelTimeS(e *state.Event, v *Value) bool  { v.U = sinceFirst(e) / 1e9; return true }
func evtRelTimeNS(e *state.Event, v *Value) bool { v.U = sinceFirst(e) % 1e9; return true }

func evtTime(layout string) Extract {
	return func(e *state.Event, v *Value) bool {
		v.setScratch(time.Unix(0, int64(e.TS)).AppendFormat(v.scratch(), layout))
		return true
	}
}

func evtTimeISO(e *state.Event, v *Value) bool {
	t := time.Unix(0, int64(e.TS)).UTC()
	v.setScratch(t.AppendFormat(v.scratch(), "2006-01-02T15:04:05.000000000-0700"))
	return true
}

// Hostname is the name of this host as alerts show it.
func Hostname() string {
	if name := os.Getenv("FALCO_HOSTNAME"); name != "" {
		return name
	}
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// setHostname asks for the name once, when a rule is compiled.
func setHostname(r *Ref) {
	name := Hostname()
	r.Extract, r.byType = constText(name), decideText(name)
}

// Type and category.

func infoAsync(info *schema.Event) Decision { return decidedBool(info.Type == schema.EvAsynceventE) }

func asyncOnly(info *schema.Event) Decision {
	return Decision{Known: info.Type != schema.EvAsynceventE}
}

func evtAsyncType(e *state.Event, v *Value) bool {
	if e.Type != schema.EvAsynceventE {
		return false
	}
	name, ok := e.Str(asyncName)
	v.setView(name)
	return ok
}

// asyncName is the parameter of an asynchronous event that tells its name.
const asyncName = 1

// infoType decides the name for all types but those whose events carry it.
func infoType(info *schema.Event) Decision {
	if info.IsGeneric() || info.Type == schema.EvAsynceventE {
		return Decision{}
	}
	return decided(Value{S: info.Name})
}

func evtType(e *state.Event, v *Value) bool {
	switch info := e.Info(); {
	case info.IsGeneric():
		v.S = e.SC.String()
	case info.Type == schema.EvAsynceventE:
		return evtAsyncType(e, v)
	default:
		v.S = info.Name
	}
	return true
}

func infoSyscallType(info *schema.Event) Decision {
	if info.Category.Class()&schema.ECSyscall == 0 {
		return Decision{Known: true}
	}
	return infoType(info)
}

func syscallType(e *state.Event, v *Value) bool {
	return e.Info().Category.Class()&schema.ECSyscall != 0 && evtType(e, v)
}

func bindTypeIs(r *Ref, arg string) error {
	t, ok := typeByArg(arg)
	if !ok {
		return &UnknownError{Name: r.Text, Reason: fmt.Sprintf("there is no event %s", arg)}
	}
	decide := func(info *schema.Event) Decision {
		return decidedBool(info.Type == t || info.Type == t+1)
	}
	r.byType, r.Extract = decide, byEach(decide)
	return nil
}

// typeByArg reads the number of an event, or the name of one: then the first
// of that name is meant, and the type after it.
func typeByArg(arg string) (schema.EventType, bool) {
	if n, err := strconv.ParseUint(arg, 10, 16); err == nil {
		return schema.EventType(n), n < schema.NumEvents
	}
	for i := range schema.Events {
		if schema.Events[i].Name == arg {
			return schema.Events[i].Type, true
		}
	}
	return 0, false
}

// ioBit is set in the categories of reading, writing and other use of a
// descriptor.
const ioBit = schema.ECIORead

// infoCategory decides for all but input and output.
func infoCategory(info *schema.Event) Decision {
	if info.Category&ioBit != 0 {
		return Decision{}
	}
	return decided(Value{S: categoryName(info.Category.About())})
}

func evtCategory(e *state.Event, v *Value) bool {
	switch about := e.Info().Category.About(); {
	case about&ioBit == 0:
		v.S = categoryName(about)
	case e.FD == nil:
		v.S = "unknown"
	default:
		v.S = ioCategory(e.FD.Type)
	}
	return true
}

// ioCategory is what input and output on a descriptor is about.
func ioCategory(t state.FDType) string {
	switch t {
	case state.FDFile, state.FDFileV2, state.FDDirectory:
		return "file"
	case state.FDIPv4Sock, state.FDIPv6Sock, state.FDIPv4ServSock, state.FDIPv6ServSock:
		return "net"
	case state.FDFIFO, state.FDUnixSock:
		return "ipc"
	case state.FDUnknown:
		return "unknown"
	}
	return "other"
}

func categoryName(c schema.Category) string {
	switch c {
	case schema.ECFile:
		return "file"
	case schema.ECNet:
		return "net"
	case schema.ECIPC:
		return "IPC"
	case schema.ECMemory:
		return "memory"
	case schema.ECProcess:
		return "process"
	case schema.ECSleep:
		return "sleep"
	case schema.ECSystem:
		return "system"
	case schema.ECSignal:
		return "signal"
	case schema.ECUser:
		return "user"
	case schema.ECTime:
		return "time"
	case schema.ECProcessing:
		return "processing"
	case schema.ECWait:
		return "wait"
	case schema.ECScheduler:
		return "scheduler"
	case schema.ECInternal:
		return "internal"
	}
	return "other"
}

// Parameters and result.

func evtArgs(e *state.Event, v *Value) bool {
	v.setScratch(appendArgs(v.scratch(), e))
	return true
}

// hasParam decides for the types that lack a parameter.
func hasParam(name string) func(*schema.Event) Decision {
	return func(info *schema.Event) Decision { return Decision{Known: info.ParamIndex(name) < 0} }
}

func evtBuffer(e *state.Event, v *Value) bool {
	b, _ := e.Param(e.Info().ParamIndex("data"))
	v.setView(b)
	return len(b) > 0
}

func ioOnly(info *schema.Event) Decision {
	return Decision{Known: info.Category&ioBit == 0}
}

func evtBufLen(e *state.Event, v *Value) bool {
	if e.FD == nil || e.Info().Category&ioBit == 0 {
		return false
	}
	n, ok := e.Res()
	v.setInt(n)
	return ok && n >= 0
}

// resultOnly decides for the types that have no result.
func resultOnly(info *schema.Event) Decision {
	has := info.IsExit() && !info.IsGeneric() && info.Category.Class()&schema.ECSyscall != 0 && len(info.Params) > 0
	return Decision{Known: !has}
}

func evtRes(e *state.Event, v *Value) bool {
	n, ok := e.Res()
	if !ok {
		return false
	}
	if n >= 0 {
		v.S = "SUCCESS"
		return true
	}
	name, known := event.ErrnoName(n)
	if known {
		v.S = name
	} else {
		v.setScratch(strconv.AppendInt(v.scratch(), n, 10))
	}
	return true
}

func evtRawRes(e *state.Event, v *Value) bool {
	n, ok := e.Res()
	v.setInt(n)
	return ok
}

func evtFailed(e *state.Event, v *Value) bool {
	n, ok := e.Res()
	v.setBool(n < 0)
	return ok
}

// Input, output and waiting.

func infoIO(info *schema.Event) Decision {
	return decidedBool(info.Flags&(schema.EFReadsFromFD|schema.EFWritesToFD) != 0)
}

func infoIORead(info *schema.Event) Decision {
	return decidedBool(info.Flags&schema.EFReadsFromFD != 0)
}
func infoIOWrite(info *schema.Event) Decision {
	return decidedBool(info.Flags&schema.EFWritesToFD != 0)
}
func infoWait(info *schema.Event) Decision { return decidedBool(info.Flags&schema.EFWaits != 0) }

func infoIODir(info *schema.Event) Decision {
	switch {
	case info.Flags&schema.EFReadsFromFD != 0:
		return decided(Value{S: "read"})
	case info.Flags&schema.EFWritesToFD != 0:
		return decided(Value{S: "write"})
	}
	return Decision{Known: true}
}

func evtIsSyslog(e *state.Event, v *Value) bool {
	writes := e.Info().Flags&schema.EFWritesToFD != 0
	v.setBool(writes && e.FD != nil && strings.Contains(e.FD.Name, "/dev/log"))
	return true
}
