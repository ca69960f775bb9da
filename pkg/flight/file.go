// SPDX-License-Identifier: Apache-2.0

package flight

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// create makes a file that nobody else can read, in a folder that is made when
// it is missing. What is there already is never written to.
func create(path string) (*os.File, error) {
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if err := trust(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := trust(dir); err != nil { // also what was missing
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// maxLinks is how many links a path may lead through.
const maxLinks = 40

// trust refuses a path that others may bend: where everybody can write, only what
// root or the agent itself put there is gone through.
func trust(path string) error {
	for range maxLinks {
		to, err := trustParts(path)
		if to == "" || err != nil {
			return err
		}
		path = to
	}
	return fmt.Errorf("%s: too many links", path)
}

// trustParts goes along a path up to the first link, and returns where that
// leads, "" without one.
func trustParts(path string) (string, error) {
	parent, err := os.Lstat("/")
	if err != nil {
		return "", err
	}
	for end := 1; end <= len(path); end++ {
		if end < len(path) && path[end] != '/' || end == 1 {
			continue
		}
		part := path[:end]
		info, err := os.Lstat(part)
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil // it will be ours
		}
		if err != nil {
			return "", err
		}
		if parent.Mode()&0o002 != 0 && (parent.Mode()&fs.ModeSticky == 0 || !ours(info)) {
			return "", fmt.Errorf("%s: others may put something else in its place", part)
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			to, err := os.Readlink(part)
			if err == nil && !filepath.IsAbs(to) {
				to = filepath.Join(filepath.Dir(part), to)
			}
			return filepath.Join(to, path[end:]), err
		}
		parent = info
	}
	return "", nil
}

// writing notes that a file was begun. The oldest of the prefix go, so that there
// are not too many, but none that is being written: in a replay it may be older
// than what is there.
func (r *Recorder) writing(path string) {
	r.files.Lock()
	defer r.files.Unlock()
	r.writes[path] = true
	if r.opt.MaxFiles == 0 {
		return
	}
	files := kept(r.opt.Prefix)
	for _, f := range files[:max(len(files)-r.opt.MaxFiles, 0)] {
		if !r.writes[f.path] {
			os.Remove(f.path) // or the next time
		}
	}
}

// written notes that a file has ended.
func (r *Recorder) written(path string) {
	r.files.Lock()
	defer r.files.Unlock()
	delete(r.writes, path)
}

type keptFile struct {
	path string
	ts   uint64
}

// kept returns the files that have the prefix and names such as a recorder gives,
// the oldest first.
func kept(prefix string) []keptFile {
	dir, base := filepath.Split(prefix)
	entries, _ := os.ReadDir(cmp.Or(dir, "."))
	var files []keptFile
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), base+"_")
		if ts, ok2 := timeOf(rest); ok && ok2 && e.Type().IsRegular() {
			files = append(files, keptFile{dir + e.Name(), ts})
		}
	}
	slices.SortStableFunc(files, func(a, b keptFile) int { return cmp.Compare(a.ts, b.ts) })
	return files
}

// timeOf reads what follows the prefix: time and number of an event.
func timeOf(name string) (uint64, bool) {
	name, ok := strings.CutSuffix(name, ".scap")
	first, second, ok2 := strings.Cut(name, "_")
	ts, err := strconv.ParseUint(first, 10, 64)
	_, err2 := strconv.ParseUint(second, 10, 64)
	return ts, ok && ok2 && err == nil && err2 == nil
}
