// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package driver

import (
	"errors"
	"time"

	"github.com/eyas-security/eyas/pkg/abi"
	"github.com/eyas-security/eyas/pkg/ring"
)

// Nothing of this is reached: the device cannot be opened here.

func isNoDevice(error) bool     { return false }
func isTooMany(error) bool      { return false }
func isNoSpace(error) bool      { return false }
func isNotSupported(error) bool { return false }
func isNoCommand(error) bool    { return false }

func boottime() uint64 { return 0 }

func mapRing(int, int, abi.Info) (ring.Mapping, error) {
	return ring.Mapping{}, errors.ErrUnsupported
}

func unmapRing(ring.Mapping) error { return errors.ErrUnsupported }

type poller struct{}

func newPoller(int) (*poller, error) { return nil, errors.ErrUnsupported }

func (*poller) wake() {}

func (*poller) clear() {}

func (*poller) wait(waitFor, time.Duration) error { return errors.ErrUnsupported }

func (*poller) close() error { return nil }
