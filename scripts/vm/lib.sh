# shellcheck shell=bash disable=SC2034 # what is unused here is for who sources this
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of this folder share. Source it right after 'set -euo pipefail'.
# Progress goes to stderr; stdout carries results only.

shopt -s inherit_errexit
PATH=$PATH:/usr/sbin:/sbin # depmod, mke2fs: an ordinary user of Debian lacks these

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

# mark_used PATH [PATTERN MINUTES]: a cache entry lives as long as someone uses it. Neighbours that match PATTERN and
# that nobody used for so long go; by default all after a month.
mark_used() {
	local as=
	[[ -O $1 ]] || as=as_root
	$as touch "$1"
	$as find "$(dirname "$1")" -mindepth 1 -maxdepth 1 -name "${2-*}" -mmin "+${3-43200}" -exec rm -rf {} +
}

sha() { sha256sum | cut -c1-16; }

# A line of apt sources starts with this. Hosts differ in which keys they trust by default.
deb="deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"

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

# apt_dir DIR SOURCE...: a folder for apt to work in that leaves the host's alone: own sources ("MIRROR SUITE COMPONENT"),
# lists and cache, but the host's proxies and credentials. Packages of apt_arch. With APT_CONFIG=DIR/apt.conf.
apt_arch=amd64
apt_dir() {
	local dir=$1
	shift
	mkdir -p "$dir"/{state/lists/partial,cache/archives/partial}
	: >"$dir/status"
	printf "${deb/amd64/$apt_arch} %s\n" "$@" >"$dir/sources.list"
	cat >"$dir/apt.conf" <<-CONF
		Dir::Etc::SourceList "$dir/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		Dir::State "$dir/state";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache";
		Acquire::Languages "none";
		Acquire::Retries "3";
		APT::Architecture "$apt_arch";
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
		APT::Update::Error-Mode "any";
	CONF
}

# apt_field PACKAGE FIELD: of the newest version in the lists.
apt_field() { apt-cache show --no-all-versions "$1" 2>/dev/null | sed -n "s/^$2: //p"; }

# debug_configs ALIAS: the configuration of a kernel that is built here, in the order to apply.
debug_configs() {
	echo "$vm_dir/debug-kernel.config"
	[[ $1 = debug ]] || echo "$vm_dir/$1-kernel.config"
}

# use_kernel ALIAS: sets kver and kdir.
use_kernel() {
	local line
	line=$("$vm_dir/kernel" "$1") || exit $?
	read -r _ kver kdir <<<"$line"
}

# use_kver KVER: the same for a kernel that is in the cache already.
use_kver() {
	kver=$1
	kdir=$(find "$cache/kernel" -mindepth 1 -maxdepth 1 -name "$1_*" ! -name '*.tmp.*' | sort -V | tail -n 1)
	[[ -n $kdir ]] || die -3 "no kernel $1 in $cache/kernel; fetch one with scripts/vm/kernel"
}

# cross_of KVER: what the names of the compilers of another architecture begin with, if the kernel is of one.
cross_of() {
	[[ $1 != *-arm64 ]] || echo aarch64-linux-gnu-
}

# program NAME [CROSS]: prints the path of NAME.c of this folder, compiled.
program() {
	local bin tmp cc=gcc
	[[ -z ${2-} ]] || cc=${2}gcc-12
	bin=$cache/tool/${2-}$1-$(cat "$vm_dir/$1.c" "$eyas_src/kmod/uapi/eyas.h" | sha)
	if [[ ! -x $bin ]]; then
		tmp=$(fresh_dir "$bin")
		"$cc" -O2 -Wall -Wextra -Werror -static -o "$tmp/$1" "$vm_dir/$1.c" >&2
		mv "$tmp/$1" "$bin"
		rmdir "$tmp"
	fi
	echo "$bin"
}

# in_root ROOT COMMAND...: chroot with /proc, /dev, /tmp and, if the root has a place for it, the cache under its own path.
# In a mount namespace of its own, so nothing is left mounted.
in_root() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	as_root unshare --mount --propagation private sh -euc '
		root=$1 cache=$2
		shift 2
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs tmpfs "$root/tmp"
		[ ! -d "$root$cache" ] || mount --bind "$cache" "$root$cache"
		exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C "$@"
	' sh "$1" "$cache" "${@:2}"
}

# module_files: what belongs to the module's source, without what builds leave behind, relative to the tree, NUL-separated.
module_files() {
	if git -C "$eyas_src" rev-parse >/dev/null 2>&1; then
		git -C "$eyas_src" ls-files -z --cached --others --exclude-standard --deduplicate kmod
	else
		(cd "$eyas_src" && find kmod -type f -print0)
	fi | grep -zvE '\.(o|ko|mod|mod\.c|cmd)$|/(modules\.order|Module\.symvers)$' | LC_ALL=C sort -z
}

# copy_module DIR: the module's source to DIR/kmod.
copy_module() {
	[[ -f $eyas_src/kmod/Kbuild ]] || die "no kmod/Kbuild in $eyas_src"
	mkdir -p "$1"
	module_files | tar -C "$eyas_src" --null --no-recursion -T - -c | tar -C "$1" -x
}

# module_key DIR: hash of a copy of the module's source.
module_key() { (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha; }
