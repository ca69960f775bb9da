// SPDX-License-Identifier: Apache-2.0

// Package sharedtest finds the reference facts and corpora that conformance
// tests compare with. They are not part of this repository: they lie in a folder
// "shared" beside it, or where EYAS_SHARED says. A test that needs them is
// skipped where they are missing, unless EYAS_REQUIRE_SHARED=1 forbids that.
package sharedtest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the folder, or skips or fails the test.
func Dir(t testing.TB) string {
	t.Helper()
	if dir, ok := find(); ok {
		return dir
	}
	if os.Getenv("EYAS_REQUIRE_SHARED") == "1" {
		t.Fatal("no folder shared beside the repository, but EYAS_REQUIRE_SHARED=1")
	}
	t.Skip("no folder shared beside the repository (EYAS_SHARED)")
	return ""
}

// JSON reads a file below the folder into v.
func JSON(t testing.TB, name string, v any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(Dir(t), name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
}

func find() (string, bool) {
	if dir := os.Getenv("EYAS_SHARED"); dir != "" {
		return dir, isDir(dir)
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for {
		if try := filepath.Join(dir, "shared"); isDir(filepath.Join(try, "facts")) {
			return try, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
