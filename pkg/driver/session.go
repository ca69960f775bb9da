// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eyas-security/eyas/cdriver"
	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/ring"
)

// DevicePath is where the module puts its device.
const DevicePath = "/dev/" + abi.Device

// Defaults of Config.
const (
	DefaultRingBytes = 8 << 20
	DefaultBatch     = 20 * time.Millisecond
)

// Config says how to open a session. The zero value means the defaults.
type Config struct {
	Path        string        // of the device
	RingBytes   uint64        // per CPU; a power of two, at least abi.MinRing
	SnapLen     uint32        // bytes kept of a data buffer
	Watermark   uint32        // bytes in a ring that end the gathering of a batch; 0 is half the ring
	DropFailed  bool          // leave out calls that returned an error
	IncludeSelf bool          // record this process too
	Batch       time.Duration // how long records gather after the first
}

func (c Config) withDefaults() Config {
	c.Path = cmp.Or(c.Path, DevicePath)
	c.RingBytes = cmp.Or(c.RingBytes, DefaultRingBytes)
	c.SnapLen = cmp.Or(c.SnapLen, abi.DefaultSnaplen)
	c.Watermark = cmp.Or(c.Watermark, uint32(min(c.RingBytes/2, 1<<31)))
	c.Batch = cmp.Or(c.Batch, DefaultBatch)
	return c
}

func (c Config) setup() abi.Setup {
	s := abi.Setup{RingBytes: c.RingBytes, Snaplen: c.SnapLen, Watermark: c.Watermark}
	if c.DropFailed {
		s.Flags |= abi.SetupDropFailed
	}
	if c.IncludeSelf {
		s.Flags |= abi.SetupIncludeSelf
	}
	return s
}

// maxTasks is how many calls of Do may wait without waiting for room.
const maxTasks = 16

// Session is one open session with the module. One goroutine calls Run; the
// other methods may be called from any, Close after Run has returned.
type Session struct {
	dev    *cdriver.Device
	config Config
	info   abi.Info
	reader *ring.Reader
	poller *poller
	clock  func() uint64 // CLOCK_BOOTTIME in ns
	offset atomic.Int64  // event time minus that
	tasks  chan task     // for Run

	generation uint32 // when rings were mapped last by Run, whose own it is

	mu    sync.Mutex
	rings map[int]mappedRing // guarded by mu; nil when closed
}

type mappedRing struct {
	cpu *ring.CPU
	mem ring.Mapping
}

// Open begins a session: device, version, settings, and the rings of all CPUs
// that are up. Nothing is recorded before SetMask and Enable.
func Open(config Config) (*Session, error) {
	s := &Session{config: config.withDefaults(), clock: boottime, tasks: make(chan task, maxTasks), rings: make(map[int]mappedRing)}
	s.reader = ring.NewReader(s.Now)
	dev, err := openDevice(s.config.Path)
	if err != nil {
		return nil, err
	}
	s.dev = dev
	if err := s.begin(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// openDevice opens the device and refuses a module of another version.
func openDevice(path string) (*cdriver.Device, error) {
	dev, err := cdriver.Open(path)
	if err != nil {
		return nil, explainOpen(err)
	}
	info, err := dev.Info()
	if err == nil {
		err = checkVersion(info)
	}
	if err != nil {
		return nil, errors.Join(err, dev.Close())
	}
	return dev, nil
}

func explainOpen(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), isNoDevice(err):
		return fmt.Errorf("%w (%v)", ErrNotLoaded, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w (%v)", ErrPermission, err)
	}
	return err
}

func (s *Session) begin() error {
	err := s.dev.Setup(s.config.setup())
	switch {
	case isTooMany(err):
		return fmt.Errorf("%w%s", ErrTooManySessions, Host{}.whoUses())
	case isNoSpace(err):
		return fmt.Errorf("%w (%d bytes per cpu were asked for)", ErrRingMemory, s.config.RingBytes)
	case err != nil:
		return err
	}
	if s.info, err = s.dev.Info(); err != nil {
		return err
	}
	s.offset.Store(s.info.ClockOffset)
	if s.poller, err = newPoller(s.dev.FD()); err != nil {
		return err
	}
	return s.mapRings()
}

// mapRings maps every ring that is not mapped yet. Those of CPUs that went away
// stay: the module parks them until the session ends.
func (s *Session) mapRings() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for cpu := range int(s.info.NumCPUs) {
		if _, ok := s.rings[cpu]; ok {
			continue
		}
		mem, err := mapRing(s.dev.FD(), cpu, s.info)
		if isNoDevice(err) {
			continue // no ring: never came up
		}
		if err != nil {
			return fmt.Errorf("map ring of cpu %d: %w", cpu, err)
		}
		if err := s.addRing(cpu, mem); err != nil {
			return errors.Join(err, unmapRing(mem))
		}
	}
	if len(s.rings) == 0 {
		return errors.New("map rings: the module has none")
	}
	return nil
}

// addRing adds a mapped ring to the reader. Caller holds mu.
func (s *Session) addRing(cpu int, mem ring.Mapping) error {
	c, err := ring.NewCPU(cpu, mem)
	if err != nil {
		return err
	}
	if err := s.reader.AddCPU(c); err != nil {
		return err
	}
	s.rings[cpu] = mappedRing{cpu: c, mem: mem}
	return nil
}

// Now is the time as events tell it, in ns since the epoch.
func (s *Session) Now() uint64 { return s.clock() + uint64(s.offset.Load()) }

// Info is what the module said of itself and of this session.
func (s *Session) Info() abi.Info {
	info := s.info
	info.ClockOffset = s.offset.Load()
	return info
}

// SetMask replaces the mask. When it returns, calls are judged by the new one.
func (s *Session) SetMask(mask abi.Mask) error {
	err := s.dev.SetMask(mask)
	if isNotSupported(err) {
		return ErrNoTracepoint
	}
	return err
}

// SetSnaplen changes how many bytes of a data buffer are kept from now on.
func (s *Session) SetSnaplen(bytes uint32) error {
	err := s.dev.SetSnaplen(bytes)
	if isNoCommand(err) {
		return ErrOldModule
	}
	return err
}

// Mask is the mask in force, as the module has it.
func (s *Session) Mask() (abi.Mask, error) { return s.dev.GetMask() }

// Enable starts recording.
func (s *Session) Enable() error {
	if err := s.dev.Enable(); err != nil {
		return err
	}
	info, err := s.dev.Info()
	if err != nil {
		return err
	}
	s.offset.Store(info.ClockOffset)
	return nil
}

// Disable stops recording. What was recorded can still be read.
func (s *Session) Disable() error { return s.dev.Disable() }

// Stats says what was handed on and lost. After a corrupt ring its CPU is no
// longer watched: Stats.Corrupt says so.
func (s *Session) Stats() ring.Stats { return s.reader.Stats() }

// Counters are the module's own numbers, summed over the CPUs, by line.
func (s *Session) Counters() ([]abi.Counter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rings == nil {
		return nil, fs.ErrClosed
	}
	var sum [abi.NumCounters]abi.Counter
	for _, r := range s.rings {
		r.cpu.AddCounters(&sum)
	}
	return sum[:], nil
}

// Close ends the session. The module frees its rings and stops recording.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rings == nil {
		return fs.ErrClosed
	}
	var errs []error
	for cpu, r := range s.rings {
		s.reader.RemoveCPU(cpu)
		errs = append(errs, unmapRing(r.mem))
	}
	s.rings = nil
	if s.poller != nil {
		errs = append(errs, s.poller.close())
	}
	return errors.Join(append(errs, s.dev.Close())...)
}

// Sessions lists the sessions of the module behind the device at path. To ask
// takes no session.
func Sessions(path string) ([]abi.SessionHead, error) {
	dev, err := openDevice(cmp.Or(path, DevicePath))
	if err != nil {
		return nil, err
	}
	defer dev.Close()
	return dev.Sessions()
}

// SessionStat is the state of any session, as the module has it.
type SessionStat struct {
	Head        abi.SessionHead
	Mask        abi.Mask
	RingBytes   uint64 // 0 before its setup
	SnapLen     uint32
	Flags       uint32 // abi.Setup*
	NumRings    uint32
	FailedRings uint32        // CPUs that came up and got none: they are not watched
	Counters    []abi.Counter // by line, summed over the CPUs
}

// Stat returns the state of session id of the module behind the device at path.
func Stat(path string, id uint32) (*SessionStat, error) {
	dev, err := openDevice(cmp.Or(path, DevicePath))
	if err != nil {
		return nil, err
	}
	defer dev.Close()
	stat, counters, err := dev.SessionStat(id)
	if err != nil {
		return nil, err
	}
	return &SessionStat{
		Head: stat.Head, Mask: stat.Mask, RingBytes: stat.RingBytes, SnapLen: stat.Snaplen, Flags: stat.Flags,
		NumRings: stat.NumRings, FailedRings: stat.FailedRings, Counters: counters,
	}, nil
}
