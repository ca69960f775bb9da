// SPDX-License-Identifier: Apache-2.0

//go:build linux && cgo

package cdriver

/*
#cgo CFLAGS: -I${SRCDIR}/../kmod/uapi -Wall
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "eyas.h"

static int eyas_open(const char *path)
{
	return open(path, O_RDWR | O_CLOEXEC);
}

static int eyas_info(int fd, void *info)
{
	return ioctl(fd, EYAS_IOC_INFO, info);
}

static int eyas_setup(int fd, void *setup)
{
	return ioctl(fd, EYAS_IOC_SETUP, setup);
}

static int eyas_set_snaplen(int fd, void *snaplen)
{
	return ioctl(fd, EYAS_IOC_SET_SNAPLEN, snaplen);
}

static int eyas_set_mask(int fd, void *mask)
{
	return ioctl(fd, EYAS_IOC_SET_MASK, mask);
}

static int eyas_get_mask(int fd, void *mask)
{
	return ioctl(fd, EYAS_IOC_GET_MASK, mask);
}

static int eyas_enable(int fd)
{
	return ioctl(fd, EYAS_IOC_ENABLE);
}

static int eyas_disable(int fd)
{
	return ioctl(fd, EYAS_IOC_DISABLE);
}

// The address of an array goes into a struct only here: Go memory is named by
// call arguments alone, which the runtime keeps in place.
static int eyas_sessions(int fd, void *heads, __u32 *num)
{
	struct eyas_sessions s;
	int err;

	memset(&s, 0, sizeof(s));
	s.size = sizeof(s);
	s.num = *num;
	s.heads = (__u64)(unsigned long)heads;
	err = ioctl(fd, EYAS_IOC_SESSIONS, &s);
	*num = s.num;
	return err;
}

static int eyas_session_stat(int fd, void *stat, void *counters)
{
	struct eyas_session_stat *s = stat;
	struct eyas_session_stat c = *s;
	int err;

	c.size = sizeof(c);
	c.counters = (__u64)(unsigned long)counters;
	err = ioctl(fd, EYAS_IOC_SESSION_STAT, &c);
	c.counters = 0;
	*s = c;
	return err;
}
*/
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/eyas-security/eyas/pkg/abi"
)

// Device is one open file of /dev/eyas: one session. Its calls may be made from
// several goroutines, Close only when no other is under way.
type Device struct {
	fd int
}

// Open opens the device node at path.
func Open(path string) (*Device, error) {
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	fd, err := C.eyas_open(cpath)
	if fd < 0 {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &Device{fd: int(fd)}, nil
}

// FD is the file descriptor, for mmap and poll.
func (d *Device) FD() int { return d.fd }

// Close ends the session.
func (d *Device) Close() error {
	ret, err := C.close(C.int(d.fd))
	d.fd = -1
	return wrap("close device", ret, err)
}

// Info asks what the module is and how large its mappings are.
func (d *Device) Info() (abi.Info, error) {
	info := abi.Info{Size: uint32(unsafe.Sizeof(abi.Info{}))}
	ret, err := C.eyas_info(C.int(d.fd), unsafe.Pointer(&info))
	return info, wrap("get module info", ret, err)
}

// Setup fixes the settings of the session, once, before mmap and Enable.
func (d *Device) Setup(setup abi.Setup) error {
	setup.Size = uint32(unsafe.Sizeof(setup))
	ret, err := C.eyas_setup(C.int(d.fd), unsafe.Pointer(&setup))
	return wrap("set up session", ret, err)
}

// SetSnaplen changes how many bytes of a data buffer are kept, at any time after Setup.
func (d *Device) SetSnaplen(bytes uint32) error {
	set := abi.Snaplen{Snaplen: bytes}
	set.Size = uint32(unsafe.Sizeof(set))
	ret, err := C.eyas_set_snaplen(C.int(d.fd), unsafe.Pointer(&set))
	return wrap("set snap length", ret, err)
}

// SetMask replaces the whole mask.
func (d *Device) SetMask(mask abi.Mask) error {
	mask.Size = uint32(unsafe.Sizeof(mask))
	ret, err := C.eyas_set_mask(C.int(d.fd), unsafe.Pointer(&mask))
	return wrap("set mask", ret, err)
}

// GetMask returns the mask in force.
func (d *Device) GetMask() (abi.Mask, error) {
	mask := abi.Mask{Size: uint32(unsafe.Sizeof(abi.Mask{}))}
	ret, err := C.eyas_get_mask(C.int(d.fd), unsafe.Pointer(&mask))
	return mask, wrap("get mask", ret, err)
}

// Enable starts recording.
func (d *Device) Enable() error {
	ret, err := C.eyas_enable(C.int(d.fd))
	return wrap("enable session", ret, err)
}

// Disable stops recording.
func (d *Device) Disable() error {
	ret, err := C.eyas_disable(C.int(d.fd))
	return wrap("disable session", ret, err)
}

// Sessions lists every session of the module, this one included.
func (d *Device) Sessions() ([]abi.SessionHead, error) {
	for room := 16; ; {
		heads := make([]abi.SessionHead, room)
		num := C.__u32(room)
		ret, err := C.eyas_sessions(C.int(d.fd), unsafe.Pointer(&heads[0]), &num)
		if err := wrap("list sessions", ret, err); err != nil {
			return nil, err
		}
		if int(num) <= room {
			return heads[:num], nil
		}
		room = int(num)
	}
}

// SessionStat returns the settings, the mask and the counters of session id.
func (d *Device) SessionStat(id uint32) (abi.SessionStat, []abi.Counter, error) {
	for room := abi.NumCounters; ; {
		counters := make([]abi.Counter, room)
		stat := abi.SessionStat{ID: id, NumCounters: uint32(room)}
		ret, err := C.eyas_session_stat(C.int(d.fd), unsafe.Pointer(&stat), unsafe.Pointer(&counters[0]))
		if err := wrap(fmt.Sprintf("get state of session %d", id), ret, err); err != nil {
			return abi.SessionStat{}, nil, err
		}
		if int(stat.NumCounters) <= room {
			return stat, counters[:stat.NumCounters], nil
		}
		room = int(stat.NumCounters)
	}
}

func wrap(what string, ret C.int, err error) error {
	if ret >= 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
