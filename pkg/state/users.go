// SPDX-License-Identifier: Apache-2.0

package state

import (
	"errors"
	"io"
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

// users are the user and group database of the host or of a container.
type users struct {
	users  map[uint32]User
	groups map[uint32]string
	bytes  int64
	loaded bool // read from the files of a container
}

func (u *users) add(v User) {
	old, have := u.users[v.UID]
	if !have && len(u.users) >= maxUsers {
		return
	}
	if u.users == nil {
		u.users = map[uint32]User{}
	}
	if have {
		u.bytes -= old.size()
	}
	u.bytes += v.size()
	u.users[v.UID] = v
}

func (u *users) remove(uid uint32) {
	if old, have := u.users[uid]; have {
		u.bytes -= old.size()
		delete(u.users, uid)
	}
}

func (u *users) addGroup(gid uint32, name string) {
	old, have := u.groups[gid]
	if !have && len(u.groups) >= maxUsers {
		return
	}
	if u.groups == nil {
		u.groups = map[uint32]string{}
	}
	if have {
		u.bytes -= groupSize(old)
	}
	u.bytes += groupSize(name)
	u.groups[gid] = name
}

func (u *users) removeGroup(gid uint32) {
	if old, have := u.groups[gid]; have {
		u.bytes -= groupSize(old)
		delete(u.groups, gid)
	}
}

// maxUsers bounds the users, and the groups, of one database.
const maxUsers = 1 << 16

func (u *User) size() int64 { return 160 + int64(len(u.Name)+len(u.Home)+len(u.Shell)) }

func groupSize(name string) int64 { return 64 + int64(len(name)) }

// usersOf is the database that a container's numbers are looked up in; nil: the
// host.
func (s *State) usersOf(c *Container) *users {
	if c == nil {
		return &s.users
	}
	return &c.users
}

// User returns a user of the host, or with c of a container.
func (s *State) User(c *Container, uid uint32) (User, bool) {
	db := s.usersOf(c)
	u, ok := db.users[uid]
	if !ok && c != nil && uid == 0 {
		return User{Name: "root", Home: "/root"}, true // whatever else is in there
	}
	return u, ok
}

// GroupName returns the name of a group of the host, or with c of a container.
func (s *State) GroupName(c *Container, gid uint32) (string, bool) {
	name, ok := s.usersOf(c).groups[gid]
	if !ok && c != nil && gid == 0 {
		return "root", true
	}
	return name, ok
}

// AddUser adds or replaces a user of the host.
func (s *State) AddUser(u User) { s.users.add(u) }

// AddGroup adds or replaces a group of the host.
func (s *State) AddGroup(gid uint32, name string) { s.users.addGroup(gid, name) }

// Users are all users of the host, in no order.
func (s *State) Users() iter.Seq[User] { return maps.Values(s.users.users) }

// Groups are all groups of the host by number, in no order.
func (s *State) Groups() iter.Seq2[uint32, string] { return maps.All(s.users.groups) }

// LoadUsers reads passwd and group below Options.Etc. A file that is not there
// is no error.
func (s *State) LoadUsers() error {
	if s.opt.Etc == "" {
		return nil
	}
	passwd, err := readUserFile(filepath.Join(s.opt.Etc, "passwd"))
	group, err2 := readUserFile(filepath.Join(s.opt.Etc, "group"))
	s.users.parse(passwd, group)
	return errors.Join(err, err2)
}

// parse adds the lines of passwd and group.
func (u *users) parse(passwd, group string) {
	for line := range strings.Lines(passwd) {
		if v, ok := parseUser(splitLine(line)); ok {
			u.add(v)
		}
	}
	for line := range strings.Lines(group) {
		f := splitLine(line)
		if len(f) < 3 {
			continue
		}
		if gid, err := strconv.ParseUint(f[2], 10, 32); err == nil {
			u.addGroup(uint32(gid), f[0])
		}
	}
}

func splitLine(line string) []string { return strings.Split(strings.TrimRight(line, "\n"), ":") }

// parseUser takes name, password, uid, gid, comment, home, shell.
func parseUser(f []string) (User, bool) {
	if len(f) < 7 {
		return User{}, false
	}
	uid, err := strconv.ParseUint(f[2], 10, 32)
	gid, err2 := strconv.ParseUint(f[3], 10, 32)
	return User{uint32(uid), uint32(gid), f[0], f[5], f[6]}, err == nil && err2 == nil
}

// readUserFile returns a file that need not be there.
func readUserFile(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxUserFile))
	return string(b), err
}

// parseUserAdded: uid, gid, name, home, shell, container_id.
func (s *State) parseUserAdded(e *Event) {
	uid, ok := e.Uint(0)
	gid, _ := e.Uint(1)
	if !ok {
		return
	}
	c := s.containerOfUser(e, 5)
	s.usersOf(c).add(User{uint32(uid), uint32(gid), eventText(e, 2), eventText(e, 3), eventText(e, 4)})
	s.accountUsers(c)
}

func (s *State) parseUserDeleted(e *Event) {
	if uid, ok := e.Uint(0); ok {
		c := s.containerOfUser(e, 5)
		s.usersOf(c).remove(uint32(uid))
		s.accountUsers(c)
	}
}

// parseGroupAdded: gid, name, container_id.
func (s *State) parseGroupAdded(e *Event) {
	if gid, ok := e.Uint(0); ok {
		c := s.containerOfUser(e, 2)
		s.usersOf(c).addGroup(uint32(gid), eventText(e, 1))
		s.accountUsers(c)
	}
}

func (s *State) parseGroupDeleted(e *Event) {
	if gid, ok := e.Uint(0); ok {
		c := s.containerOfUser(e, 2)
		s.usersOf(c).removeGroup(uint32(gid))
		s.accountUsers(c)
	}
}

// containerOfUser is the container whose users an event is about, nil for the
// host. The event may come before any thread of the container.
func (s *State) containerOfUser(e *Event, param int) *Container {
	id, _ := e.Str(param)
	if len(id) == 0 {
		return nil
	}
	return s.container(string(id), ContainerCustom)
}

func (s *State) accountUsers(c *Container) {
	if c != nil {
		s.accountContainer(c)
	}
}

func eventText(e *Event, i int) string {
	b, _ := e.Str(i)
	return string(b)
}
