#!/bin/sh
# The workload in a guest of Xen (PVH: a kernel as on a machine, by nested paging, without any emulated device).
. "$(dirname "$0")/common.sh"
xen_host
echo "file /hvlab/xen-pvh 0755 $here/guest/xen-pvh"
