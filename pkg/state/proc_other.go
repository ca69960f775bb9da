// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package state

import "errors"

// ScanProc needs Linux.
func (s *State) ScanProc(string) error { return errors.ErrUnsupported }

func (s *State) lookupThread(int64, uint64) *Thread  { return nil }
func (s *State) lookupFD(*Thread, int64, uint64) *FD { return nil }
func (s *State) lookupCwd(*Thread)                   {}
func (s *State) lookupExePath(*Thread) bool          { return false }
func (s *State) lookupTTY(*Thread)                   {}
func (s *State) lookupVIDs(*Thread)                  {}
func (s *State) lookupUsers(*Thread)                 {}
