// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
)

// fingerprint stands for the names and contents of files.
type fingerprint [sha256.Size]byte

// fingerprintOf takes folders as ReadRules does. What cannot be read counts as absent.
func fingerprintOf(paths []string) (print fingerprint) {
	h := sha256.New()
	for _, path := range paths {
		files, err := ruleFiles(path)
		fmt.Fprintf(h, "%q %d %t\n", path, len(files), err == nil)
		for _, file := range files {
			text, err := os.ReadFile(file)
			fmt.Fprintf(h, "%q %d %t\n", file, len(text), err == nil)
			h.Write(text)
		}
	}
	h.Sum(print[:0])
	return print
}

// foldersOf are the folders in which a change of the paths shows: those that hold them, those that they lead to when they
// are links, and those that they are.
func foldersOf(paths []string) []string {
	var dirs []string
	for _, path := range paths {
		dirs = append(dirs, filepath.Dir(path))
		if target, err := filepath.EvalSymlinks(path); err == nil && target != path {
			dirs = append(dirs, filepath.Dir(target))
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			dirs = append(dirs, path)
		}
	}
	return dirs
}
