// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	// ownMark is a file in the source trees that Install made: Uninstall takes
	// those away, and leaves what a package brought.
	ownMark = ".placed-by-agent"
	// newSuffix is of a tree that is being written.
	newSuffix = ".new"
)

// sourceFiles are what DKMS needs of a tree: dkms.conf and kmod/, without what a
// build leaves there.
func sourceFiles(tree string) ([]string, error) {
	kmod, err := filepath.EvalSymlinks(filepath.Join(tree, "kmod"))
	if err != nil {
		return nil, err
	}
	files := []string{"dkms.conf"}
	err = filepath.WalkDir(kmod, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || isBuilt(d.Name()) {
			return err
		}
		rel, err := filepath.Rel(kmod, p)
		files = append(files, filepath.Join("kmod", rel))
		return err
	})
	return files, err
}

func isBuilt(name string) bool {
	switch filepath.Ext(name) {
	case ".o", ".ko", ".mod", ".cmd", ".order", ".symvers", ".a", ".d":
		return true
	}
	return strings.HasSuffix(name, ".mod.c")
}

// sameFiles tells whether the tree at dir has just these files, with the same content.
func sameFiles(tree, dir string, files []string) (bool, error) {
	have, err := sourceFiles(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(have) != len(files) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, f := range files {
		want, err := os.ReadFile(filepath.Join(tree, f))
		if err != nil {
			return false, err
		}
		got, err := os.ReadFile(filepath.Join(dir, f))
		if errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.Equal(got, want) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// copySource writes the tree beside its place and then puts it there, so that a
// half of it is never built.
func copySource(tree, dir string, files []string) error {
	fresh := dir + newSuffix
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	for _, f := range files {
		if err := copyFile(filepath.Join(tree, f), filepath.Join(fresh, f)); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(fresh, ownMark), nil, 0o644); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(fresh, dir)
}

func copyFile(from, to string) error {
	st, err := os.Stat(from)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644|st.Mode().Perm()&0o111)
}

// removeSources takes away the source trees that Install made.
func (h Host) removeSources(w io.Writer) error {
	marks, err := filepath.Glob(h.path("usr/src", moduleName+"-*", ownMark))
	if err != nil {
		return err
	}
	for _, m := range marks {
		say(w, "removing %s", filepath.Dir(m))
		if err := os.RemoveAll(filepath.Dir(m)); err != nil {
			return err
		}
	}
	return nil
}
