#!/bin/sh
# The workload in a virtual machine by KVM, with all devices in the user space of Debian's full QEMU.
. "$(dirname "$0")/common.sh"
virtual_machine_host qemu-system-x86_64 guest
echo "file /hvlab/hosted 0755 $here/guest/hosted"
firmware seabios/root/usr/share/seabios/bios-256k.bin bios-256k.bin
firmware qemu-system-data/root/usr/share/qemu/kvmvapic.bin kvmvapic.bin
