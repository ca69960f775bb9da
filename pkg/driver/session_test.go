// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/eyas-security/eyas/pkg/abi"
)

func TestConfigDefaults(t *testing.T) {
	got := Config{}.withDefaults()
	want := Config{Path: "/dev/eyas", RingBytes: 8 << 20, SnapLen: 80, Watermark: 4 << 20, Batch: DefaultBatch}
	if got != want {
		t.Errorf("withDefaults: got %+v, want %+v", got, want)
	}
	setup := Config{RingBytes: 1 << 20, DropFailed: true, IncludeSelf: true}.withDefaults().setup()
	if setup.Flags != abi.SetupDropFailed|abi.SetupIncludeSelf || setup.Watermark != 512<<10 {
		t.Errorf("setup: got %+v", setup)
	}
}

func TestCheckVersion(t *testing.T) {
	tests := []struct {
		name   string
		change func(*abi.Info)
		ok     bool
	}{
		{"same", func(*abi.Info) {}, true},
		{"newer minor", func(i *abi.Info) { i.ABIMinor++; i.SchemaMinor++ }, true},
		{"other patch", func(i *abi.Info) { i.SchemaPatch++ }, true},
		{"newer ABI", func(i *abi.Info) { i.ABIMajor++ }, false},
		{"older schema", func(i *abi.Info) { i.SchemaMajor-- }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			info := abi.Info{ABIMajor: abi.ABIMajor, ABIMinor: abi.ABIMinor,
				SchemaMajor: abi.SchemaMajor, SchemaMinor: abi.SchemaMinor, SchemaPatch: abi.SchemaPatch}
			tt.change(&info)
			err := checkVersion(info)
			var version *VersionError
			if (err == nil) != tt.ok || err != nil && !(errors.As(err, &version) && version.Got == VersionOf(info) && Unusable(err)) {
				t.Errorf("checkVersion: got %v, want ok %v", err, tt.ok)
			}
		})
	}
}

func TestOpenWithoutModule(t *testing.T) {
	_, err := Open(Config{Path: t.TempDir() + "/eyas"})
	if !errors.Is(err, ErrNotLoaded) && !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Open: got %v, want %v", err, ErrNotLoaded)
	}
	if !Unusable(err) || strings.Contains(err.Error(), "\n") {
		t.Errorf("Open: want one line of what to do, got %q", err)
	}
	if _, err := Sessions(t.TempDir() + "/eyas"); !Unusable(err) {
		t.Errorf("Sessions: got %v", err)
	}
	if _, err := Stat(t.TempDir()+"/eyas", 1); !Unusable(err) {
		t.Errorf("Stat: got %v", err)
	}
}

func TestExplainOpen(t *testing.T) {
	tests := []struct {
		err, want error
	}{
		{fs.ErrNotExist, ErrNotLoaded},
		{fs.ErrPermission, ErrPermission},
		{fs.ErrInvalid, fs.ErrInvalid},
	}
	for _, tt := range tests {
		if got := explainOpen(fmt.Errorf("open: %w", tt.err)); !errors.Is(got, tt.want) {
			t.Errorf("explainOpen(%v): got %v, want %v", tt.err, got, tt.want)
		}
	}
	if Unusable(fs.ErrInvalid) {
		t.Error("Unusable: any error is")
	}
}
