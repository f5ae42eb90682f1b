#!/bin/sh
# The workload in a virtual machine by KVM and Debian's smallest QEMU.
. "$(dirname "$0")/common.sh"
kvm_host guest
