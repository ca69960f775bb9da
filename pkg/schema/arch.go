// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"runtime"
)

// Arch is an architecture that the kernel module runs on.
type Arch uint8

const (
	X8664 Arch = iota
	AArch64
)

// NumNative is the number of native system call numbers in a mask.
const NumNative = 512

// HostArch returns the architecture of this program; X8664 where the kernel
// module does not exist.
func HostArch() Arch {
	if runtime.GOARCH == "arm64" {
		return AArch64
	}
	return X8664
}

// ParseArch reads "x86_64" or "aarch64".
func ParseArch(s string) (Arch, error) {
	switch s {
	case "x86_64", "amd64":
		return X8664, nil
	case "aarch64", "arm64":
		return AArch64, nil
	}
	return 0, fmt.Errorf("unknown architecture %q", s)
}

// String returns the name that uname gives the architecture.
func (a Arch) String() string {
	if a == AArch64 {
		return "aarch64"
	}
	return "x86_64"
}

// Native returns the code of every native number, 0 where there is none.
func (a Arch) Native() *[NumNative]SC {
	if a == AArch64 {
		return &nativeAArch64
	}
	return &nativeX8664
}

// Compat returns the code of every number of a 32-bit caller, nil when the
// kernel module does not record such callers on this architecture.
func (a Arch) Compat() *[NumNative]SC {
	if a == AArch64 {
		return nil
	}
	return &nativeI386
}

// Number returns the native number of sc on a.
func (sc SC) Number(a Arch) (nr int, ok bool) {
	s := sc.Info()
	if s == nil {
		return 0, false
	}
	nr = int(s.X8664)
	if a == AArch64 {
		nr = int(s.AArch64)
	}
	return nr, nr >= 0
}

// CompatNumbers returns the numbers by which 32-bit callers reach sc on a.
func (sc SC) CompatNumbers(a Arch) []int16 {
	if s := sc.Info(); s != nil && a == X8664 {
		return s.I386
	}
	return nil
}
