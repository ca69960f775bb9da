// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/event"
	"github.com/eyas-security/eyas/pkg/ring"
	"github.com/eyas-security/eyas/pkg/schema"
)

// fuzzNumbers is how many numbers each table of the fuzzer's counts has.
const fuzzNumbers = 640

// TestFuzzCalls records everything while scripts/vm/fuzz.c makes random calls:
// every record can be decoded and is as the schema says, and no call that came
// back is missing from the counters. The environment names the program
// (EYAS_FUZZ), the seconds and, to repeat a run, the seed.
func TestFuzzCalls(t *testing.T) {
	program := os.Getenv("EYAS_FUZZ")
	if program == "" {
		t.Skip("no EYAS_FUZZ: scripts/vm/guest-test runs this with the fuzzer")
	}
	s := openSession(t, Config{SnapLen: abi.MaxSnaplen})
	mask := kernelMask(schema.AllSCs())
	for i := range mask.Native {
		mask.Native[i], mask.Compat[i] = ^uint64(0), ^uint64(0)
	}
	if s.Info().Features&abi.FeaturePageFault == 0 {
		mask.Tracepoints &^= 1<<abi.TPPageFaultUser | 1<<abi.TPPageFaultKernel
	}
	enable(t, s, mask)
	c := &fuzzCheck{tally: newTally()}
	stop := start(t, s, c.add, nil)
	counts := runFuzzer(t, program)
	stop()
	checkAccount(t, s, c.tally)
	checkReturned(t, s, counts)
	t.Logf("%d records, %d partial; lost %+v", s.Stats().Records, c.partial, s.Stats().Lost)
	if s.Stats().Records == 0 {
		t.Error("nothing was recorded")
	}
}

// runFuzzer returns how many calls came back, by way of calling and number.
func runFuzzer(t *testing.T, program string) (returned [2][fuzzNumbers]uint64) {
	t.Helper()
	seed := os.Getenv("EYAS_FUZZ_SEED")
	if seed == "" {
		seed = strconv.FormatUint(rand.Uint64()>>1, 10)
	}
	seconds := os.Getenv("EYAS_FUZZ_SECONDS")
	fmt.Printf("## seed %s, %s s\n", seed, seconds)
	file := filepath.Join(t.TempDir(), "counts")
	out, err := exec.Command(program, seed, seconds, strconv.Itoa(runtime.NumCPU()), file).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const made = 3 * fuzzNumbers // what was tried comes first
	for way := range returned {
		for nr := range returned[way] {
			returned[way][nr] = uint64(binary.NativeEndian.Uint32(raw[4*(made+way*fuzzNumbers+nr):]))
		}
	}
	return returned
}

// checkReturned: the module has counted every call that came back. The numbers
// of programs begun and of returns from signals are not those of the registers
// at the end of the call.
func checkReturned(t *testing.T, s *Session, returned [2][fuzzNumbers]uint64) {
	t.Helper()
	counters, err := s.Counters()
	if err != nil {
		t.Fatal(err)
	}
	for bit := range abi.NumMux {
		line := abi.CounterCompat + i386Socketcall
		if bit >= abi.MuxIPC {
			line = abi.CounterCompat + i386Ipc
		}
		counters[line].Add(&counters[abi.CounterMux+bit])
	}
	for way, base := range []int{abi.CounterNative, abi.CounterCompat} {
		for nr := range abi.NumSyscalls {
			if got := counters[base+nr].Calls(); got < returned[way][nr] {
				t.Errorf("line %d: %d calls came back, %d were counted", base+nr, returned[way][nr], got)
			}
		}
	}
}

// fuzzCheck looks at every record of a run.
type fuzzCheck struct {
	*tally
	ev      event.Event
	partial int
}

func (c *fuzzCheck) add(rec *ring.Record) error {
	if err := c.tally.add(rec); err != nil || rec.Flags&abi.RecDrop != 0 {
		return err
	}
	if rec.Gap != 0 {
		return fmt.Errorf("record %d of cpu %d: %d before it are missing", rec.Seq, rec.CPU, rec.Gap)
	}
	if rec.Flags&abi.RecPartial != 0 {
		c.partial++
	}
	err := c.ev.Decode(rec.Event)
	if err == nil {
		err = checkSchema(&c.ev)
	}
	if err != nil {
		return fmt.Errorf("number %d, flags %#x: %w\n% x", rec.Native, rec.Flags, err, rec.Event[:min(len(rec.Event), 512)])
	}
	return nil
}

// checkSchema holds a decoded event of the module against its row of the table.
func checkSchema(ev *event.Event) error {
	info := ev.Info()
	if !info.Produced() {
		return fmt.Errorf("%s (%d) is no event of the module", info.Name, ev.Type)
	}
	if n := binary.LittleEndian.Uint32(ev.Raw()[22:]); int(n) != len(info.Params) {
		return fmt.Errorf("%s has %d parameters, want %d", info.Name, n, len(info.Params))
	}
	end := event.HeaderSize + len(info.Params)*int(info.LenSize)
	for i := range info.Params {
		b, _ := ev.Param(i)
		end += len(b)
		if err := checkParam(&info.Params[i], b); err != nil {
			return fmt.Errorf("%s: parameter %s: %w", info.Name, info.Params[i].Name, err)
		}
	}
	if end != len(ev.Raw()) {
		return fmt.Errorf("%s: its parameters end at %d of %d", info.Name, end, len(ev.Raw()))
	}
	return nil
}

// checkParam: an empty parameter has no value, and any may be empty.
func checkParam(p *schema.Param, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if want := int(p.Type.Info().Size); want != 0 && len(b) != want {
		return fmt.Errorf("%d bytes, want %d", len(b), want)
	}
	switch p.Type {
	case schema.PTCharBuf, schema.PTFSPath, schema.PTFSRelPath:
		return checkText(b)
	case schema.PTCharBufArray, schema.PTCharBufPairArray:
		if b[len(b)-1] != 0 {
			return errors.New("no NUL at the end")
		}
	case schema.PTSockAddr:
		if _, ok := event.ParseSockaddr(b); !ok {
			return fmt.Errorf("not an address: % x", b)
		}
	case schema.PTSockTuple:
		if _, ok := event.ParseTuple(b); !ok {
			return fmt.Errorf("not a tuple: % x", b)
		}
	case schema.PTFDList:
		if n := int(binary.LittleEndian.Uint16(b)); len(b) != 2+10*n {
			return fmt.Errorf("%d descriptors in %d bytes", n, len(b))
		}
	case schema.PTDyn:
		return checkDyn(p, b)
	}
	return nil
}

// checkText: one NUL, at the end.
func checkText(b []byte) error {
	if n := unix.ByteSliceToString(b); len(n) != len(b)-1 {
		return fmt.Errorf("its NUL is at %d of %d", len(n), len(b))
	}
	return nil
}

func checkDyn(p *schema.Param, b []byte) error {
	if int(b[0]) >= len(p.Dyn) {
		return fmt.Errorf("choice %d of %d", b[0], len(p.Dyn))
	}
	if want := int(p.Dyn[b[0]].Type.Info().Size); want != 0 && len(b)-1 != want {
		return fmt.Errorf("choice %d has %d bytes, want %d", b[0], len(b)-1, want)
	}
	return nil
}
