// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package main

import (
	"context"
	"errors"
	"fmt"
)

// There is nothing to watch here, so there are no daemons.

func startDaemon(context.Context, []string) (pid int, err error) {
	return 0, fmt.Errorf("watching hosts is for Linux: %w", errors.ErrUnsupported)
}

func thisDaemon() *daemon { return nil }

func dropStderr() error { return errors.ErrUnsupported }
