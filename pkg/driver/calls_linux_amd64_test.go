// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/internal/calltest"
	"github.com/eyas-security/eyas/pkg/internal/rawcall"
	"github.com/eyas-security/eyas/pkg/schema"
)

// TestCalls makes the calls of the table, as a 64-bit and as a 32-bit program,
// and holds every parameter of their events against what the table says.
func TestCalls(t *testing.T) {
	needDevice(t)
	table, err := calltest.Load()
	if err != nil {
		t.Fatal(err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // or its calls are among ours
	for _, bits := range []int{64, 32} {
		t.Run(fmt.Sprintf("%d bits", bits), func(t *testing.T) {
			if bits == 32 {
				needCompat(t)
			}
			newCaller(t, bits).run(t, table.Calls)
		})
	}
}

// caller makes calls with all its memory below 4 GiB.
type caller struct {
	bits    int
	dir     string
	low     *low
	rooms   map[string]uint32 // addresses by name
	results map[string]int64  // of calls, by name
}

func newCaller(t *testing.T, bits int) *caller {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	mem, err := unix.Mmap(-1, 0, 1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_32BIT|unix.MAP_POPULATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(mem) })
	var file unix.Stat_t
	if err := unix.Stat("file", &file); err != nil {
		t.Fatal(err)
	}
	results := map[string]int64{"dev": int64(file.Dev), "ino": int64(file.Ino)}
	return &caller{bits: bits, dir: dir, low: &low{mem: mem}, rooms: map[string]uint32{}, results: results}
}

// prepared is a call whose arguments are in memory, but for results of others.
type prepared struct {
	*calltest.Call
	nr      int
	args    [6]operand
	patches []patch
	result  int64
}

// operand is an argument: late, when it is a result of another call.
type operand struct {
	value uint64
	late  *calltest.Expr
}

// patch is where a result of another call belongs.
type patch struct {
	at   uint32
	size int
	from *calltest.Expr
}

func (c *caller) run(t *testing.T, calls []*calltest.Call) {
	var list []*prepared
	var mask abi.Mask
	for _, call := range calls {
		nr, ok := call.Number(c.bits)
		if !ok {
			continue
		}
		p := &prepared{Call: call, nr: nr}
		args, err := call.ArgsFor(c.bits)
		if err != nil {
			t.Fatal(err)
		}
		for i := range args {
			p.args[i] = c.operand(p, &args[i])
		}
		words := &mask.Native
		if c.bits == 32 {
			words = &mask.Compat
		}
		words[nr/64] |= 1 << (nr % 64)
		list = append(list, p)
	}
	tid, events := recordMask(t, mask, func() {
		blockSignals()
		raw(unix.SYS_UNSHARE, unix.CLONE_FS|unix.CLONE_SYSVSEM)
		for _, p := range list {
			c.call(p)
		}
	})
	events = slices.DeleteFunc(events, func(ev event.Event) bool { return ev.TID != tid })
	c.check(t, list, events)
}

// operand puts what an argument points to into memory.
func (c *caller) operand(p *prepared, e *calltest.Expr) operand {
	switch e.Kind {
	case calltest.Var:
		return operand{late: e}
	case calltest.Text:
		text, err := calltest.Expand(e.Text, c.value)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", p.Title(), err))
		}
		return operand{value: uint64(c.low.str(text))}
	case calltest.Room:
		at := c.low.put(make([]byte, e.Num))
		c.rooms[e.Name] = at
		return operand{value: uint64(at)}
	case calltest.Memory:
		return operand{value: uint64(c.memory(p, e.Items))}
	}
	return operand{value: uint64(e.Num)}
}

// memory puts values one behind the other.
func (c *caller) memory(p *prepared, items []calltest.Item) uint32 {
	var b []byte
	var late []patch
	for i := range items {
		size := items[i].Size
		if size == 0 {
			size = c.bits / 8
		}
		o := c.operand(p, &items[i].Expr)
		if o.late != nil {
			late = append(late, patch{uint32(len(b)), size, o.late})
		}
		for n := range size {
			b = append(b, byte(o.value>>(8*n)))
		}
	}
	at := c.low.put(b)
	for _, l := range late {
		l.at += at
		p.patches = append(p.patches, l)
	}
	return at
}

// number is a result of a call, or what is in memory.
func (c *caller) number(e *calltest.Expr) (int64, bool) {
	if e.At.Size == 0 {
		n, ok := c.results[e.Name]
		return n, ok
	}
	at, ok := c.rooms[e.Name]
	if !ok {
		return 0, false
	}
	b := c.low.at(at)[e.At.Offset:]
	switch e.At.Size {
	case 1:
		return int64(b[0]), true
	case 2:
		return int64(binary.LittleEndian.Uint16(b)), true
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b))), true
	}
	return int64(binary.LittleEndian.Uint64(b)), true
}

// value is number as a text; dir is the folder of the test.
func (c *caller) value(e calltest.Expr) (string, bool) {
	if e.Name == "dir" {
		return c.dir, true
	}
	n, ok := c.number(&e)
	return strconv.FormatInt(n, 10), ok
}

// call makes a call. It does nothing else that might enter the kernel.
func (c *caller) call(p *prepared) {
	for i := range p.patches {
		q := &p.patches[i]
		n, _ := c.number(q.from)
		for i, b := 0, c.low.at(q.at); i < q.size; i++ {
			b[i] = byte(n >> (8 * i))
		}
	}
	var a [6]uint64
	for i := range p.args {
		a[i] = p.args[i].value
		if late := p.args[i].late; late != nil {
			n, _ := c.number(late)
			a[i] = uint64(n)
		}
	}
	if c.bits == 32 {
		p.result = int64(rawcall.Int80x6(uint32(p.nr), uint32(a[0]), uint32(a[1]), uint32(a[2]), uint32(a[3]), uint32(a[4]), uint32(a[5])))
		if p.result <= -4096 {
			p.result += 1 << 32 // an address
		}
	} else {
		r, _, errno := unix.RawSyscall6(uintptr(p.nr), uintptr(a[0]), uintptr(a[1]), uintptr(a[2]), uintptr(a[3]), uintptr(a[4]), uintptr(a[5]))
		p.result = int64(r)
		if errno != 0 {
			p.result = -int64(errno)
		}
	}
	if p.Let != "" {
		c.results[p.Let] = p.result
	}
}

// check looks for the event of each call. Go's own calls may be between them.
func (c *caller) check(t *testing.T, list []*prepared, events []event.Event) {
	calls := map[string]bool{}
	for _, p := range list {
		sameNumber := func(ev event.Event) bool {
			return int(ev.Native) == p.nr && (ev.RecFlags&abi.RecCompat != 0) == (c.bits == 32)
		}
		n := slices.IndexFunc(events, func(ev event.Event) bool { return sameNumber(ev) && p.mayBe(&ev) })
		if n < 0 {
			n = slices.IndexFunc(events, sameNumber)
		}
		if n < 0 {
			t.Errorf("%s: no event", p.Title())
			continue
		}
		c.checkCall(t, p, &events[n])
		events = events[n+1:]
		calls[p.SC] = true
	}
	t.Logf("%d calls of %d kinds", len(list), len(calls))
}

// mayBe tells whether the result of an event is that of the call. Go's own futex is
// between ours, too.
func (p *prepared) mayBe(ev *event.Event) bool {
	b, _ := ev.Param(0)
	return ev.Info().IsGeneric() || len(b) != 8 || int64(binary.NativeEndian.Uint64(b)) == p.result
}

// anything is the text of a parameter that has a value nobody can foretell.
const anything = "any"

func (c *caller) checkCall(t *testing.T, p *prepared, ev *event.Event) {
	t.Helper()
	if failed := p.result < 0 && p.result > -4096; failed != p.Fails && !p.Any {
		t.Errorf("%s: the result is %d", p.Title(), p.result)
	}
	info, partial := p.Code.Info().Exit.Info(), p.PartialFor(c.bits)
	if !info.Produced() {
		info, partial = schema.EvGenericX.Info(), false // the module has no source for it
	}
	if ev.Type != info.Type {
		t.Errorf("%s: event %s, want %s", p.Title(), ev.Info().Code, info.Code)
		return
	}
	want := values{}
	switch {
	case info.IsGeneric():
		want["ID"], want["nativeID"] = p.SC, strconv.Itoa(p.nr)
	case len(info.Params) > 0:
		want[info.Params[0].Name] = strconv.FormatInt(p.result, 10)
		for name, text := range p.WantFor(c.bits) {
			expanded, err := calltest.Expand(text, c.value)
			if err != nil {
				t.Errorf("%s: %s: %v", p.Title(), name, err)
			}
			want[name] = expanded
		}
	}
	path, err := calltest.Expand(p.Path, c.value)
	if err != nil {
		t.Errorf("%s: %v", p.Title(), err)
	}
	for name, text := range want {
		if i := info.ParamIndex(name); text == anything && i >= 0 {
			if size := int(info.Params[i].Type.Info().Size); len(param(ev, name)) != size {
				t.Errorf("%s: %s has %d bytes, want %d", p.Title(), name, len(param(ev, name)), size)
			}
			want[name] = "<NA>" // for checkSample, which is not to look at it
			ev = without(t, ev, i)
		}
	}
	checkSample(t, p.Title(), ev, &sample{path: path, partial: partial}, want)
}

// without is an event with one parameter emptied.
func without(t *testing.T, ev *event.Event, i int) *event.Event {
	t.Helper()
	var params [][]byte
	for n := range ev.NumParams() {
		b, _ := ev.Param(n)
		if n == i {
			b = nil
		}
		params = append(params, b)
	}
	out := *ev
	if err := out.Decode(event.Append(nil, ev.Type, ev.TS, ev.TID, params...)); err != nil {
		t.Fatal(err)
	}
	return &out
}
