// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package main

import "os"

// isTerminal tells whether what is written there is seen at once.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
