#!/bin/sh
# What runs in the outer virtual machine of way kvm-nested: the same as kvm, with the drivers of a machine without PCI. Its
# own guest is recipe guest.sh's.
. "$(dirname "$0")/common.sh"
kvm_host guest
machine_without_pci
