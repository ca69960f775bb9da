// SPDX-License-Identifier: Apache-2.0

//go:build linux && cgo

package cdriver

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/eyas-security/eyas/pkg/abi"
)

func TestOpenFails(t *testing.T) {
	if _, err := Open(t.TempDir() + "/eyas"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open: got %v, want %v", err, fs.ErrNotExist)
	}
	d, err := Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Info(); !errors.Is(err, syscall.ENOTTY) || err.Error() != "get module info: inappropriate ioctl for device" {
		t.Errorf("Info of another device: %v", err)
	}
}

// TestDevice calls the module once by each ioctl; package driver tests the rest.
func TestDevice(t *testing.T) {
	const path = "/dev/" + abi.Device
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("EYAS_REQUIRE") == "1" {
			t.Fatalf("no %s, and EYAS_REQUIRE=1", path)
		}
		t.Skipf("no %s: needs the module, as the guests of scripts/vm have it", path)
	}
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	info, err := d.Info()
	if err != nil || info.ABIMajor != abi.ABIMajor {
		t.Errorf("Info: %+v, %v", info, err)
	}
	if err := d.Setup(abi.Setup{RingBytes: abi.MinRing, Snaplen: 80}); err != nil {
		t.Error(err)
	}
	want := abi.Mask{Tracepoints: 1 << abi.TPSchedProcessExit}
	want.Native[3], want.Compat[7] = 5, 1<<63
	if err := d.SetMask(want); err != nil {
		t.Error(err)
	}
	got, err := d.GetMask()
	want.Size = got.Size
	if err != nil || got != want {
		t.Errorf("GetMask: %+v, %v, want %+v", got, err, want)
	}
	for _, call := range []func() error{d.Enable, d.Disable} {
		if err := call(); err != nil {
			t.Error(err)
		}
	}
	heads, err := d.Sessions()
	if err != nil || len(heads) != 1 || heads[0].ID != info.Session {
		t.Errorf("Sessions: %+v, %v", heads, err)
	}
	stat, counters, err := d.SessionStat(info.Session)
	if err != nil || stat.RingBytes != abi.MinRing || stat.Mask != want || len(counters) != abi.NumCounters {
		t.Errorf("SessionStat: %+v, %d counters, %v", stat, len(counters), err)
	}
}
