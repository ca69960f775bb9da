// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// ProgramOptions says which program gets the alerts, and how often it is started.
type ProgramOptions struct {
	Command   string // for the shell
	KeepAlive bool   // it runs on and gets a line for each alert; else it is started for each
}

// openProgram starts nothing yet.
func openProgram(opt ProgramOptions) sink {
	if opt.KeepAlive {
		return &runningProgram{command: opt.Command}
	}
	return programPerLine{opt.Command}
}

// shell runs a command; what it prints goes where our messages go.
func shell(command string) *exec.Cmd {
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd
}

type programPerLine struct{ command string }

func (p programPerLine) WriteLine(line []byte) error {
	cmd := shell(p.command)
	cmd.Stdin = bytes.NewReader(line)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s: %w", p.command, err)
	}
	return nil
}

func (programPerLine) Reopen() error { return nil }
func (programPerLine) Close() error  { return nil }

// A runningProgram is started with the first alert, and again with the next one
// after it has ended.
type runningProgram struct {
	command string
	cmd     *exec.Cmd // nil = not running
	stdin   io.WriteCloser
}

func (p *runningProgram) start() error {
	cmd := shell(p.command)
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", p.command, err)
	}
	p.cmd, p.stdin = cmd, stdin
	return nil
}

func (p *runningProgram) Write(lines []byte) (int, error) {
	if p.cmd == nil {
		if err := p.start(); err != nil {
			return 0, err
		}
	}
	n, err := p.stdin.Write(lines)
	if err != nil {
		err = errors.Join(fmt.Errorf("write to %s: %w", p.command, err), p.Close())
	}
	return n, err
}

// Reopen lets the next alert start the program anew.
func (p *runningProgram) Reopen() error { return p.Close() }

// Close ends the input of the program and waits until it ends.
func (p *runningProgram) Close() error {
	if p.cmd == nil {
		return nil
	}
	err := errors.Join(p.stdin.Close(), p.cmd.Wait())
	p.cmd, p.stdin = nil, nil
	if err != nil {
		return fmt.Errorf("end %s: %w", p.command, err)
	}
	return nil
}
