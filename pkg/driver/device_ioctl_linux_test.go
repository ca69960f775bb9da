// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/abi"
)

func openRaw(t *testing.T) int {
	t.Helper()
	needDevice(t)
	fd, err := unix.Open(DevicePath, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

func ioctl(fd int, cmd uintptr, arg []byte) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), cmd, uintptr(unsafe.Pointer(unsafe.SliceData(arg))))
	if errno != 0 {
		return errno
	}
	return nil
}

// sized is a structure of n bytes that begins with its size.
func sized(n int) []byte {
	b := make([]byte, max(n, 4))
	binary.NativeEndian.PutUint32(b, uint32(n))
	return b
}

// with sets bytes of b at off.
func with(b []byte, off uintptr, v any) []byte {
	if _, err := binary.Encode(b[off:], binary.NativeEndian, v); err != nil {
		panic(err)
	}
	return b
}

func TestIoctlSizes(t *testing.T) {
	fd := openRaw(t)
	structs := []struct {
		name string
		cmd  uintptr
		size uintptr
	}{
		{"info", abi.IocInfo, unsafe.Sizeof(abi.Info{})},
		{"set mask", abi.IocSetMask, unsafe.Sizeof(abi.Mask{})},
		{"get mask", abi.IocGetMask, unsafe.Sizeof(abi.Mask{})},
		{"sessions", abi.IocSessions, unsafe.Sizeof(abi.Sessions{})},
	}
	for _, st := range structs {
		tests := []struct {
			name string
			arg  []byte
			want error
		}{
			{"exact", sized(int(st.size)), nil},
			{"size alone", sized(4), nil},
			{"one byte less", sized(int(st.size) - 1), nil},
			{"zero tail", sized(int(st.size) + 200), nil},
			{"tail that is not zero", with(sized(int(st.size)+200), st.size+199, uint8(1)), unix.E2BIG},
			{"no size", with(sized(int(st.size)), 0, uint32(0)), unix.EINVAL},
			{"three bytes", with(sized(int(st.size)), 0, uint32(3)), unix.EINVAL},
			{"huge", with(sized(int(st.size)), 0, ^uint32(0)), unix.E2BIG},
			{"no address", nil, unix.EFAULT},
		}
		for _, tt := range tests {
			t.Run(st.name+"/"+tt.name, func(t *testing.T) {
				if err := ioctl(fd, st.cmd, tt.arg); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
			})
		}
		// A command from a header with another structure size is the same command.
		if err := ioctl(fd, st.cmd&^(0x3fff<<16)|8<<16, sized(int(st.size))); err != nil {
			t.Errorf("%s with another size in the command: %v", st.name, err)
		}
	}
}

// TestIoctlAnswersFit: a caller with an older header gets as much as it has room for.
func TestIoctlAnswersFit(t *testing.T) {
	fd := openRaw(t)
	b := sized(8)
	b = append(b, 0xaa, 0xaa)
	if err := ioctl(fd, abi.IocInfo, b); err != nil {
		t.Fatal(err)
	}
	if got := binary.NativeEndian.Uint32(b); got != 8 || b[8] != 0xaa || b[4] != abi.ABIMajor {
		t.Errorf("INFO of 8 bytes: % x", b)
	}
	b = sized(int(unsafe.Sizeof(abi.Info{})) + 8)
	if err := ioctl(fd, abi.IocInfo, b); err != nil {
		t.Fatal(err)
	}
	if got, want := binary.NativeEndian.Uint32(b), uint32(unsafe.Sizeof(abi.Info{})); got != want {
		t.Errorf("INFO with a newer header: size %d, want %d", got, want)
	}
}

func TestIoctlRefuses(t *testing.T) {
	fd := openRaw(t)
	setup := func(off uintptr, v any) []byte {
		b := with(sized(int(unsafe.Sizeof(abi.Setup{}))), unsafe.Offsetof(abi.Setup{}.RingBytes), uint64(abi.MinRing))
		return with(b, off, v)
	}
	mask := func(off uintptr, v any) []byte { return with(sized(int(unsafe.Sizeof(abi.Mask{}))), off, v) }
	var s abi.Setup
	var m abi.Mask
	tests := []struct {
		name string
		cmd  uintptr
		arg  []byte
		want error
	}{
		{"unknown type", abi.IocInfo &^ 0xff00, sized(64), unix.ENOTTY},
		{"unknown number", abi.IocInfo | 0x80, sized(64), unix.ENOTTY},
		{"enable before setup", abi.IocEnable, nil, unix.EINVAL},
		{"disable before enable", abi.IocDisable, nil, nil},
		{"setup flags", abi.IocSetup, setup(unsafe.Offsetof(s.Flags), uint32(1<<31)), unix.EINVAL},
		{"ring too small", abi.IocSetup, setup(unsafe.Offsetof(s.RingBytes), uint64(abi.MinRing/2)), unix.EINVAL},
		{"ring no power of two", abi.IocSetup, setup(unsafe.Offsetof(s.RingBytes), uint64(abi.MinRing+4096)), unix.EINVAL},
		{"ring of zero", abi.IocSetup, setup(unsafe.Offsetof(s.RingBytes), uint64(0)), unix.EINVAL},
		{"ring beyond memory", abi.IocSetup, setup(unsafe.Offsetof(s.RingBytes), uint64(1<<63)), unix.ENOSPC},
		{"snaplen", abi.IocSetup, setup(unsafe.Offsetof(s.Snaplen), uint32(abi.MaxSnaplen+1)), unix.EINVAL},
		{"watermark", abi.IocSetup, setup(unsafe.Offsetof(s.Watermark), uint32(abi.MinRing+1)), unix.EINVAL},
		{"mask reserved", abi.IocSetMask, mask(4, uint32(1)), unix.EINVAL},
		{"unknown tracepoint", abi.IocSetMask, mask(unsafe.Offsetof(m.Tracepoints), uint64(1<<abi.NumTracepoints)), unix.EINVAL},
		{"stat of nobody", abi.IocSessionStat, sized(int(unsafe.Sizeof(abi.SessionStat{}))), unix.ENOENT},
		{"setup", abi.IocSetup, setup(0, uint32(unsafe.Sizeof(s))), nil},
		{"heads nowhere", abi.IocSessions, with(with(sized(16), 4, uint32(8)), 8, uint64(8)), unix.EFAULT},
		{"setup again", abi.IocSetup, setup(0, uint32(unsafe.Sizeof(s))), nil},
		{"enable", abi.IocEnable, nil, nil},
		{"enable again", abi.IocEnable, nil, nil},
		{"setup after enable", abi.IocSetup, setup(0, uint32(unsafe.Sizeof(s))), unix.EBUSY},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := ioctl(fd, tt.cmd, tt.arg); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	if _, err := unix.Read(fd, make([]byte, 8)); err == nil {
		t.Error("read of the device: no error")
	}
	if _, err := unix.Write(fd, make([]byte, 8)); err == nil {
		t.Error("write to the device: no error")
	}
}

// TestIoctlGarbage: any bytes for any command. The guest's log tells the rest.
func TestIoctlGarbage(t *testing.T) {
	fd := openRaw(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	ok := 0
	for range 50_000 {
		b := make([]byte, 4096)
		for i := range 64 {
			b[rnd.IntN(1+rnd.IntN(512))] = byte(i)
		}
		if rnd.IntN(4) > 0 {
			binary.NativeEndian.PutUint32(b, uint32(rnd.IntN(600)))
		}
		cmd := uintptr(rnd.Uint32())
		if rnd.IntN(8) > 0 {
			cmd = cmd&^0xffff | abi.IocMagic<<8 | uintptr(rnd.IntN(12))
		}
		// Addresses in SESSIONS and SESSION_STAT lead nowhere rather than into this process.
		for _, off := range []int{8, 16} {
			binary.NativeEndian.PutUint64(b[off:], binary.NativeEndian.Uint64(b[off:])|1<<63)
		}
		if ioctl(fd, cmd, b) == nil {
			ok++
		}
	}
	t.Logf("%d of 50000 were taken", ok)
}

func TestMmapRefuses(t *testing.T) {
	s := openSession(t, Config{RingBytes: abi.MinRing})
	fd, info, page := s.dev.FD(), s.Info(), os.Getpagesize()
	cpu := s.reader.CPUs()[0].ID()
	rw, ro := unix.PROT_READ|unix.PROT_WRITE, unix.PROT_READ
	tests := []struct {
		name        string
		offset      int64
		length      int
		prot, flags int
		want        error
	}{
		{"reader", abi.MmapOffset(cpu, abi.MmapReader), int(info.ReaderBytes), rw, unix.MAP_SHARED, nil},
		{"reader read-only", abi.MmapOffset(cpu, abi.MmapReader), int(info.ReaderBytes), ro, unix.MAP_SHARED, nil},
		{"data", abi.MmapOffset(cpu, abi.MmapData), int(info.DataBytes), ro, unix.MAP_SHARED, nil},
		{"reader too long", abi.MmapOffset(cpu, abi.MmapReader), int(info.ReaderBytes) + page, rw, unix.MAP_SHARED, unix.EINVAL},
		{"data once", abi.MmapOffset(cpu, abi.MmapData), int(info.DataBytes) / 2, ro, unix.MAP_SHARED, unix.EINVAL},
		{"data too long", abi.MmapOffset(cpu, abi.MmapData), int(info.DataBytes) + page, ro, unix.MAP_SHARED, unix.EINVAL},
		{"data second page", abi.MmapOffset(cpu, abi.MmapData) + int64(page), int(info.DataBytes), ro, unix.MAP_SHARED, unix.EINVAL},
		{"private", abi.MmapOffset(cpu, abi.MmapData), int(info.DataBytes), ro, unix.MAP_PRIVATE, unix.EINVAL},
		{"writable data", abi.MmapOffset(cpu, abi.MmapData), int(info.DataBytes), rw, unix.MAP_SHARED, unix.EPERM},
		{"writable producer", abi.MmapOffset(cpu, abi.MmapProducer), int(info.ProducerBytes), rw, unix.MAP_SHARED, unix.EPERM},
		{"executable", abi.MmapOffset(cpu, abi.MmapReader), int(info.ReaderBytes), rw | unix.PROT_EXEC, unix.MAP_SHARED, unix.EPERM},
		{"unknown kind", abi.MmapOffset(cpu, 3), page, ro, unix.MAP_SHARED, unix.EINVAL},
		{"no such cpu", abi.MmapOffset(int(info.NumCPUs), abi.MmapReader), page, rw, unix.MAP_SHARED, unix.ENXIO},
		{"huge cpu", abi.MmapOffset(1<<20, abi.MmapReader), page, rw, unix.MAP_SHARED, unix.ENXIO},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mem, err := unix.Mmap(fd, tt.offset, tt.length, tt.prot, tt.flags)
			if !errors.Is(err, tt.want) {
				t.Errorf("mmap: got %v, want %v", err, tt.want)
			}
			if err != nil {
				return
			}
			if tt.name == "data" {
				checkReadOnly(t, mem)
			}
			if err := unix.Munmap(mem); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkReadOnly: what is mapped to read cannot be made writable or grown later.
func checkReadOnly(t *testing.T, mem []byte) {
	t.Helper()
	if err := unix.Mprotect(mem, unix.PROT_READ|unix.PROT_WRITE); !errors.Is(err, unix.EACCES) {
		t.Errorf("mprotect: got %v, want %v", err, unix.EACCES)
	}
	addr := uintptr(unsafe.Pointer(unsafe.SliceData(mem)))
	_, _, errno := unix.Syscall6(unix.SYS_MREMAP, addr, uintptr(len(mem)), uintptr(2*len(mem)), unix.MREMAP_MAYMOVE, 0, 0)
	if errno != unix.EFAULT {
		t.Errorf("mremap: got %v, want %v", errno, unix.EFAULT)
	}
}

func TestMmapBeforeSetup(t *testing.T) {
	fd := openRaw(t)
	if mem, err := unix.Mmap(fd, abi.MmapOffset(0, abi.MmapReader), os.Getpagesize(), unix.PROT_READ, unix.MAP_SHARED); err != unix.ENXIO {
		t.Errorf("mmap: got %d bytes, %v, want %v", len(mem), err, unix.ENXIO)
	}
}

// TestSetSnaplen: the snap length changes while events are recorded, and is bounded.
func TestSetSnaplen(t *testing.T) {
	s := openSession(t, Config{RingBytes: abi.MinRing, SnapLen: 100})
	for _, bytes := range []uint32{0, 16, abi.MaxSnaplen} {
		if err := s.SetSnaplen(bytes); err != nil {
			t.Errorf("SetSnaplen(%d): %v", bytes, err)
		}
		stat, err := Stat("", s.Info().Session)
		if err != nil || stat.SnapLen != bytes {
			t.Errorf("SetSnaplen(%d): the module says %+v, %v", bytes, stat, err)
		}
	}
	if err := s.SetSnaplen(abi.MaxSnaplen + 1); !errors.Is(err, unix.EINVAL) {
		t.Errorf("SetSnaplen: got %v, want %v", err, unix.EINVAL)
	}
}

func TestSetupAfterMmap(t *testing.T) {
	s := openSession(t, Config{RingBytes: abi.MinRing})
	if err := s.dev.Setup(s.config.setup()); !errors.Is(err, unix.EBUSY) {
		t.Errorf("Setup: got %v, want %v", err, unix.EBUSY)
	}
}
