// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// watchEvents are what writing, renaming over, deleting and creating look like. A file that is being written is
	// told of when it is closed.
	watchEvents = unix.IN_CLOSE_WRITE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_CREATE | unix.IN_DELETE | unix.IN_ONLYDIR
	// settleTime is how long folders must be quiet before their files are looked at, settleRounds how often noise may
	// put that off.
	settleTime   = 200 * time.Millisecond
	settleRounds = 10
)

// fileWatch tells when files have other contents than when they were loaded. It watches folders, not files: editors put a
// new file in the place of the old one, and what changed is decided by the contents.
type fileWatch struct {
	changed chan struct{}
	inotify *os.File

	mu      sync.Mutex
	fd      int // of inotify; -1 when closed
	paths   []string
	folders map[string]int // watch descriptors
	print   fingerprint    // of what was loaded
}

// watchFiles begins to watch nothing; close ends it.
func watchFiles() (*fileWatch, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("watch files: %w", err)
	}
	w := &fileWatch{changed: make(chan struct{}, 1), inotify: os.NewFile(uintptr(fd), "inotify"), fd: fd, folders: map[string]int{}}
	go w.run()
	return w, nil
}

func (w *fileWatch) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fd = -1
	return w.inotify.Close()
}

// loading notes what the files hold, before they are loaded: what changes from here on is told.
func (w *fileWatch) loading(paths []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paths, w.print = paths, fingerprintOf(paths)
	w.follow()
}

// follow watches the folders of the paths, and no others. Caller holds mu.
func (w *fileWatch) follow() {
	if w.fd < 0 {
		return
	}
	wanted := map[string]bool{}
	for _, dir := range foldersOf(w.paths) {
		wanted[dir] = true
		wd, err := unix.InotifyAddWatch(w.fd, dir, watchEvents)
		if err != nil {
			continue // it does not exist; its parent tells when it comes
		}
		w.folders[dir] = wd
	}
	for dir, wd := range w.folders {
		if !wanted[dir] {
			// An error says that the folder is gone, and its watch with it.
			_, _ = unix.InotifyRmWatch(w.fd, uint32(wd))
			delete(w.folders, dir)
		}
	}
}

// run waits for noise, then for quiet, and then looks.
func (w *fileWatch) run() {
	buf := make([]byte, 64<<10)
	for {
		if _, err := w.inotify.Read(buf); err != nil {
			return // closed
		}
		for range settleRounds {
			if w.inotify.SetReadDeadline(time.Now().Add(settleTime)) != nil {
				return
			}
			if _, err := w.inotify.Read(buf); errors.Is(err, os.ErrDeadlineExceeded) {
				break
			} else if err != nil {
				return
			}
		}
		if w.inotify.SetReadDeadline(time.Time{}) != nil {
			return
		}
		w.look()
	}
}

func (w *fileWatch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.follow() // a folder may have another one's place
	if fingerprintOf(w.paths) == w.print {
		return
	}
	select {
	case w.changed <- struct{}{}:
	default: // it has been told, and nobody has looked yet
	}
}
