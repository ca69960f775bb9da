// SPDX-License-Identifier: Apache-2.0

package state

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
)

// The texts of /proc, without the reading of them.

// procStat is what we take from stat.
type procStat struct {
	state      byte
	flags      uint64 // PF_*
	session    int64
	pgid       int64
	tty        uint32
	minor      uint64
	major      uint64
	startTicks uint64
}

// parseStat reads a stat line. The name in it may hold anything, so the fields
// are counted from its last parenthesis.
func parseStat(b []byte) (st procStat, ok bool) {
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return st, false
	}
	f := strings.Fields(string(b[i+1:]))
	if len(f) < 20 {
		return st, false
	}
	st.state = f[0][0]
	st.pgid = atoi(f[2])
	st.session = atoi(f[3])
	st.tty = uint32(atoi(f[4]))
	st.flags = uint64(atoi(f[6]))
	st.minor = uint64(atoi(f[7]))
	st.major = uint64(atoi(f[9]))
	st.startTicks = uint64(atoi(f[19]))
	return st, true
}

// pfExiting is the kernel's PF_EXITING, in no header for user space.
const pfExiting = 0x4

// exits tells whether the thread is on its way out. Its procexit event may have
// been recorded already, although it is not a zombie yet.
func (st *procStat) exits() bool {
	return st.state == 'Z' || st.state == 'X' || st.flags&pfExiting != 0
}

func atoi(s string) int64 {
	v, _ := strconv.ParseInt(s, 10, 64)
	return v
}

// parseStatus takes what it knows from a status file.
func parseStatus(t *Thread, b []byte) {
	for line := range strings.Lines(string(b)) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\n"), ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		f := strings.Fields(value)
		if key == "Name" {
			t.Comm = unescapeName(value)
			continue
		}
		if len(f) > 0 {
			parseStatusLine(t, key, f)
		}
	}
}

func parseStatusLine(t *Thread, key string, f []string) {
	switch key {
	case "Tgid":
		t.PID = atoi(f[0])
	case "PPid":
		t.PTID = atoi(f[0])
	case "Uid":
		t.UID = uint32(atoi(f[min(1, len(f)-1)]))
	case "Gid":
		t.GID = uint32(atoi(f[min(1, len(f)-1)]))
	case "NSpid":
		t.VTID = atoi(f[len(f)-1])
	case "NStgid":
		t.VPID = atoi(f[len(f)-1])
	case "NSpgid":
		t.VPGID = atoi(f[len(f)-1])
	case "CapInh":
		t.CapInheritable = hexNumber(f[0])
	case "CapPrm":
		t.CapPermitted = hexNumber(f[0])
	case "CapEff":
		t.CapEffective = hexNumber(f[0])
	case "VmSize":
		t.VMSize = uint32(atoi(f[0]))
	case "VmRSS":
		t.VMRSS = uint32(atoi(f[0]))
	case "VmSwap":
		t.VMSwap = uint32(atoi(f[0]))
	}
}

// unescapeName undoes what the kernel does to odd bytes of a name.
func unescapeName(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(s)
}

func hexNumber(s string) uint64 {
	v, _ := strconv.ParseUint(s, 16, 64)
	return v
}

// parseFDLimit finds the soft limit of open files.
func parseFDLimit(b []byte) int64 {
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "Max open files"); ok {
			if f := strings.Fields(rest); len(f) > 0 {
				return atoi(f[0])
			}
		}
	}
	return 0
}

// parseCgroups turns "ID:SUBSYSTEMS:PATH" lines into "subsystem=path".
func parseCgroups(b []byte) []string {
	var list []string
	for line := range strings.Lines(string(b)) {
		f := strings.SplitN(strings.TrimRight(line, "\n"), ":", 3)
		if len(f) < 3 {
			continue
		}
		if f[1] == "" {
			list = append(list, "unified="+f[2])
			continue
		}
		for sub := range strings.SplitSeq(strings.TrimPrefix(f[1], "name="), ",") {
			list = append(list, sub+"="+f[2])
		}
	}
	return list
}

// anonTypes are the kinds of descriptors without inode of their own, by the
// text of the link.
var anonTypes = map[string]FDType{
	"[eventfd]":     FDEvent,
	"[eventpoll]":   FDEventpoll,
	"inotify":       FDInotify,
	"[inotify]":     FDInotify,
	"[signalfd]":    FDSignalfd,
	"[timerfd]":     FDTimerfd,
	"[io_uring]":    FDIOUring,
	"[userfaultfd]": FDUserfaultfd,
	"[pidfd]":       FDPidfd,
	"bpf-map":       FDBPF,
	"bpf-prog":      FDBPF,
	"bpf_link":      FDBPF,
	"bpf_iter":      FDBPF,
	"btf":           FDBPF,
}

// classifyLink tells what the link of a descriptor stands for; path is true
// when it names a file.
func classifyLink(link string) (fd FD, path bool) {
	kind, rest, ok := strings.Cut(link, ":")
	switch {
	case strings.HasPrefix(link, "/memfd:"):
		return FD{Type: FDMemfd, Name: strings.TrimSuffix(link[len("/memfd:"):], " (deleted)")}, false
	case strings.HasPrefix(link, "/"):
		return FD{Type: FDFileV2, Name: link}, true
	case !ok:
		return FD{Type: FDUnsupported, Name: link}, false
	case kind == "socket":
		return FD{Type: FDUnknown, Ino: linkIno(rest)}, false
	case kind == "pipe":
		return FD{Type: FDFIFO, Ino: linkIno(rest)}, false
	case kind == "anon_inode":
		if t, ok := anonTypes[rest]; ok {
			return FD{Type: t}, false
		}
	}
	return FD{Type: FDUnsupported, Name: link}, false
}

func linkIno(s string) uint64 {
	v, _ := strconv.ParseUint(strings.Trim(s, "[]"), 10, 64)
	return v
}

// sockets are the sockets of network namespaces, each by inode.
type sockets struct {
	ts   uint64
	byNS map[string]map[uint64]FD
}

// tcpListen is the state of a listening socket in /proc/net/tcp.
const tcpListen = "0A"

// parseInet adds the lines of one of tcp, udp, raw, icmp and their IPv6
// siblings.
func parseInet(into map[uint64]FD, b []byte, l4 L4Proto) {
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 10 {
			continue
		}
		lip, lport, ok := parseEnd(f[1])
		rip, rport, ok2 := parseEnd(f[2])
		ino, err := strconv.ParseUint(f[9], 10, 64)
		if !ok || !ok2 || err != nil || ino == 0 {
			continue
		}
		into[ino] = inetSocket(l4, f[3] == tcpListen && l4 == L4TCP, lip, lport, rip, rport)
	}
}

func inetSocket(l4 L4Proto, listening bool, lip netip.Addr, lport uint16, rip netip.Addr, rport uint16) FD {
	if lip.Is4In6() {
		lip, rip = lip.Unmap(), rip.Unmap()
	}
	fd := FD{Type: FDIPv4Sock, L4: l4, Listening: listening}
	if lip.Is6() {
		fd.Type = FDIPv6Sock
	}
	switch {
	case rport != 0 || !rip.IsUnspecified():
		fd.Connected, fd.Role = true, RoleClient
		fd.SIP, fd.SPort, fd.DIP, fd.DPort = lip, lport, rip, rport
		fd.Name = string(appendTuple(nil, &fd))
	case lport != 0:
		fd.Type += FDIPv4ServSock - FDIPv4Sock
		fd.DIP, fd.DPort, fd.Role = lip, lport, RoleServer
		fd.Name = string(appendEnd(nil, lip, lport))
	}
	return fd
}

// parseEnd reads "0100007F:0050": the address as words of this machine, the
// port as a number.
func parseEnd(s string) (netip.Addr, uint16, bool) {
	addr, port, ok := strings.Cut(s, ":")
	p, err := strconv.ParseUint(port, 16, 16)
	b, err2 := hex.DecodeString(addr)
	if !ok || err != nil || err2 != nil || len(b)%4 != 0 {
		return netip.Addr{}, 0, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	ip, ok := netip.AddrFromSlice(b)
	return ip, uint16(p), ok
}

// findServers makes the owner of a connection its server when its local port
// has a listener.
func findServers(table map[uint64]FD) {
	listeners := map[uint16]bool{}
	for _, fd := range table {
		if fd.Listening {
			listeners[fd.DPort] = true
		}
	}
	for ino, fd := range table {
		if fd.L4 == L4TCP && fd.Connected && listeners[fd.SPort] {
			fd.SIP, fd.SPort, fd.DIP, fd.DPort = fd.DIP, fd.DPort, fd.SIP, fd.SPort
			fd.Role = RoleServer
			fd.Name = string(appendTuple(nil, &fd))
			table[ino] = fd
		}
	}
}

// Bits of the flags column and the state column of /proc/net/unix.
const (
	unixAccepting = 1 << 16
	unixConnected = 3
)

// parseUnix adds the lines of unix.
func parseUnix(into map[uint64]FD, b []byte) {
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 7 {
			continue
		}
		ino, err := strconv.ParseUint(f[6], 10, 64)
		if err != nil || ino == 0 {
			continue
		}
		fd := FD{Type: FDUnixSock, Connected: hexNumber(f[5]) == unixConnected, Listening: hexNumber(f[3])&unixAccepting != 0}
		if len(f) > 7 {
			fd.Name = strings.Join(f[7:], " ")
		}
		if fd.Listening {
			fd.Role = RoleServer
		}
		into[ino] = fd
	}
}

// parseNetlink adds the lines of netlink, whose inode is the last column.
func parseNetlink(into map[uint64]FD, b []byte) {
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 10 {
			continue
		}
		if ino, err := strconv.ParseUint(f[len(f)-1], 10, 64); err == nil && ino != 0 {
			into[ino] = FD{Type: FDNetlink}
		}
	}
}
