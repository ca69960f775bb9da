// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// untilSignalled is done when somebody asks the process to end. From then on the next such signal ends it at once.
// A reader of the output that goes away is an error of that output, not a reason to end.
func untilSignalled(ctx context.Context) (context.Context, context.CancelFunc) {
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// Signals that ask for something other than the end.
const (
	reopenSignal = syscall.SIGUSR1 // open output files anew
	reloadSignal = syscall.SIGHUP  // load rules and configuration anew
)

// signals tells of a signal.
func signals(sig os.Signal) <-chan os.Signal {
	c := make(chan os.Signal, 1)
	signal.Notify(c, sig)
	return c
}
