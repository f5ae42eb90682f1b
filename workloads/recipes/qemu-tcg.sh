#!/bin/sh
# The workload in a virtual machine whose every instruction Debian's full QEMU translates (TCG); no KVM.
. "$(dirname "$0")/common.sh"
virtual_machine_host qemu-system-x86_64 guest
echo "file /hvlab/qemu-tcg 0755 $here/guest/qemu-tcg"
firmware qemu-system-data/root/usr/share/qemu/qboot.rom qboot.rom
firmware qemu-system-data/root/usr/share/qemu/kvmvapic.bin kvmvapic.bin
# The translator is a module of QEMU's.
echo "dir /guest/modules 0755"
program '' /guest/modules/accel-tcg-x86_64.so "$debian/qemu-system-common/root/usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so"
