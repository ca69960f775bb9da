// SPDX-License-Identifier: Apache-2.0

package state

import (
	"slices"

	"github.com/eyas-security/eyas/pkg/schema"
)

// Moves tells whether events of a type change the picture beyond who is known.
func Moves(t schema.EventType) bool { return parsers[t] != nil }

// parsers name, for each event type, the function that applies it. Old versions
// of an event are converted before they come here.
var parsers = [schema.NumEvents]func(*State, *Event){
	schema.EvSyscallClone20X:   (*State).parseClone,
	schema.EvSyscallFork20X:    (*State).parseClone,
	schema.EvSyscallVfork20X:   (*State).parseClone,
	schema.EvSyscallClone3X:    (*State).parseClone,
	schema.EvSyscallExecve19X:  (*State).parseExec,
	schema.EvSyscallExecveatX:  (*State).parseExec,
	schema.EvProcexit1E:        (*State).parseExit,
	schema.EvSyscallPrctlX:     (*State).parsePrctl,
	schema.EvSyscallSetsidX:    (*State).parseSetsid,
	schema.EvSyscallSetpgidX:   (*State).parseSetpgid,
	schema.EvSyscallSetuidX:    (*State).parseSetuid,
	schema.EvSyscallSetreuidX:  (*State).parseSetreuid,
	schema.EvSyscallSetresuidX: (*State).parseSetreuid,
	schema.EvSyscallSetgidX:    (*State).parseSetgid,
	schema.EvSyscallSetregidX:  (*State).parseSetregid,
	schema.EvSyscallSetresgidX: (*State).parseSetregid,
	schema.EvSyscallCapsetX:    (*State).parseCapset,
	schema.EvSyscallUnshareX:   (*State).parseUnshare,
	schema.EvSyscallSetnsX:     (*State).parseSetns,
	schema.EvSyscallBrk4X:      (*State).parseMemory,
	schema.EvSyscallMmapX:      (*State).parseMemory,
	schema.EvSyscallMmap2X:     (*State).parseMemory,
	schema.EvSyscallMunmapX:    (*State).parseMemory,
	schema.EvSchedswitch6E:     (*State).parseSwitch,
	schema.EvSyscallSetrlimitX: (*State).parseSetrlimit,
	schema.EvSyscallPrlimitX:   (*State).parsePrlimit,
	schema.EvSyscallChdirX:     (*State).parseChdir,
	schema.EvSyscallFchdirX:    (*State).parseFchdir,
	schema.EvSyscallGetcwdX:    (*State).parseGetcwd,
	schema.EvSyscallChrootX:    (*State).parseChroot,

	schema.EvSyscallOpenX:           (*State).parseOpen,
	schema.EvSyscallOpenat_2_X:      (*State).parseOpenat,
	schema.EvSyscallOpenat2_X:       (*State).parseOpenat2,
	schema.EvSyscallCreatX:          (*State).parseCreat,
	schema.EvSyscallOpenByHandleAtX: (*State).parseOpenByHandle,
	schema.EvSyscallCloseX:          (*State).parseClose,
	schema.EvSyscallCloseRangeX:     (*State).parseCloseRange,
	schema.EvSyscallDup1X:           (*State).parseDup,
	schema.EvSyscallDup2X:           (*State).parseDup,
	schema.EvSyscallDup3X:           (*State).parseDup3,
	schema.EvSyscallFcntlX:          (*State).parseFcntl,
	schema.EvSyscallIoctl3X:         (*State).parseIoctl,
	schema.EvSyscallPipeX:           (*State).parsePipe,
	schema.EvSyscallPipe2X:          (*State).parsePipe,
	schema.EvSyscallMemfdCreateX:    (*State).parseMemfd,
	schema.EvSyscallEventfdX:        (*State).parseAnon,
	schema.EvSyscallEventfd2X:       (*State).parseAnon,
	schema.EvSyscallTimerfdCreateX:  (*State).parseAnon,
	schema.EvSyscallSignalfdX:       (*State).parseAnon,
	schema.EvSyscallSignalfd4X:      (*State).parseAnon,
	schema.EvSyscallEpollCreateX:    (*State).parseAnon,
	schema.EvSyscallEpollCreate1X:   (*State).parseAnon,
	schema.EvSyscallInotifyInitX:    (*State).parseAnon,
	schema.EvSyscallInotifyInit1X:   (*State).parseAnon,
	schema.EvSyscallUserfaultfdX:    (*State).parseAnon,
	schema.EvSyscallIoUringSetupX:   (*State).parseAnon,
	schema.EvSyscallPidfdOpenX:      (*State).parsePidfdOpen,
	schema.EvSyscallBpf2X:           (*State).parseBPF,
	schema.EvSyscallPidfdGetfdX:     (*State).parsePidfdGetfd,

	schema.EvSocketSocketX:     (*State).parseSocket,
	schema.EvSocketSocketpairX: (*State).parseSocketpair,
	schema.EvSocketBindX:       (*State).parseBind,
	schema.EvSocketListenX:     (*State).parseListen,
	schema.EvSocketConnectX:    (*State).parseConnect,
	schema.EvSocketAccept5X:    (*State).parseAccept,
	schema.EvSocketAccept46X:   (*State).parseAccept,
	schema.EvSocketSendX:       (*State).parseSend,
	schema.EvSocketSendtoX:     (*State).parseSend,
	schema.EvSocketSendmsgX:    (*State).parseSend,
	schema.EvSocketSendmmsgX:   (*State).parseSend,
	schema.EvSocketRecvX:       (*State).parseRecv,
	schema.EvSocketRecvfromX:   (*State).parseRecv,
	schema.EvSocketRecvmsgX:    (*State).parseRecvmsg,
	schema.EvSocketRecvmmsgX:   (*State).parseRecvmsg,

	schema.EvContainerJson2E: (*State).parseContainerEvent,
	schema.EvAsynceventE:     (*State).parseAsync,

	schema.EvUserAddedE:    (*State).parseUserAdded,
	schema.EvUserDeletedE:  (*State).parseUserDeleted,
	schema.EvGroupAddedE:   (*State).parseGroupAdded,
	schema.EvGroupDeletedE: (*State).parseGroupDeleted,
}

// fdParams holds, for each event type, one more than the index of the parameter
// with the descriptor that the event is about; 0 = none.
var fdParams = findFDParams()

func findFDParams() (idx [schema.NumEvents]uint8) {
	for i := range schema.Events {
		if schema.Events[i].Flags&schema.EFUsesFD != 0 {
			idx[i] = uint8(fdParam(&schema.Events[i]) + 1)
		}
	}
	return idx
}

// fdParam prefers what the call reads from, then the first descriptor that is
// not the result.
func fdParam(info *schema.Event) int {
	if i := info.ParamIndex("fdin"); i >= 0 {
		return i
	}
	start := 0
	if info.IsExit() {
		start = min(1, len(info.Params))
	}
	i := slices.IndexFunc(info.Params[start:], func(p schema.Param) bool { return p.Type == schema.PTFD })
	if i < 0 {
		return -1
	}
	return start + i
}

// tupleParams is the same for the socket tuple.
var tupleParams = findParams("tuple")

// controlParams is the same for what comes beside a message.
var controlParams = findParams("msgcontrol")

// flagParams is the same for the flags of calls that make a descriptor.
var flagParams = findParams("flags")

func findParams(name string) (idx [schema.NumEvents]uint8) {
	for i := range schema.Events {
		idx[i] = uint8(schema.Events[i].ParamIndex(name) + 1)
	}
	return idx
}

// flags returns the parameter named flags, 0 without.
func (e *Event) flags() uint32 {
	v, _ := e.Uint(int(flagParams[e.Type]) - 1)
	return uint32(v)
}

// ok tells whether the call succeeded.
func (e *Event) ok() (int64, bool) {
	res, ok := e.Int(0)
	return res, ok && res >= 0
}
