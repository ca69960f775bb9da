#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: probe.sh PROBES WORKDIR SYMVERS COMPILER FLAG...
#
# Answers the questions in PROBES about the kernel whose compiler command line is
# given and prints the answers as -D flags. Prints nothing on stdout and says why
# on stderr when the answers cannot be trusted.
#
# All code lines are compiled in one run; "#line" gives each its own file name,
# and a line fails when any diagnostic names that file. So warnings count too,
# which is what type mismatches are in compilers before gcc 14. The result is
# kept in WORKDIR under a hash of everything it depends on.
set -u
LC_ALL=C
export LC_ALL

probes=$1
work=$2
symvers=$3
shift 3

die() {
	echo "eyas: cannot find out what this kernel offers: $1" >&2
	[ ! -s "$work/probe.log" ] || sed 's/^/eyas:   /' "$work/probe.log" | head -n 20 >&2
	exit 1
}

mkdir -p "$work" || exit 1
log=$work/probe.log
: >"$log" || exit 1

[ -s "$symvers" ] || die "$symvers is missing: the kernel's headers are not complete"
key=$({ echo "$@"; "$1" --version; cat "$probes" "$0"; cat "$symvers"; } 2>&1 | cksum)
if [ "$(head -n 1 "$work/probe.flags" 2>/dev/null)" = "$key" ]; then
	sed 1d "$work/probe.flags"
	exit 0
fi

# lines KIND: "NAME rest" of each question of that kind.
lines() { sed -n "s/^$1[ 	]\{1,\}//p" "$probes"; }

# compile FILE: diagnostics to the log. Nothing of ours is unused or too strict.
compile() {
	"$@" -DKBUILD_BASENAME='"probe"' -DKBUILD_MODNAME='"probe"' -D__KBUILD_MODNAME=kmod_probe \
		-Wno-unused -Wno-extra -fsyntax-only -x c "$work/probe.c.txt" >>"$log" 2>&1
}

headers='linux/kernel.h linux/module.h linux/binfmts.h linux/capability.h linux/cgroup.h linux/cpu.h linux/fs.h linux/ktime.h linux/mm.h linux/net.h
	linux/poll.h linux/ptrace.h linux/rcupdate.h linux/sched.h linux/tracepoint.h
	linux/uaccess.h asm/syscall.h trace/events/sched.h trace/events/signal.h trace/events/syscalls.h
	trace/events/task.h'

{
	for h in $headers; do echo "#include <$h>"; done
	lines code | while read -r name code; do
		echo "#line 1 \"eyas-probe-$name\""
		printf '%s\n' "$code" | sed "s/@/eyas_probe_$name/g"
	done
} >"$work/probe.c.txt"
compile "$@"
! grep -E 'fatal error|internal compiler error|unrecognized|not found|cannot execute' "$log" >/dev/null ||
	die 'the compiler does not work'

{
	lines code | while read -r name code; do
		grep -E "(^|[ /])eyas-probe-$name:" "$log" >/dev/null || echo "$name"
	done
	cp "$log" "$work/probe.code.log"
	lines header | while read -r name header; do
		echo "#include <$header>" >"$work/probe.c.txt"
		compile "$@" && echo "$name"
	done
	lines symbol | while read -r name symbol; do
		awk -v s="$symbol" '$2 == s { found = 1 } END { exit !found }' "$symvers" && echo "$name"
	done
} >"$work/probe.yes"
mv "$work/probe.code.log" "$log"

for name in $(sed -n 's/^[a-z]*[ 	]\{1,\}\(CONTROL_[A-Z_]*\).*/\1/p' "$probes"); do
	case $name in
	CONTROL_YES*) grep -qx "$name" "$work/probe.yes" || die "$name was refused" ;;
	*) ! grep -qx "$name" "$work/probe.yes" || die "$name was accepted" ;;
	esac
done

flags="-DEYAS_PROBED $(sed -n 's/^HAVE_/-D&/p' "$work/probe.yes" | tr '\n' ' ')"
printf '%s\n%s\n' "$key" "$flags" >"$work/probe.flags"
echo "$flags"
