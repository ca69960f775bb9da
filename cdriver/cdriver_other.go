// SPDX-License-Identifier: Apache-2.0

//go:build !linux || !cgo

package cdriver

import (
	"errors"
	"fmt"

	"github.com/eyas-security/eyas/pkg/abi"
)

// Device cannot be had in this build: Open always fails.
type Device struct{}

// Open fails: this build has no cgo or is for another system.
func Open(path string) (*Device, error) {
	return nil, fmt.Errorf("open %s: built without driver support: %w", path, errors.ErrUnsupported)
}

// FD is no file descriptor.
func (d *Device) FD() int { return -1 }

// Close does nothing.
func (d *Device) Close() error { return errors.ErrUnsupported }

// Info is not supported.
func (d *Device) Info() (abi.Info, error) { return abi.Info{}, errors.ErrUnsupported }

// Setup is not supported.
func (d *Device) Setup(abi.Setup) error { return errors.ErrUnsupported }

// SetSnaplen is not supported.
func (d *Device) SetSnaplen(uint32) error { return errors.ErrUnsupported }

// SetMask is not supported.
func (d *Device) SetMask(abi.Mask) error { return errors.ErrUnsupported }

// GetMask is not supported.
func (d *Device) GetMask() (abi.Mask, error) { return abi.Mask{}, errors.ErrUnsupported }

// Enable is not supported.
func (d *Device) Enable() error { return errors.ErrUnsupported }

// Disable is not supported.
func (d *Device) Disable() error { return errors.ErrUnsupported }

// Sessions is not supported.
func (d *Device) Sessions() ([]abi.SessionHead, error) { return nil, errors.ErrUnsupported }

// SessionStat is not supported.
func (d *Device) SessionStat(uint32) (abi.SessionStat, []abi.Counter, error) {
	return abi.SessionStat{}, nil, errors.ErrUnsupported
}
