// SPDX-License-Identifier: Apache-2.0

package state

import (
	"net/netip"
	"strings"

	"github.com/eyas-security/eyas/pkg/schema"
)

// FDType is what a descriptor refers to, numbered as in capture files.
type FDType uint8

const (
	FDUnknown FDType = iota
	FDFile
	FDDirectory
	FDIPv4Sock
	FDIPv6Sock
	FDIPv4ServSock // bound, not connected
	FDIPv6ServSock
	FDFIFO
	FDUnixSock
	FDEvent
	FDUnsupported
	FDSignalfd
	FDEventpoll
	FDInotify
	FDTimerfd
	FDNetlink
	FDFileV2
	FDBPF
	FDUserfaultfd
	FDIOUring
	FDMemfd
	FDPidfd
	NumFDTypes
)

// fdTypes are the word and the letter that rules use.
var fdTypes = [NumFDTypes]struct{ word, char string }{
	FDFile:         {"file", "f"},
	FDDirectory:    {"directory", "d"},
	FDIPv4Sock:     {"ipv4", "4"},
	FDIPv6Sock:     {"ipv6", "6"},
	FDIPv4ServSock: {"ipv4", "4"},
	FDIPv6ServSock: {"ipv6", "6"},
	FDFIFO:         {"pipe", "p"},
	FDUnixSock:     {"unix", "u"},
	FDEvent:        {"event", "e"},
	FDSignalfd:     {"signalfd", "s"},
	FDEventpoll:    {"eventpoll", "l"},
	FDInotify:      {"inotify", "i"},
	FDTimerfd:      {"timerfd", "t"},
	FDNetlink:      {"netlink", "n"},
	FDFileV2:       {"file", "f"},
	FDBPF:          {"bpf", "b"},
	FDUserfaultfd:  {"userfaultfd", "u"},
	FDIOUring:      {"io_uring", "r"},
	FDMemfd:        {"memfd", "m"},
	FDPidfd:        {"pidfd", "P"},
}

// String returns the word of rules, empty when the type is not known.
func (t FDType) String() string {
	if t >= NumFDTypes {
		return ""
	}
	return fdTypes[t].word
}

// Char returns the letter of rules; "o" when the type is not known.
func (t FDType) Char() string {
	if t >= NumFDTypes || fdTypes[t].char == "" {
		return "o"
	}
	return fdTypes[t].char
}

// L4Proto is the transport of a socket, numbered as in capture files.
type L4Proto uint8

const (
	L4Unknown L4Proto = iota
	L4NA
	L4TCP
	L4UDP
	L4ICMP
	L4Raw
)

// String returns the word of rules, "<NA>" when there is none.
func (p L4Proto) String() string {
	switch p {
	case L4TCP:
		return "tcp"
	case L4UDP:
		return "udp"
	case L4ICMP:
		return "icmp"
	case L4Raw:
		return "raw"
	}
	return unknownText
}

// Role is the end of a connection that the owner of a socket is.
type Role uint8

const (
	RoleNone Role = iota
	RoleClient
	RoleServer
)

// FD is one open descriptor. Tables that were copied by a fork share it until
// one of them changes it.
type FD struct {
	Num   int64
	Type  FDType
	L4    L4Proto
	Role  Role
	Name  string // path, or "client->server", or "address:port" of a bound socket
	Raw   string // path as the caller gave it
	Flags uint32 // PPM_O_*, layer flags included
	Dev   uint32
	Ino   uint64

	// The source is the client and the destination the server; a bound socket
	// has a destination only. Invalid where not known.
	SIP, DIP             netip.Addr
	SPort, DPort         uint16
	UnixSource, UnixDest uint64

	Connected bool // or being connected
	Listening bool
	ScanTS    uint64 // when it was read from /proc, 0 = known from events

	process     int64 // that a pidfd stands for, 0 when unknown
	localServer bool  // the server is the owner's end
	refs        int32
}

// IsSocket tells whether it is a socket of a family we know.
func (f *FD) IsSocket() bool { return f.IsInet() || f.Type == FDUnixSock || f.Type == FDNetlink }

// IsInet tells whether it is an IP socket.
func (f *FD) IsInet() bool { return f.Type >= FDIPv4Sock && f.Type <= FDIPv6ServSock }

// IsServSock tells whether it is bound but not connected.
func (f *FD) IsServSock() bool { return f.Type == FDIPv4ServSock || f.Type == FDIPv6ServSock }

// IsFile tells whether it is a regular file or something that looks like one.
func (f *FD) IsFile() bool { return f.Type == FDFile || f.Type == FDFileV2 }

// HasPath tells whether Name is a path in the file system.
func (f *FD) HasPath() bool { return f.IsFile() || f.Type == FDDirectory }

// IsServer tells whether the owner is the server end.
func (f *FD) IsServer() bool { return f.Role == RoleServer || f.IsServSock() }

// ClientIP returns the address of the client end; invalid when there is none.
func (f *FD) ClientIP() netip.Addr { return f.SIP }

// ServerIP returns the address of the server end, or that of a bound socket.
func (f *FD) ServerIP() netip.Addr { return f.DIP }

// ClientPort returns the port of the client end.
func (f *FD) ClientPort() uint16 { return f.SPort }

// ServerPort returns the port of the server end.
func (f *FD) ServerPort() uint16 { return f.DPort }

// Local returns the owner's end.
func (f *FD) Local() (netip.Addr, uint16) {
	if f.localServer {
		return f.DIP, f.DPort
	}
	return f.SIP, f.SPort
}

// Remote returns the other end; invalid for a bound socket.
func (f *FD) Remote() (netip.Addr, uint16) {
	if f.localServer {
		return f.SIP, f.SPort
	}
	return f.DIP, f.DPort
}

// Directory returns the part of the name before the last slash, "/" at the
// root; for a directory the whole name.
func (f *FD) Directory() string {
	if f.Type == FDDirectory {
		return f.Name
	}
	return Directory(f.Name)
}

// Filename returns the part of the name after the last slash.
func (f *FD) Filename() string { return f.Name[strings.LastIndexByte(f.Name, '/')+1:] }

// Directory returns the part of a path before the last slash, "/" at the root
// and when there is none.
func Directory(path string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return "/"
}

// Major and Minor split Dev as the kernel encodes it towards user space.
func (f *FD) Major() uint32 { return f.Dev >> 8 & 0xfff }

// Minor returns the other part of Dev.
func (f *FD) Minor() uint32 { return f.Dev&0xff | f.Dev>>12&0xfff00 }

// CloseOnExec tells whether an exec closes it.
func (f *FD) CloseOnExec() bool { return f.Flags&schema.PPM_O_CLOEXEC != 0 }
