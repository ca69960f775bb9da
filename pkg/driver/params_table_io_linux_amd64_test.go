// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

func transferSamples(t *testing.T) []sample {
	in, out := openFile("file", unix.O_RDONLY), openFile("out", unix.O_RDWR|unix.O_CREAT)
	edge := edgeOf(t, "an edge")
	bad := values{"data": "<NA>", "fd": "900", "size": "5", "pos": "7"}
	return []sample{
		res("pread", values{"data": "2345", "fd": in, "size": "4", "pos": "2"}, unix.SYS_PREAD64, fd(in), ptr(buffer(8)), 4, 2),
		res("pread", values{"data": "89", "fd": in, "size": "64", "pos": "8"}, unix.SYS_PREAD64, fd(in), ptr(buffer(64)), 64, 8),
		res("pread", values{"data": "<NA>", "fd": in, "size": "4", "pos": "99"}, unix.SYS_PREAD64, fd(in), ptr(buffer(8)), 4, 99),
		res("pread", values{"data": "<NA>", "fd": in, "size": "4", "pos": "-1"}, unix.SYS_PREAD64, fd(in), ptr(buffer(8)), 4, ^uintptr(0)),
		res("pread", bad, unix.SYS_PREAD64, badFD, 8, 5, 7),
		res("pwrite", values{"data": "seven b", "fd": out, "size": "7", "pos": "70000000000"}, unix.SYS_PWRITE64, fd(out), str("seven b"), 7, 70000000000),
		res("pwrite", values{"data": tooLong()[:snapLen], "fd": out, "size": strconv.Itoa(len(tooLong())), "pos": "0"},
			unix.SYS_PWRITE64, fd(out), str(tooLong()), uintptr(len(tooLong())), 0),
		res("pwrite", bad, unix.SYS_PWRITE64, badFD, 8, 5, 7),
		{event: "write", do: func() values {
			v := values{"res": raw(unix.SYS_WRITE, fd(out), edge, 99), "data": "an edge", "fd": out, "size": "99"}
			if v["res"] != "7" { // before 5.16 nothing of it is written
				v["data"] = "<NA>"
			}
			return v
		}},
		res("pwrite", values{"data": "<NA>", "fd": out, "size": "3", "pos": "1"}, unix.SYS_PWRITE64, fd(out), 8, 3, 1),
	}
}

func vectorSamples(t *testing.T) []sample {
	in, out := openFile("file", unix.O_RDONLY), openFile("vectors", unix.O_RDWR|unix.O_CREAT)
	nine := make([][]byte, 9)
	for i := range nine {
		nine[i] = []byte(strconv.Itoa(i) + ".")
	}
	into, n := vector(buffer(3), nil, buffer(64))
	three, threeN := vector([]byte("one "), []byte("two "), []byte("three"))
	many, manyN := vector(nine...)
	long, longN := vector([]byte(tooLong()[:snapLen-1]), []byte("yz"))
	unread := addrOf(&unix.Iovec{Base: nil, Len: 4})
	self := uintptr(os.Getpid())
	from, _ := vector([]byte("from here"))
	to, _ := vector(buffer(9))
	return []sample{
		res("readv", values{"size": "10", "data": "0123456789", "fd": in}, unix.SYS_READV, fd(in), into, n),
		res("readv", values{"size": "0", "data": "<NA>", "fd": in}, unix.SYS_READV, fd(in), into, n),
		res("readv", values{"size": "0", "data": "<NA>", "fd": "900"}, unix.SYS_READV, badFD, into, n),
		res("preadv", values{"size": "6", "data": "456789", "fd": in, "pos": "4"}, unix.SYS_PREADV, fd(in), into, n, 4, 0),
		res("preadv", values{"size": "0", "data": "<NA>", "fd": "900", "pos": "-1"}, unix.SYS_PREADV, badFD, into, n, ^uintptr(0), 0),
		res("writev", values{"data": "one two three", "fd": out, "size": "13"}, unix.SYS_WRITEV, fd(out), three, threeN),
		res("writev", values{"data": "0.1.2.3.4.5.6.7.8.", "fd": out, "size": "18"}, unix.SYS_WRITEV, fd(out), many, manyN),
		res("writev", values{"data": tooLong()[:snapLen-1] + "y", "fd": out, "size": strconv.Itoa(snapLen + 1)}, unix.SYS_WRITEV, fd(out), long, longN),
		res("writev", values{"data": "<NA>", "fd": out, "size": "0"}, unix.SYS_WRITEV, fd(out), 0, 0),
		res("writev", values{"data": "<NA>", "fd": out, "size": "4"}, unix.SYS_WRITEV, fd(out), unread, 1),
		partly(res("writev", values{"data": "<NA>", "fd": out, "size": "<NA>"}, unix.SYS_WRITEV, fd(out), 8, 2)),
		res("pwritev", values{"data": "one two three", "fd": out, "size": "13", "pos": "5000000000"}, unix.SYS_PWRITEV, fd(out), three, threeN, 5000000000, 0),
		res("pwritev", values{"data": "<NA>", "fd": "900", "size": "13", "pos": "3"}, unix.SYS_PWRITEV, badFD, three, threeN, 3, 0),
		res("process_vm_readv", values{"pid": text(self), "data": "from here"}, unix.SYS_PROCESS_VM_READV, self, to, 1, from, 1, 0),
		res("process_vm_readv", values{"pid": "-5", "data": "<NA>"}, unix.SYS_PROCESS_VM_READV, ^uintptr(4), to, 1, from, 1, 0),
		res("process_vm_writev", values{"pid": text(self), "data": "from here"}, unix.SYS_PROCESS_VM_WRITEV, self, from, 1, to, 1, 0),
		res("process_vm_writev", values{"pid": text(self), "data": "<NA>"}, unix.SYS_PROCESS_VM_WRITEV, self, from, 1, addrOf(&unix.Iovec{Len: 4}), 1, 0),
	}
}

func copySamples() []sample {
	in, out := openFile("file", unix.O_RDONLY), openFile("copy", unix.O_RDWR|unix.O_CREAT)
	var pipe [2]int32
	raw(unix.SYS_PIPE, addrOf(&pipe))
	r, w := text(int(pipe[0])), text(int(pipe[1]))
	offset, from, to := int64(3), int64(1), int64(2)
	return []sample{
		res("sendfile", values{"offset": "7", "out_fd": w, "in_fd": in, "size": "4"}, unix.SYS_SENDFILE, uintptr(pipe[1]), fd(in), addrOf(&offset), 4),
		res("sendfile", values{"offset": "<NA>", "out_fd": w, "in_fd": in, "size": "2"}, unix.SYS_SENDFILE, uintptr(pipe[1]), fd(in), 0, 2),
		partly(res("sendfile", values{"offset": "<NA>", "out_fd": w, "in_fd": "900", "size": "2"}, unix.SYS_SENDFILE, uintptr(pipe[1]), badFD, 8, 2)),
		res("splice", values{"fd_in": r, "fd_out": out, "size": "6", "flags": "SPLICE_F_MOVE|SPLICE_F_MORE"},
			unix.SYS_SPLICE, uintptr(pipe[0]), 0, fd(out), 0, 6, unix.SPLICE_F_MOVE|unix.SPLICE_F_MORE),
		res("splice", values{"fd_in": "900", "fd_out": out, "size": "6", "flags": "SPLICE_F_NONBLOCK|SPLICE_F_GIFT"},
			unix.SYS_SPLICE, badFD, 0, fd(out), 0, 6, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_GIFT|1<<9),
		res("copy_file_range", values{"fdout": out, "offout": "5", "fdin": in, "offin": "4", "len": "3"},
			unix.SYS_COPY_FILE_RANGE, fd(in), addrOf(&from), fd(out), addrOf(&to), 3, 0),
		res("copy_file_range", values{"fdout": "901", "offout": "<NA>", "fdin": "900", "offin": "<NA>", "len": "3"},
			unix.SYS_COPY_FILE_RANGE, badFD, 0, badFD+1, 0, 3, 0),
	}
}

func positionSamples() []sample {
	in := openFile("file", unix.O_RDONLY)
	dir := openFile(".", unix.O_RDONLY|unix.O_DIRECTORY)
	return []sample{
		res("lseek", values{"fd": in, "offset": "-2", "whence": "SEEK_END"}, unix.SYS_LSEEK, fd(in), ^uintptr(1), unix.SEEK_END),
		res("lseek", values{"fd": in, "offset": "1", "whence": "SEEK_CUR"}, unix.SYS_LSEEK, fd(in), 1, unix.SEEK_CUR),
		res("lseek", values{"fd": "900", "offset": "0", "whence": "3"}, unix.SYS_LSEEK, badFD, 0, unix.SEEK_DATA),
		res("getdents", values{"fd": dir}, unix.SYS_GETDENTS, fd(dir), ptr(buffer(4096)), 4096),
		res("getdents64", values{"fd": dir}, unix.SYS_GETDENTS64, fd(dir), ptr(buffer(4096)), 4096),
		res("getdents64", values{"fd": "900"}, unix.SYS_GETDENTS64, badFD, 0, 0),
		returns("fcntl", "res", values{"fd": in, "cmd": "F_DUPFD_CLOEXEC", "arg": "700"}, unix.SYS_FCNTL, fd(in), unix.F_DUPFD_CLOEXEC, 700),
		returns("fcntl", "res", values{"fd": in, "cmd": "F_SETFD", "arg": "1"}, unix.SYS_FCNTL, fd(in), unix.F_SETFD, 1),
		returns("fcntl", "res", values{"fd": in, "cmd": "F_GETLEASE", "arg": "0"}, unix.SYS_FCNTL, fd(in), unix.F_GETLEASE, 0),
		returns("fcntl", "res", values{"fd": in, "cmd": "UNKNOWN", "arg": "5"}, unix.SYS_FCNTL, fd(in), 999, 5),
		res("flock", values{"fd": in, "operation": "LOCK_EX|LOCK_NB"}, unix.SYS_FLOCK, fd(in), unix.LOCK_EX|unix.LOCK_NB),
		res("flock", values{"fd": "900", "operation": "LOCK_UN"}, unix.SYS_FLOCK, badFD, unix.LOCK_UN),
	}
}
