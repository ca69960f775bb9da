// SPDX-License-Identifier: Apache-2.0

package state

import (
	"errors"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// User is one entry of the user database.
type User struct {
	UID, GID          uint32
	Name, Home, Shell string
}

// maxUserFile bounds what is read of passwd and group.
const maxUserFile = 4 << 20

type users struct {
	users  map[uint32]User
	groups map[uint32]string
}

func (u *users) init() {
	u.users = map[uint32]User{}
	u.groups = map[uint32]string{}
}

// User returns a user.
func (s *State) User(uid uint32) (User, bool) {
	u, ok := s.users.users[uid]
	return u, ok
}

// UserName returns the name of a user.
func (s *State) UserName(uid uint32) (string, bool) {
	u, ok := s.users.users[uid]
	return u.Name, ok
}

// GroupName returns the name of a group.
func (s *State) GroupName(gid uint32) (string, bool) {
	name, ok := s.users.groups[gid]
	return name, ok
}

// AddUser adds or replaces a user.
func (s *State) AddUser(u User) { s.users.users[u.UID] = u }

// AddGroup adds or replaces a group.
func (s *State) AddGroup(gid uint32, name string) { s.users.groups[gid] = name }

// Users are all users, in no order.
func (s *State) Users() iter.Seq[User] { return maps.Values(s.users.users) }

// Groups are all groups by number, in no order.
func (s *State) Groups() iter.Seq2[uint32, string] { return maps.All(s.users.groups) }

// LoadUsers reads passwd and group below Options.Etc. A file that is not there
// is no error.
func (s *State) LoadUsers() error {
	if s.opt.Etc == "" {
		return nil
	}
	err := readLines(filepath.Join(s.opt.Etc, "passwd"), func(f []string) {
		if u, ok := parseUser(f); ok {
			s.AddUser(u)
		}
	})
	return errors.Join(err, readLines(filepath.Join(s.opt.Etc, "group"), func(f []string) {
		if len(f) < 3 {
			return
		}
		if gid, err := strconv.ParseUint(f[2], 10, 32); err == nil {
			s.AddGroup(uint32(gid), f[0])
		}
	}))
}

// parseUser takes name, password, uid, gid, comment, home, shell.
func parseUser(f []string) (User, bool) {
	if len(f) < 7 {
		return User{}, false
	}
	uid, err := strconv.ParseUint(f[2], 10, 32)
	gid, err2 := strconv.ParseUint(f[3], 10, 32)
	return User{uint32(uid), uint32(gid), f[0], f[5], f[6]}, err == nil && err2 == nil
}

func readLines(path string, fn func(fields []string)) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	text := string(b[:min(len(b), maxUserFile)])
	for line := range strings.Lines(text) {
		fn(strings.Split(strings.TrimRight(line, "\n"), ":"))
	}
	return nil
}

// parseUserAdded: uid, gid, name, home, shell, container_id. Users inside
// containers are not kept: their numbers mean something else there.
func (s *State) parseUserAdded(e *Event) {
	uid, ok := e.Uint(0)
	gid, _ := e.Uint(1)
	if !ok || inContainer(e, 5) {
		return
	}
	s.AddUser(User{uint32(uid), uint32(gid), eventText(e, 2), eventText(e, 3), eventText(e, 4)})
}

func (s *State) parseUserDeleted(e *Event) {
	if uid, ok := e.Uint(0); ok && !inContainer(e, 5) {
		delete(s.users.users, uint32(uid))
	}
}

// parseGroupAdded: gid, name, container_id.
func (s *State) parseGroupAdded(e *Event) {
	if gid, ok := e.Uint(0); ok && !inContainer(e, 2) {
		s.AddGroup(uint32(gid), eventText(e, 1))
	}
}

func (s *State) parseGroupDeleted(e *Event) {
	if gid, ok := e.Uint(0); ok && !inContainer(e, 2) {
		delete(s.users.groups, uint32(gid))
	}
}

func inContainer(e *Event, i int) bool {
	id, _ := e.Str(i)
	return len(id) > 0
}

func eventText(e *Event, i int) string {
	b, _ := e.Str(i)
	return string(b)
}
