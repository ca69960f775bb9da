// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package agent

import "errors"

// fileWatch never tells of anything here.
type fileWatch struct{ changed chan struct{} }

func watchFiles() (*fileWatch, error) { return nil, errors.ErrUnsupported }

func (*fileWatch) close() error { return nil }

func (*fileWatch) loading([]string) {}
