// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// inode adds device and inode of a file.
func inode(file string, v values) values {
	var st unix.Stat_t
	if err := unix.Stat(file, &st); err != nil {
		panic(err)
	}
	v["ino"] = strconv.FormatUint(st.Ino, 10)
	v["dev"] = strconv.FormatUint(st.Dev, 10)
	return v
}

func openSamples(t *testing.T, dir string) []sample {
	file, link, fresh := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "fresh")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	how := unix.OpenHow{Flags: unix.O_RDWR | unix.O_CREAT, Mode: 0o640, Resolve: unix.RESOLVE_NO_SYMLINKS}
	size := unsafe.Sizeof(how)
	return []sample{
		{event: "open", path: file, do: func() values {
			return inode(file, values{"fd": raw(unix.SYS_OPEN, str(file), unix.O_RDONLY|unix.O_CLOEXEC, 0o777),
				"name": file, "flags": "O_RDONLY|O_CLOEXEC", "mode": "0"})
		}},
		{event: "open", path: file, do: func() values {
			return inode(file, values{"fd": raw(unix.SYS_OPEN, str("link"), unix.O_WRONLY|unix.O_SYNC, 0),
				"name": "link", "flags": "O_WRONLY|O_SYNC|O_DSYNC", "mode": "0"})
		}},
		{event: "open", do: func() values {
			return values{"fd": raw(unix.SYS_OPEN, str(file), unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600),
				"name": file, "flags": "O_WRONLY|O_CREAT|O_EXCL", "mode": "0600", "dev": "0", "ino": "0"}
		}},
		{event: "openat", path: fresh, do: func() values {
			return inode(fresh, values{"fd": raw(unix.SYS_OPENAT, atFDCWD, str("./fresh"), unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC, 0o604),
				"dirfd": "AT_FDCWD", "name": "./fresh", "flags": "O_WRONLY|O_CREAT|O_TRUNC|O_F_CREATED", "mode": "0604"})
		}},
		{event: "openat", path: file, do: func() values {
			return inode(file, values{"fd": raw(unix.SYS_OPENAT, atFDCWD, str(link), unix.O_RDWR|unix.O_APPEND|unix.O_NONBLOCK, 0),
				"dirfd": "AT_FDCWD", "name": link, "flags": "O_RDWR|O_APPEND|O_NONBLOCK", "mode": "0"})
		}},
		{event: "openat", do: func() values {
			return values{"fd": raw(unix.SYS_OPENAT, 77, str("x"), unix.O_RDONLY|unix.O_DIRECTORY, 0),
				"dirfd": "77", "name": "x", "flags": "O_RDONLY|O_DIRECTORY", "mode": "0", "dev": "0", "ino": "0"}
		}},
		{event: "openat2", path: file, do: func() values {
			return inode(file, values{"fd": raw(unix.SYS_OPENAT2, atFDCWD, str(file), addrOf(&how), size),
				"dirfd": "AT_FDCWD", "name": file, "flags": "O_RDWR|O_CREAT", "mode": "0640", "resolve": "RESOLVE_NO_SYMLINKS"})
		}},
		{event: "openat2", do: func() values {
			return values{"fd": raw(unix.SYS_OPENAT2, atFDCWD, str(link), addrOf(&how), size), "dirfd": "AT_FDCWD", "name": link,
				"flags": "O_RDWR|O_CREAT", "mode": "0640", "resolve": "RESOLVE_NO_SYMLINKS", "dev": "0", "ino": "0"}
		}},
		{event: "creat", path: file, do: func() values {
			return inode(file, values{"fd": raw(unix.SYS_CREAT, str(file), 0o644), "name": file, "mode": "0644", "creat_flags": "0"})
		}},
		{event: "creat", do: func() values {
			return values{"fd": raw(unix.SYS_CREAT, str("/no/such"), 0o600), "name": "/no/such", "mode": "0600",
				"creat_flags": "0", "dev": "0", "ino": "0"}
		}},
	}
}

func pathSamples(dir string) []sample {
	a, c := filepath.Join(dir, "a"), filepath.Join(dir, "c")
	return []sample{
		{event: "mkdir", do: func() values { return values{"res": raw(unix.SYS_MKDIR, str(a), 0o750), "path": a, "mode": "0750"} }},
		{event: "mkdir", do: func() values { return values{"res": raw(unix.SYS_MKDIR, str(a), 0o750), "path": a, "mode": "0750"} }},
		{event: "mkdirat", do: func() values {
			return values{"res": raw(unix.SYS_MKDIRAT, atFDCWD, str("b"), 0o700), "dirfd": "AT_FDCWD", "path": "b", "mode": "0700"}
		}},
		{event: "mkdirat", do: func() values {
			return values{"res": raw(unix.SYS_MKDIRAT, badFD, str("b"), 0o700), "dirfd": "900", "path": "b", "mode": "0700"}
		}},
		{event: "rename", do: func() values {
			return values{"res": raw(unix.SYS_RENAME, str(a), str(c)), "oldpath": a, "newpath": c}
		}},
		{event: "rename", do: func() values {
			return values{"res": raw(unix.SYS_RENAME, str(a), str(c)), "oldpath": a, "newpath": c}
		}},
		{event: "renameat", do: func() values {
			return values{"res": raw(unix.SYS_RENAMEAT, atFDCWD, str("c"), atFDCWD, str("a")),
				"olddirfd": "AT_FDCWD", "oldpath": "c", "newdirfd": "AT_FDCWD", "newpath": "a"}
		}},
		{event: "renameat", do: func() values {
			return values{"res": raw(unix.SYS_RENAMEAT, 901, str("c"), 902, str("")), "olddirfd": "901", "oldpath": "c", "newdirfd": "902", "newpath": ""}
		}},
		{event: "renameat2", do: func() values {
			return values{"res": raw(unix.SYS_RENAMEAT2, atFDCWD, str("a"), atFDCWD, str("b"), unix.RENAME_EXCHANGE),
				"olddirfd": "AT_FDCWD", "oldpath": "a", "newdirfd": "AT_FDCWD", "newpath": "b", "flags": "RENAME_EXCHANGE"}
		}},
		{event: "renameat2", do: func() values {
			return values{"res": raw(unix.SYS_RENAMEAT2, atFDCWD, str("a"), atFDCWD, str("b"), unix.RENAME_NOREPLACE),
				"olddirfd": "AT_FDCWD", "oldpath": "a", "newdirfd": "AT_FDCWD", "newpath": "b", "flags": "RENAME_NOREPLACE"}
		}},
		{event: "symlink", do: func() values {
			return values{"res": raw(unix.SYS_SYMLINK, str("target"), str(c)), "target": "target", "linkpath": c}
		}},
		{event: "symlink", do: func() values {
			return values{"res": raw(unix.SYS_SYMLINK, str("target"), str(c)), "target": "target", "linkpath": c}
		}},
		{event: "symlinkat", do: func() values {
			return values{"res": raw(unix.SYS_SYMLINKAT, str("target"), atFDCWD, str("d")), "target": "target", "linkdirfd": "AT_FDCWD", "linkpath": "d"}
		}},
		{event: "symlinkat", do: func() values {
			return values{"res": raw(unix.SYS_SYMLINKAT, str("target"), badFD, str("d")), "target": "target", "linkdirfd": "900", "linkpath": "d"}
		}},
		{event: "link", do: func() values {
			return values{"res": raw(unix.SYS_LINK, str("file"), str("e")), "oldpath": "file", "newpath": "e"}
		}},
		{event: "link", do: func() values {
			return values{"res": raw(unix.SYS_LINK, str("no"), str("e")), "oldpath": "no", "newpath": "e"}
		}},
		{event: "linkat", do: func() values {
			return values{"res": raw(unix.SYS_LINKAT, atFDCWD, str("file"), atFDCWD, str("f"), unix.AT_SYMLINK_FOLLOW),
				"olddir": "AT_FDCWD", "oldpath": "file", "newdir": "AT_FDCWD", "newpath": "f", "flags": "AT_SYMLINK_FOLLOW"}
		}},
		{event: "linkat", do: func() values {
			return values{"res": raw(unix.SYS_LINKAT, 901, str(""), 902, str("f"), unix.AT_EMPTY_PATH),
				"olddir": "901", "oldpath": "", "newdir": "902", "newpath": "f", "flags": "AT_EMPTY_PATH"}
		}},
		{event: "unlink", do: func() values { return values{"res": raw(unix.SYS_UNLINK, str("e")), "path": "e"} }},
		{event: "unlink", do: func() values { return values{"res": raw(unix.SYS_UNLINK, str("e")), "path": "e"} }},
		{event: "unlinkat", do: func() values {
			return values{"res": raw(unix.SYS_UNLINKAT, atFDCWD, str("b"), unix.AT_REMOVEDIR), "dirfd": "AT_FDCWD", "name": "b", "flags": "AT_REMOVEDIR"}
		}},
		{event: "unlinkat", do: func() values {
			return values{"res": raw(unix.SYS_UNLINKAT, badFD, str("b"), 0), "dirfd": "900", "name": "b", "flags": "0"}
		}},
		{event: "chdir", do: func() values { return values{"res": raw(unix.SYS_CHDIR, str(dir)), "path": dir} }},
		{event: "chdir", do: func() values { return values{"res": raw(unix.SYS_CHDIR, str("file")), "path": "file"} }},
	}
}

func modeSamples() []sample {
	var dir string
	return []sample{
		{event: "chmod", do: func() values {
			return values{"res": raw(unix.SYS_CHMOD, str("file"), 0o4755), "filename": "file",
				"mode": "S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID"}
		}},
		{event: "chmod", do: func() values {
			return values{"res": raw(unix.SYS_CHMOD, str("no"), 0o3022), "filename": "no", "mode": "S_IWOTH|S_IWGRP|S_ISGID|S_ISVTX"}
		}},
		{event: "fchmodat", do: func() values {
			return values{"res": raw(unix.SYS_FCHMODAT, atFDCWD, str("file"), 0o644), "dirfd": "AT_FDCWD", "filename": "file",
				"mode": "S_IROTH|S_IRGRP|S_IWUSR|S_IRUSR"}
		}},
		{event: "fchmodat", do: func() values {
			return values{"res": raw(unix.SYS_FCHMODAT, badFD, str("file"), 0o600), "dirfd": "900", "filename": "file", "mode": "S_IWUSR|S_IRUSR"}
		}},
		{event: "fchmod", do: func() values {
			dir = raw(unix.SYS_OPEN, str("."), unix.O_RDONLY, 0)
			return values{"res": raw(unix.SYS_FCHMOD, fd(dir), 0o700), "fd": dir, "mode": "S_IXUSR|S_IWUSR|S_IRUSR"}
		}},
		{event: "fchmod", do: func() values {
			return values{"res": raw(unix.SYS_FCHMOD, badFD, 0o600), "fd": "900", "mode": "S_IWUSR|S_IRUSR"}
		}},
		{event: "fchdir", do: func() values { return values{"res": raw(unix.SYS_FCHDIR, fd(dir)), "fd": dir} }},
		{event: "fchdir", do: func() values { return values{"res": raw(unix.SYS_FCHDIR, badFD), "fd": "900"} }},
	}
}
