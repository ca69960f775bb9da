// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"
)

// lockedBuffer takes what a command says while a test looks at it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// await waits until the text has been said.
func (b *lockedBuffer) await(t *testing.T, text string) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for start := time.Now(); time.Since(start) < patience; <-look.C {
		if strings.Contains(b.String(), text) {
			return
		}
	}
	t.Fatalf("nobody said %q within %v, only:\n%s", text, patience, b.String())
}
