#!/bin/sh
# The workload in a guest of Xen (PV: paravirtual: its kernel knows that it runs on Xen, in ring 3, and asks for what needs privilege).
. "$(dirname "$0")/common.sh"
xen_host
echo "file /hvlab/xen-pv 0755 $here/guest/xen-pv"
