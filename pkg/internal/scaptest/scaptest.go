// SPDX-License-Identifier: Apache-2.0

// Package scaptest reads captures in tests of packages above scap.
package scaptest

import (
	"errors"
	"io"
	"os"
	"testing"

	"github.com/eyas-security/eyas/pkg/scap"
	"github.com/eyas-security/eyas/pkg/state"
)

// Each hands the events of a file to each, one after the other; the event is the
// same one, used again, and the state does not know of it yet. It returns the
// state at the end, and fails the test when the file is not whole.
func Each(t testing.TB, file string, each func(*scap.Reader, *state.Event)) *state.State {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := scap.NewReader(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	var e state.Event
	for {
		err := r.Next(&e.Event)
		if errors.Is(err, io.EOF) {
			return r.State()
		}
		if err != nil {
			t.Fatal(err)
		}
		each(r, &e)
	}
}
