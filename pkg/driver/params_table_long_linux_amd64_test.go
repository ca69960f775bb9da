// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/schema"
)

// TestLongData: with the longest snap length all of a buffer is kept up to it, and
// an event that is longer than 64 KiB is whole.
func TestLongData(t *testing.T) {
	needDevice(t)
	const snap = 65000
	s := openSession(t, Config{IncludeSelf: true, SnapLen: snap, RingBytes: 4 << 20})
	if err := s.SetMask(kernelMask(schema.EventNamesToSCs([]string{"pwrite", "pwritev", "sendmsg", "fsconfig"}))); err != nil {
		t.Fatal(err)
	}
	if err := s.Enable(); err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("0123456789abcdef"), 5000)
	out := openFile(t.TempDir()+"/long", unix.O_RDWR|unix.O_CREAT)
	iov, n := vector(data[:1], data[1:40000], data[40000:])
	var pair [2]int32
	raw(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM, 0, addrOf(&pair))
	results := []string{
		raw(unix.SYS_PWRITE64, fd(out), ptr(data), snap, 0),
		raw(unix.SYS_PWRITE64, fd(out), ptr(data), uintptr(len(data)), 0),
		raw(unix.SYS_PWRITEV, fd(out), iov, n, 0, 0),
		raw(unix.SYS_SENDMSG, uintptr(pair[0]), addrOf(header(0, 0, nil, data[:1], data[1:])), unix.MSG_DONTWAIT),
	}
	key := strings.Repeat("k", 4000)
	raw(unix.SYS_FSCONFIG, badFD, unix.FSCONFIG_SET_BINARY, str(key), ptr(data), snap)
	if err := s.Disable(); err != nil {
		t.Fatal(err)
	}
	events := drain(t, s)
	if len(events) != len(results)+1 {
		t.Fatalf("%d events for %d calls", len(events), len(results)+1)
	}
	compare(t, "fsconfig", &events[len(results)], values{"key": key, "value_bytebuf": string(data[:snap]), "value_charbuf": "<NA>", "aux": "65000"})
	for i := range results {
		got, moved := param(&events[i], "data"), int(fd(results[i]))
		if want := data[:min(moved, snap)]; !bytes.Equal(got, want) {
			t.Errorf("event %d: %d bytes of data, want %d of %d", i, len(got), len(want), moved)
		}
		if events[i].RecFlags&abi.RecPartial != 0 {
			t.Errorf("event %d is marked as partial", i)
		}
	}
}
