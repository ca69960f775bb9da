// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"os"
	"strconv"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

func memorySamples() []sample {
	mem := uintptr(unsafe.Pointer(&page()[0]))
	size := uintptr(os.Getpagesize())
	area := values{"addr": text(mem), "length": text(size), "len": text(size)}
	only := func(more values, names ...string) values {
		for _, n := range names {
			more[n] = area[n]
		}
		return more
	}
	return []sample{
		res("mprotect", only(values{"prot": "PROT_READ|PROT_WRITE"}, "addr", "length"), unix.SYS_MPROTECT, mem, size, unix.PROT_READ|unix.PROT_WRITE),
		res("mprotect", values{"addr": "0x1001", "length": "5", "prot": "PROT_EXEC|PROT_GROWSDOWN|PROT_GROWSUP"},
			unix.SYS_MPROTECT, 0x1001, 5, unix.PROT_EXEC|unix.PROT_GROWSDOWN|unix.PROT_GROWSUP),
		res("mlock", only(values{}, "addr", "len"), unix.SYS_MLOCK, mem, size),
		res("mlock2", only(values{"flags": "MLOCK_ONFAULT"}, "addr", "len"), unix.SYS_MLOCK2, mem, size, 1),
		res("mlock2", values{"addr": "0", "len": "1", "flags": "0"}, unix.SYS_MLOCK2, 0, 1, 2),
		res("munlock", only(values{}, "addr", "len"), unix.SYS_MUNLOCK, mem, size),
		res("munlock", values{"addr": "0x7ffffffff000", "len": "-1"}, unix.SYS_MUNLOCK, 0x7ffffffff000, ^uintptr(0)),
		res("mlockall", values{"flags": "MCL_ONFAULT"}, unix.SYS_MLOCKALL, unix.MCL_ONFAULT),
		res("mlockall", values{"flags": "0"}, unix.SYS_MLOCKALL, 64),
		res("munlockall", nil, unix.SYS_MUNLOCKALL),
	}
}

func page() []byte {
	mem, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		panic(err)
	}
	return mem
}

func fileSamples(t *testing.T, dir string) []sample {
	in := openFile("file", unix.O_RDONLY)
	st := ptr(buffer(256))
	cwd := ptr(buffer(4096))
	name := dir + "/memo"
	raw(unix.SYS_MKDIR, str(name), 0o700)
	handle := &struct {
		size, kind uint32
		data       [128]byte
	}{size: 128}
	mount := int32(0)
	raw(unix.SYS_NAME_TO_HANDLE_AT, atFDCWD, str(dir+"/file"), addrOf(handle), addrOf(&mount), 0)
	path := dir + "/file"
	if withoutLocks(t) {
		path = "<NA>"
	}
	opened := returns("open_by_handle_at", "fd", inode(dir+"/file", values{"mountfd": in, "flags": "O_RDONLY|O_CLOEXEC", "path": path}),
		unix.SYS_OPEN_BY_HANDLE_AT, fd(in), addrOf(handle), unix.O_RDONLY|unix.O_CLOEXEC)
	opened.path = dir + "/file"
	failed := returns("open_by_handle_at", "fd", values{"mountfd": "900", "flags": "O_RDWR", "path": "<NA>", "dev": "0", "ino": "0"},
		unix.SYS_OPEN_BY_HANDLE_AT, badFD, addrOf(handle), unix.O_RDWR)
	return []sample{
		res("stat", values{"path": "file"}, unix.SYS_STAT, str("file"), st),
		res("stat", values{"path": "/no/such"}, unix.SYS_STAT, str("/no/such"), st),
		res("lstat", values{"path": "file"}, unix.SYS_LSTAT, str("file"), st),
		res("fstat", values{"fd": in}, unix.SYS_FSTAT, fd(in), st),
		res("fstat", values{"fd": "-7"}, unix.SYS_FSTAT, uintptr(0xfffffff9), st),
		res("newfstatat", values{"dirfd": "AT_FDCWD", "path": "file", "flags": "AT_SYMLINK_NOFOLLOW|AT_NO_AUTOMOUNT"},
			unix.SYS_NEWFSTATAT, atFDCWD, str("file"), st, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT),
		res("newfstatat", values{"dirfd": "900", "path": "", "flags": "AT_EMPTY_PATH"}, unix.SYS_NEWFSTATAT, badFD, str(""), st, unix.AT_EMPTY_PATH),
		res("access", values{"name": "file", "mode": "R_OK|W_OK"}, unix.SYS_ACCESS, str("file"), unix.R_OK|unix.W_OK),
		res("access", values{"name": "/no/such", "mode": "F_OK"}, unix.SYS_ACCESS, str("/no/such"), unix.F_OK),
		res("getcwd", values{"path": dir}, unix.SYS_GETCWD, cwd, 4096),
		res("getcwd", values{"path": "<NA>"}, unix.SYS_GETCWD, cwd, 1),
		res("rmdir", values{"path": name}, unix.SYS_RMDIR, str(name)),
		res("rmdir", values{"path": name}, unix.SYS_RMDIR, str(name)),
		res("mknod", values{"path": dir + "/null", "mode": "S_IFCHR|S_IRUSR|S_IWUSR", "dev": "259"}, unix.SYS_MKNOD, str(dir+"/null"), unix.S_IFCHR|0o600, 259),
		res("mknod", values{"path": "/no/such", "mode": "S_IFSOCK|S_ISUID|S_IXOTH", "dev": "0"}, unix.SYS_MKNOD, str("/no/such"), unix.S_IFSOCK|0o4001, 0),
		res("mknodat", values{"dirfd": "AT_FDCWD", "path": "fifo", "mode": "S_IFIFO|S_IRUSR", "dev": "0"}, unix.SYS_MKNODAT, atFDCWD, str("fifo"), unix.S_IFIFO|0o400, 0),
		res("mknodat", values{"dirfd": "900", "path": "block", "mode": "S_IFBLK", "dev": "2049"}, unix.SYS_MKNODAT, badFD, str("block"), unix.S_IFBLK, 2049),
		opened, failed,
	}
}

func ownerSamples(dir string) []sample {
	in := openFile("file", unix.O_RDONLY)
	file := dir + "/file"
	own := values{"uid": "3", "gid": "4"}
	return []sample{
		res("chown", own.with(values{"path": file}), unix.SYS_CHOWN, str(file), 3, 4),
		res("chown", values{"path": "/no/such", "uid": "4294967295", "gid": "0"}, unix.SYS_CHOWN, str("/no/such"), ^uintptr(0), 0),
		res("lchown", own.with(values{"path": file}), unix.SYS_LCHOWN, str(file), 3, 4),
		res("fchown", own.with(values{"fd": in}), unix.SYS_FCHOWN, fd(in), 3, 4),
		res("fchown", own.with(values{"fd": "900"}), unix.SYS_FCHOWN, badFD, 3, 4),
		res("fchownat", own.with(values{"dirfd": "AT_FDCWD", "pathname": "file", "flags": "AT_SYMLINK_NOFOLLOW"}),
			unix.SYS_FCHOWNAT, atFDCWD, str("file"), 3, 4, unix.AT_SYMLINK_NOFOLLOW),
		res("fchownat", own.with(values{"dirfd": in, "pathname": "", "flags": "AT_EMPTY_PATH"}), unix.SYS_FCHOWNAT, fd(in), str(""), 3, 4, unix.AT_EMPTY_PATH),
	}
}

func mountSamples(dir string) []sample {
	nets := openFile("/proc/self/ns/uts", unix.O_RDONLY)
	context := raw(unix.SYS_FSOPEN, str("tmpfs"), 0)
	blob := []byte("a\x00b")
	set := func(want values, args ...uintptr) sample {
		return res("fsconfig", values{"fd": context, "key": "<NA>", "value_bytebuf": "<NA>", "value_charbuf": "<NA>", "aux": "0"}.with(want),
			unix.SYS_FSCONFIG, append([]uintptr{fd(context)}, args...)...)
	}
	return []sample{
		res("umount2", values{"name": dir, "flags": "DETACH|NOFOLLOW"}, unix.SYS_UMOUNT2, str(dir), unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW),
		set(values{"cmd": "FSCONFIG_SET_STRING", "key": "size", "value_charbuf": "1M"}, unix.FSCONFIG_SET_STRING, str("size"), str("1M"), 0),
		set(values{"cmd": "FSCONFIG_SET_FLAG", "key": "ro"}, unix.FSCONFIG_SET_FLAG, str("ro"), 0, 0),
		set(values{"cmd": "FSCONFIG_SET_BINARY", "key": "b", "value_bytebuf": string(blob), "aux": "3"}, unix.FSCONFIG_SET_BINARY, str("b"), ptr(blob), 3),
		set(values{"cmd": "FSCONFIG_SET_PATH", "key": "p", "value_charbuf": "/x", "aux": "-100"}, unix.FSCONFIG_SET_PATH, str("p"), str("/x"), atFDCWD),
		set(values{"cmd": "FSCONFIG_CMD_CREATE"}, unix.FSCONFIG_CMD_CREATE, 0, 0, 0),
		res("chroot", values{"path": "/"}, unix.SYS_CHROOT, str("/")),
		res("chroot", values{"path": "/no/such"}, unix.SYS_CHROOT, str("/no/such")),
		res("setns", values{"fd": nets, "nstype": "CLONE_NEWUTS"}, unix.SYS_SETNS, fd(nets), unix.CLONE_NEWUTS),
		res("setns", values{"fd": "900", "nstype": "0"}, unix.SYS_SETNS, badFD, 0),
		res("unshare", values{"flags": "CLONE_NEWUTS|CLONE_FS"}, unix.SYS_UNSHARE, unix.CLONE_NEWUTS|unix.CLONE_FS),
		res("unshare", values{"flags": "CLONE_VM"}, unix.SYS_UNSHARE, unix.CLONE_VM|1),
		res("delete_module", values{"name": "no_such", "flags": "O_NONBLOCK|O_TRUNC"}, unix.SYS_DELETE_MODULE, str("no_such"), unix.O_NONBLOCK|unix.O_TRUNC),
	}
}

func limitSamples() []sample {
	var got unix.Rlimit
	files := unix.Rlimit{Cur: 512, Max: 1 << 40}
	core := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: 7}
	less := unix.Rlimit{Cur: 0, Max: unix.RLIM_INFINITY}
	limits := func(l *unix.Rlimit) values { return values{"cur": text(l.Cur), "max": text(l.Max)} }
	return []sample{
		{event: "getrlimit", do: func() values {
			v := values{"res": raw(unix.SYS_GETRLIMIT, unix.RLIMIT_NOFILE, addrOf(&got)), "resource": "RLIMIT_NOFILE"}
			return v.with(limits(&got))
		}},
		res("getrlimit", values{"cur": "<NA>", "max": "<NA>", "resource": "RLIMIT_UNKNOWN"}, unix.SYS_GETRLIMIT, 99, addrOf(&got)),
		res("setrlimit", values{"cur": "512", "max": strconv.Itoa(1 << 40), "resource": "RLIMIT_NOFILE"}, unix.SYS_SETRLIMIT, unix.RLIMIT_NOFILE, addrOf(&files)),
		res("setrlimit", values{"cur": "-1", "max": "7", "resource": "RLIMIT_CORE"}, unix.SYS_SETRLIMIT, unix.RLIMIT_CORE, addrOf(&core)),
		res("setrlimit", values{"cur": "<NA>", "max": "<NA>", "resource": "RLIMIT_AS"}, unix.SYS_SETRLIMIT, unix.RLIMIT_AS, 0),
		{event: "prlimit", do: func() values {
			v := values{"res": raw(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_CORE, addrOf(&less), addrOf(&got)), "newcur": "0", "newmax": "-1", "pid": "0", "resource": "RLIMIT_CORE"}
			return v.with(values{"oldcur": strconv.FormatInt(int64(got.Cur), 10), "oldmax": strconv.FormatInt(int64(got.Max), 10)})
		}},
		res("prlimit", values{"newcur": "<NA>", "newmax": "<NA>", "oldcur": "<NA>", "oldmax": "<NA>", "pid": "-1", "resource": "RLIMIT_RTTIME"},
			unix.SYS_PRLIMIT64, ^uintptr(0), unix.RLIMIT_RTTIME, 0, addrOf(&got)),
	}
}

func idSamples() []sample {
	var a, b, c uint32
	triple := []uintptr{addrOf(&a), addrOf(&b), addrOf(&c)}
	return []sample{
		returns("getuid", "uid", nil, unix.SYS_GETUID),
		returns("geteuid", "euid", nil, unix.SYS_GETEUID),
		returns("getgid", "gid", nil, unix.SYS_GETGID),
		returns("getegid", "egid", nil, unix.SYS_GETEGID),
		res("setresgid", values{"rgid": "4294967295", "egid": "5", "sgid": "6"}, unix.SYS_SETRESGID, ^uintptr(0), 5, 6),
		res("getresgid", values{"rgid": "0", "egid": "5", "sgid": "6"}, unix.SYS_GETRESGID, triple...),
		res("setresuid", values{"ruid": "1", "euid": "0", "suid": "2"}, unix.SYS_SETRESUID, 1, 0, 2),
		res("getresuid", values{"ruid": "1", "euid": "0", "suid": "2"}, unix.SYS_GETRESUID, triple...),
		res("getresuid", values{"ruid": "<NA>", "euid": "<NA>", "suid": "<NA>"}, unix.SYS_GETRESUID, 8, 8, 8),
		res("setreuid", values{"ruid": "4294967295", "euid": "0"}, unix.SYS_SETREUID, ^uintptr(0), 0),
		res("setregid", values{"rgid": "0", "egid": "4294967295"}, unix.SYS_SETREGID, 0, ^uintptr(0)),
	}
}

func processSamples() []sample {
	pid := raw(unix.SYS_GETPID)
	type header struct {
		version uint32
		pid     int32
	}
	v3, v1 := header{version: 0x20080522}, header{version: 0x19980330}
	caps := [6]uint32{0x10, 0x20 | 1<<7, 0, 1, 3, 2} // effective, permitted, inheritable; low words, high words
	return []sample{
		res("tkill", values{"tid": "999999", "sig": "SIGUSR1"}, unix.SYS_TKILL, 999999, uintptr(unix.SIGUSR1)),
		res("tgkill", values{"pid": pid, "tid": pid, "sig": "0"}, unix.SYS_TGKILL, fd(pid), fd(pid), 0),
		res("tgkill", values{"pid": "-1", "tid": "7", "sig": "SIGKILL"}, unix.SYS_TGKILL, ^uintptr(0), 7, uintptr(unix.SIGKILL)),
		res("seccomp", values{"op": "2", "flags": "0"}, unix.SYS_SECCOMP, 2, 0, addrOf(new(uint32))),
		res("seccomp", values{"op": "4294967295", "flags": "0x10"}, unix.SYS_SECCOMP, ^uintptr(0), 16, 0),
		res("capset", values{"cap_effective": "0x100000010", "cap_permitted": "0x3000000a0", "cap_inheritable": "0x200000000"},
			unix.SYS_CAPSET, addrOf(&v3), addrOf(&caps)),
		res("capset", values{"cap_effective": "0x10", "cap_permitted": "0xa0", "cap_inheritable": "0"}, unix.SYS_CAPSET, addrOf(&header{version: v1.version, pid: 1}), addrOf(&caps)),
		res("capset", values{"cap_effective": "<NA>", "cap_permitted": "<NA>", "cap_inheritable": "<NA>"}, unix.SYS_CAPSET, addrOf(&v3), 0),
	}
}

func semaphoreSamples() []sample {
	set := raw(unix.SYS_SEMGET, 0, 2, 0o600|0o1000) // IPC_PRIVATE, IPC_CREAT
	type op struct {
		num     uint16
		op, flg int16
	}
	two := []op{{0, 3, 0x800}, {1, 4, 0x1000}}
	keep = append(keep, two)
	ops := uintptr(unsafe.Pointer(&two[0]))
	none := values{"sem_num_0": "<NA>", "sem_op_0": "<NA>", "sem_flg_0": "<NA>", "sem_num_1": "<NA>", "sem_op_1": "<NA>", "sem_flg_1": "<NA>"}
	first := none.with(values{"sem_num_0": "0", "sem_op_0": "3", "sem_flg_0": "IPC_NOWAIT"})
	return []sample{
		res("semget", values{"key": "0x1234", "nsems": "1", "semflg": "IPC_CREAT|IPC_EXCL"}, unix.SYS_SEMGET, 0x1234, 1, 0o3600),
		res("semget", values{"key": "-2", "nsems": "-1", "semflg": "0"}, unix.SYS_SEMGET, ^uintptr(1), ^uintptr(0), 0),
		res("semop", first.with(values{"nsops": "2", "sem_num_1": "1", "sem_op_1": "4", "sem_flg_1": "SEM_UNDO", "semid": set}), unix.SYS_SEMOP, fd(set), ops, 2),
		res("semop", first.with(values{"nsops": "1", "semid": set}), unix.SYS_SEMOP, fd(set), ops, 1),
		res("semop", none.with(values{"nsops": "0", "semid": "-1"}), unix.SYS_SEMOP, ^uintptr(0), ops, 0),
		partly(res("semop", none.with(values{"nsops": "1", "semid": set}), unix.SYS_SEMOP, fd(set), 8, 1)),
		res("semctl", values{"semid": set, "semnum": "1", "cmd": "SETVAL", "val": "9"}, unix.SYS_SEMCTL, fd(set), 1, 16, 9),
		res("semctl", values{"semid": set, "semnum": "1", "cmd": "GETVAL", "val": "<NA>"}, unix.SYS_SEMCTL, fd(set), 1, 12, 0),
		res("semctl", values{"semid": "-1", "semnum": "0", "cmd": "IPC_RMID", "val": "<NA>"}, unix.SYS_SEMCTL, ^uintptr(0), 0, 0, 0),
		res("semctl", values{"semid": set, "semnum": "0", "cmd": "IPC_RMID", "val": "<NA>"}, unix.SYS_SEMCTL, fd(set), 0, 0, 0),
	}
}

func quotaSamples() []sample {
	none := values{"quotafilepath": "<NA>", "dqb_bhardlimit": "<NA>", "dqb_bsoftlimit": "<NA>", "dqb_curspace": "<NA>", "dqb_ihardlimit": "<NA>",
		"dqb_isoftlimit": "<NA>", "dqb_btime": "<NA>", "dqb_itime": "<NA>", "dqi_bgrace": "<NA>", "dqi_igrace": "<NA>", "dqi_flags": "<NA>",
		"quota_fmt_out": "QFMT_NOT_USED", "quota_fmt": "QFMT_NOT_USED", "special": "/dev/no"}
	command := func(cmd, kind uintptr) uintptr { return (cmd<<8 | kind) & 0xffffffff }
	limits := [9]uint64{1, 2, 3, 4, 5, 6, 7, 8, 0}
	type info struct {
		bgrace, igrace uint64
		flags, valid   uint32
	}
	const quotaOn, getInfo, setInfo, getQuota, setQuota = 0x800002, 0x800005, 0x800006, 0x800007, 0x800008
	return []sample{
		res("quotactl", none.with(values{"cmd": "Q_QUOTAON", "type": "GRPQUOTA", "id": "2", "quota_fmt": "QFMT_VFS_V0", "quotafilepath": "/aquota"}),
			unix.SYS_QUOTACTL, command(quotaOn, 1), str("/dev/no"), 2, str("/aquota")),
		res("quotactl", none.with(values{"cmd": "Q_SETQUOTA", "type": "USRQUOTA", "id": "1000", "dqb_bhardlimit": "1", "dqb_bsoftlimit": "2", "dqb_curspace": "3",
			"dqb_ihardlimit": "4", "dqb_isoftlimit": "5", "dqb_btime": "7s", "dqb_itime": "8s"}),
			unix.SYS_QUOTACTL, command(setQuota, 0), str("/dev/no"), 1000, addrOf(&limits)),
		res("quotactl", none.with(values{"cmd": "Q_SETINFO", "type": "USRQUOTA", "id": "0", "dqi_bgrace": "60s", "dqi_igrace": "90s", "dqi_flags": "V1_DQF_RSQUASH"}),
			unix.SYS_QUOTACTL, command(setInfo, 0), str("/dev/no"), 0, addrOf(&info{60, 90, 1, 7})),
		res("quotactl", none.with(values{"cmd": "Q_GETQUOTA", "type": "USRQUOTA", "id": "1000"}), unix.SYS_QUOTACTL, command(getQuota, 0), str("/dev/no"), 1000, addrOf(&limits)),
		res("quotactl", none.with(values{"cmd": "Q_XQUOTAON", "type": "0", "id": "0"}), unix.SYS_QUOTACTL, command(0x5801, 9), str("/dev/no"), 0, 0),
	}
}

func keySamples() []sample {
	ints := func(op string, a, b, c, d string) values {
		return values{"operation": op, "arg2": "0:" + a, "arg3": "0:" + b, "arg4": "0:" + c, "arg5": "0:" + d}
	}
	return []sample{
		res("keyctl", ints("KEYCTL_GET_KEYRING_ID", "-3", "0", "0", "0"), unix.SYS_KEYCTL, unix.KEYCTL_GET_KEYRING_ID, ^uintptr(2), 0),
		res("keyctl", ints("KEYCTL_SEARCH", "-3", "0", "0", "4").with(values{"arg3": "1:user", "arg4": "1:a key"}),
			unix.SYS_KEYCTL, unix.KEYCTL_SEARCH, ^uintptr(2), str("user"), str("a key"), 4),
		partly(res("keyctl", ints("KEYCTL_SEARCH", "-3", "0", "0", "4").with(values{"arg3": "1:user", "arg4": "1:<NA>"}),
			unix.SYS_KEYCTL, unix.KEYCTL_SEARCH, ^uintptr(2), str("user"), 8, 4)),
		res("keyctl", ints("KEYCTL_JOIN_SESSION_KEYRING", "0", "0", "0", "0").with(values{"arg2": "1:<NA>"}), unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0),
	}
}
