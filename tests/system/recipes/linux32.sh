#!/bin/sh
# recipes/linux32.sh CACHE WORKLOAD DATA: the initial RAM file system of the 32-bit systems.
set -eu
i386=$1/debian-i386
tests=$(cd "$(dirname "$0")/.." && pwd)
data=$3
echo "$(md5sum "$i386/busybox" | cut -d ' ' -f 1)  /bin/busybox" >"$data/sums"
# Double precision's result to 9 digits, whatever computes it.
seq 1 200 | awk '{ s += $1 * $1 / 7 - 1 / $1 } END { printf "%.9f", s }' >"$data/expected"
for path in bin dev proc sys tmp; do echo "dir /$path 0755"; done
echo "file /bin/busybox 0755 $i386/busybox"
for applet in sh awk cat cmp dmesg grep md5sum mkdir mount nproc poweroff seq sleep true uname; do echo "link /bin/$applet busybox"; done
echo "node /dev/console 0600 c 5 1"
echo "file /init 0755 $tests/guest/linux32"
echo "file /sums 0644 $data/sums"
echo "file /expected 0644 $data/expected"
