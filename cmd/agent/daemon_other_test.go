// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package main

// standIn is for a test of daemons, which are of Linux.
func standIn() {}
