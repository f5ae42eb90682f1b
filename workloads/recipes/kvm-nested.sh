#!/bin/sh
# The workload in a virtual machine that a virtual machine runs, both by KVM and Debian's smallest QEMU.
. "$(dirname "$0")/common.sh"
kvm_host guest-kvm
echo "file /hvlab/kvm-nested 0755 $here/guest/kvm-nested"
