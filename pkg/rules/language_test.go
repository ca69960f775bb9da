// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLanguage wants a test that names every item of testdata/language.txt.
func TestLanguage(t *testing.T) {
	list, err := os.ReadFile("testdata/language.txt")
	if err != nil {
		t.Fatal(err)
	}
	tests := testTexts(t)
	seen := map[string]bool{}
	for _, line := range strings.Split(string(list), "\n") {
		item, words, _ := strings.Cut(line, " ")
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
			t.Errorf("no test names %s:%s", item, words)
		}
	}
}

// testTexts are the sources of all tests and scripts.
func testTexts(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, dir := range []string{"..", "../../cmd"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			script := strings.Contains(path, "testdata/script/")
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
