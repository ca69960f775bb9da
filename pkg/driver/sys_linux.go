// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/ring"
)

func isNoDevice(err error) bool {
	return errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENODEV)
}

func isTooMany(err error) bool { return errors.Is(err, unix.EUSERS) }

func isNoSpace(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.ENOMEM) }

func isNoCommand(err error) bool { return errors.Is(err, unix.ENOTTY) }

func isNotSupported(err error) bool { return errors.Is(err, unix.EOPNOTSUPP) }

// boottime is the clock that events are stamped with, less the session's offset.
func boottime() uint64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic(fmt.Sprintf("read CLOCK_BOOTTIME: %v", err)) // since Linux 2.6.39
	}
	return uint64(ts.Nano())
}

// mapRing maps the three parts of a ring.
func mapRing(fd, cpu int, info abi.Info) (m ring.Mapping, err error) {
	parts := []struct {
		mem  *[]byte
		kind int
		size uint64
		prot int
	}{
		{&m.Reader, abi.MmapReader, info.ReaderBytes, unix.PROT_READ | unix.PROT_WRITE},
		{&m.Producer, abi.MmapProducer, info.ProducerBytes, unix.PROT_READ},
		{&m.Data, abi.MmapData, info.DataBytes, unix.PROT_READ},
	}
	for _, p := range parts {
		*p.mem, err = unix.Mmap(fd, abi.MmapOffset(cpu, p.kind), int(p.size), p.prot, unix.MAP_SHARED)
		if err != nil {
			return ring.Mapping{}, errors.Join(err, unmapRing(m))
		}
	}
	return m, nil
}

func unmapRing(m ring.Mapping) error {
	var errs []error
	for _, mem := range [][]byte{m.Reader, m.Producer, m.Data} {
		if mem != nil {
			errs = append(errs, unix.Munmap(mem))
		}
	}
	return errors.Join(errs...)
}

// poller waits for the device and for our own wake-up, an eventfd.
type poller struct {
	device int
	event  int
}

func newPoller(device int) (*poller, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("create eventfd: %w", err)
	}
	return &poller{device: device, event: fd}, nil
}

// wake ends the wait under way, or the next one.
func (p *poller) wake() {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	// EAGAIN means that the count is full: it is awake then.
	_, _ = unix.Write(p.event, one[:])
}

// clear forgets earlier wake-ups.
func (p *poller) clear() {
	var count [8]byte
	_, _ = unix.Read(p.event, count[:]) // EAGAIN: there was none
}

// pollRDBand is POLLRDBAND of asm-generic/poll.h.
const pollRDBand = 0x80

// wait returns when what was waited for is there, the time is over (a negative
// one never is), or wake was called. A wake-up stays until clear: whoever called
// wake has told its reason elsewhere, where the caller's loop looks.
func (p *poller) wait(what waitFor, timeout time.Duration) error {
	fds := []unix.PollFd{
		{Fd: int32(p.device), Events: unix.POLLIN | unix.POLLPRI},
		{Fd: int32(p.event), Events: unix.POLLIN},
	}
	if what == waitWatermark {
		fds[0].Events = pollRDBand
	}
	for end := time.Now().Add(timeout); ; {
		var left *unix.Timespec
		if timeout >= 0 {
			ts := unix.NsecToTimespec(max(0, int64(time.Until(end))))
			left = &ts
		}
		_, err := unix.Ppoll(fds, left, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("poll device: %w", err)
		}
		if bad := fds[0].Revents & (unix.POLLERR | unix.POLLHUP | unix.POLLNVAL); bad != 0 {
			return fmt.Errorf("poll device: it answers %#x", bad)
		}
		return nil
	}
}

func (p *poller) close() error { return unix.Close(p.event) }
