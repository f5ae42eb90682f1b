#!/bin/sh
# Programs translated by qemu-user: the workload, and busybox for another processor.
. "$(dirname "$0")/common.sh"
base ''
first_process
many_instances ''
for applet in sha256sum head; do echo "link /bin/$applet busybox"; done
modules binfmt binfmt_misc
echo "file /hvlab/qemu-user 0755 $here/guest/qemu-user"
# By its name the kernel knows that it has to be translated: as a program it is like those that this processor runs itself.
echo "file /bin/workload.x86 0755 $workload"
echo "file /bin/busybox.arm64 0755 $debian/busybox-static:arm64/root/bin/busybox"
for processor in x86_64 aarch64; do echo "file /bin/qemu-$processor 0755 $debian/qemu-user-static/root/usr/bin/qemu-$processor-static"; done
