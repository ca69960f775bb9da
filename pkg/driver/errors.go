// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"errors"
	"fmt"

	"github.com/eyas-security/eyas/pkg/abi"
)

// What is wrong with the module, and what to do about it, in one line each.
var (
	ErrNotLoaded       = errors.New("the eyas kernel module is not loaded: run 'agent driver load', after 'agent driver install' if this host never had it")
	ErrPermission      = errors.New("no permission to use the eyas kernel module: run as root (it needs CAP_SYS_ADMIN)")
	ErrTooManySessions = errors.New("the eyas kernel module has no session left: stop another agent, or load the module with a larger max_sessions")
	ErrRingMemory      = errors.New("the rings take more memory than the eyas kernel module may use: set a smaller driver.ring_bytes or load the module with a larger max_ring_bytes")
	ErrNoTracepoint    = errors.New("this kernel lacks a tracepoint that the mask asks for: leave the event out, or use a kernel built with it")
	ErrOldModule       = errors.New("the loaded eyas kernel module is too old for this: install and load that of this version")
	ErrInUse           = errors.New("the eyas kernel module is in use: stop the agent that uses it first")
	ErrNoSource        = errors.New("no source of the eyas kernel module below /usr/src: install the package, or name the source tree with --source")
	ErrNoDKMS          = errors.New("dkms is not installed")
	ErrNoHeaders       = errors.New("the headers of this kernel are not installed")
	ErrNotInstalled    = errors.New("the eyas kernel module is not installed for this kernel: run 'agent driver install'")
	ErrSignature       = errors.New("the kernel refuses the signature of the eyas kernel module")
)

var unusable = []error{
	errors.ErrUnsupported, ErrNotLoaded, ErrPermission, ErrTooManySessions, ErrRingMemory, ErrNoTracepoint,
	ErrInUse, ErrNoSource, ErrNoDKMS, ErrNoHeaders, ErrNotInstalled, ErrSignature,
}

// Unusable tells whether err means that the module is missing or cannot be used
// as it is: what the command line exits with status 4 for.
func Unusable(err error) bool {
	for _, e := range unusable {
		if errors.Is(err, e) {
			return true
		}
	}
	var version *VersionError
	return errors.As(err, &version)
}

// Version is what module and agent must agree on.
type Version struct {
	ABIMajor, ABIMinor                    uint16
	SchemaMajor, SchemaMinor, SchemaPatch uint16
}

// WantVersion is the version that this agent is built for.
var WantVersion = Version{
	ABIMajor: abi.ABIMajor, ABIMinor: abi.ABIMinor,
	SchemaMajor: abi.SchemaMajor, SchemaMinor: abi.SchemaMinor, SchemaPatch: abi.SchemaPatch,
}

// VersionOf is the version that a module reports.
func VersionOf(info abi.Info) Version {
	return Version{
		ABIMajor: info.ABIMajor, ABIMinor: info.ABIMinor,
		SchemaMajor: info.SchemaMajor, SchemaMinor: info.SchemaMinor, SchemaPatch: info.SchemaPatch,
	}
}

func (v Version) String() string {
	return fmt.Sprintf("ABI %d.%d with schema %d.%d.%d", v.ABIMajor, v.ABIMinor, v.SchemaMajor, v.SchemaMinor, v.SchemaPatch)
}

// VersionError says that the loaded module belongs to another agent.
type VersionError struct {
	Got, Want Version
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("the loaded eyas kernel module speaks %v, this agent %v: run 'agent driver install' with the module of this agent", e.Got, e.Want)
}

// checkVersion wants the same majors. Minors add only: a module may be older or
// newer by them, and readers skip what they do not know.
func checkVersion(info abi.Info) error {
	got := VersionOf(info)
	if got.ABIMajor != WantVersion.ABIMajor || got.SchemaMajor != WantVersion.SchemaMajor {
		return &VersionError{Got: got, Want: WantVersion}
	}
	return nil
}
