// SPDX-License-Identifier: Apache-2.0

package state

import (
	"os"
	"path/filepath"
	"testing"
)

func TestBudget(t *testing.T) {
	tests := []struct {
		meminfo string
		want    int64
	}{
		{"MemTotal: 100 kB\nMemAvailable:    4194304 kB\nBuffers: 1 kB\n", 1 << 30},
		{"MemAvailable: 1024 kB\n", minBudget},
		{"MemAvailable: 1099511627776 kB\n", maxBudget},
		{"MemAvailable: -5 kB\n", DefaultMaxBytes},
		{"MemAvailable: 5\n", DefaultMaxBytes},
		{"MemFree: 9999999 kB\n", DefaultMaxBytes},
		{"", DefaultMaxBytes},
	}
	for _, tt := range tests {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "meminfo"), []byte(tt.meminfo), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := Budget(dir); got != tt.want {
			t.Errorf("%q: got %d, want %d", tt.meminfo, got, tt.want)
		}
	}
	if got := Budget(t.TempDir()); got != DefaultMaxBytes {
		t.Errorf("without meminfo: got %d", got)
	}
}
