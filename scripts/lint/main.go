// SPDX-License-Identifier: Apache-2.0

// Command lint checks the rules of this tree that no common linter knows: the arrows between packages, the corners
// that may use unsafe, cgo or one system's calls, and the style of the C sources. It prints one line a finding.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Finding is one broken rule. Line 0 means the file as a whole.
type finding struct {
	file string
	line int
	msg  string
}

func (f finding) String() string {
	if f.line == 0 {
		return f.file + ": " + f.msg
	}
	return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.msg)
}

// A source is a file of the tree with its path from the top.
type source struct {
	path string
	text []byte
}

var errFindings = errors.New("rules of the tree are broken")

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "lint:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	checks := map[string]func([]source) []finding{"go": checkGo, "c": checkC}
	if len(args) != 1 || checks[args[0]] == nil {
		return errors.New("usage: go run ./scripts/lint go|c")
	}
	files, err := tree()
	if err != nil {
		return err
	}
	found := checks[args[0]](files)
	for _, f := range found {
		fmt.Fprintln(w, f)
	}
	if len(found) > 0 {
		return errFindings
	}
	return nil
}

// Tree reads all files that git knows or would take.
func tree() ([]source, error) {
	out, err := exec.Command("git", "ls-files", "-co", "--exclude-standard", "-z").Output()
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	var files []source
	for _, path := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		if !slices.ContainsFunc([]string{".go", ".c", ".h"}, func(ext string) bool { return strings.HasSuffix(path, ext) }) {
			continue
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, not yet committed
		}
		if err != nil {
			return nil, err
		}
		files = append(files, source{path, text})
	}
	return files, nil
}

// Lines splits a text; a final newline ends the last line and starts none.
func lines(text []byte) []string {
	return strings.Split(string(bytes.TrimSuffix(text, []byte("\n"))), "\n")
}
