// SPDX-License-Identifier: Apache-2.0

// Package itemtest holds tests to a list of facts: each has one that names it.
package itemtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Check wants a test that names each item of a list, which has one a line: its
// name, a blank, and what it is. A test names it in brackets, and a code such as
// LOAD_UNKNOWN_KEY as it is. The tests are those of all packages, Go and scripts;
// root is the folder of the repository.
func Check(t *testing.T, list, root string) {
	t.Helper()
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	tests := testTexts(t, root)
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		item, words, _ := strings.Cut(strings.TrimSpace(line), " ")
		if item == "" || item == "#" {
			continue
		}
		if seen[item] || strings.TrimSpace(words) == "" {
			t.Errorf("item %s is there twice, or says nothing", item)
		}
		seen[item] = true
		name := "[" + item + "]"
		if strings.HasPrefix(item, "LOAD_") {
			name = item
		}
		if !strings.Contains(tests, name) {
			t.Errorf("no test names %s: %s", item, words)
		}
	}
}

// testTexts are the sources of all tests and scripts.
func testTexts(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	for _, dir := range []string{"pkg", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			script := strings.Contains(filepath.ToSlash(path), "testdata/script/")
			if err != nil || d.IsDir() || !script && !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			b.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}
