// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package main

import (
	"context"
	"os"
	"os/signal"
)

// untilSignalled is done when somebody asks the process to end.
func untilSignalled(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt)
}

// There are no such signals here.
var reopenSignal, reloadSignal os.Signal

func signals(os.Signal) <-chan os.Signal { return nil }
