# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of this folder share. Source it right after 'set -euo pipefail'.
# Progress goes to stderr; stdout carries results only.

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# The tree that holds kmod/ and dkms.conf.
eyas_src=${EYAS_SRC:-$(cd "$vm_dir/../.." && pwd)}
cache=${EYAS_CACHE:-$HOME/.cache/eyas}
prog=vm/$(basename "$0")

mkdir -p "$cache"/{apt,build,image,kernel,lock,module,resolve,root,tool}
cache=$(cd "$cache" && pwd -P)

say() { printf '%s: %s\n' "$prog" "$*" >&2; }

# die [-STATUS] MESSAGE
die() {
	local status=1
	if [[ $1 == -[0-9]* ]]; then status=${1#-}; shift; fi
	say "error: $*"
	exit "$status"
}

# The help text of a script is its leading comment.
usage() {
	local out=2
	[[ $1 != 0 ]] || out=1
	sed -n '/^#!/d; /^# SPDX/d; /^#/!q; s/^# \{0,1\}//p' "$0" >&$out
	exit "$1"
}

# locked NAME COMMAND...: one at a time on this machine. Runs in a subshell.
locked() {
	local name=$1
	shift
	(
		exec 9>"$cache/lock/$name"
		flock -n 9 || { say "waiting for another run ($name)"; flock 9; }
		"$@"
	)
}

as_root() {
	if [[ $EUID = 0 ]]; then "$@"; else sudo -- "$@"; fi
}

# fresh_dir TEMPLATE: a new folder beside its final place, so that mv makes it appear whole or not at all.
fresh_dir() { mktemp -d "$1.tmp.XXXXXX"; }

sha() { sha256sum | cut -c1-16; }

# mirror_of SUFFIX: where this host's apt gets its release (SUFFIX empty) or that release's SUFFIX from,
# so that a site's mirror or proxy serves us too. --print-uris reads both formats of sources, needs no lists and no root.
mirror_of() {
	local codename
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	apt-get --print-uris update 2>/dev/null | sed -nE "s#^'(.*)/dists/$codename$1/InRelease'.*#\1#p" | awk '/debian/ && !n++'
}

main_mirror() {
	[[ -z ${EYAS_DEBIAN_MIRROR:-} ]] || { echo "$EYAS_DEBIAN_MIRROR"; return; }
	mirror_of '' | grep . || die "no Debian mirror in this host's apt sources; set EYAS_DEBIAN_MIRROR to one"
}

security_mirror() {
	[[ -z ${EYAS_DEBIAN_SECURITY_MIRROR:-} ]] || { echo "$EYAS_DEBIAN_SECURITY_MIRROR"; return; }
	mirror_of -security | grep . || die "no Debian security mirror in this host's apt sources; set EYAS_DEBIAN_SECURITY_MIRROR to one"
}

# kernel ALIAS -> sets kver, kdir
use_kernel() {
	local line
	line=$("$vm_dir/kernel" "$1") || exit $?
	read -r _ kver kdir <<<"$line"
}

# use_kver KVER -> sets kver, kdir to a kernel that is in the cache
use_kver() {
	kver=$1
	kdir=$(find "$cache/kernel" -maxdepth 1 -type d -name "${kver}_*" ! -name '*.tmp.*' | sort -V | tail -n 1)
	[[ -n $kdir ]] || die -3 "kernel $kver is not in $cache/kernel; fetch it with 'scripts/vm/kernel ALIAS'"
}
