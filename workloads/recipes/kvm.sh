#!/bin/sh
# The workload in a virtual machine by KVM and Debian's smallest QEMU.
. "$(dirname "$0")/common.sh"
virtual_machine_host qemu-system-x86_64-microvm
echo "file /hvlab/kvm 0755 $here/guest/kvm"
firmware qemu-system-data/root/usr/share/qemu/qboot.rom bios-microvm.bin
