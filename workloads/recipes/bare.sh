#!/bin/sh
# The workload on Debian's kernel, nothing between.
. "$(dirname "$0")/common.sh"
base ''
first_process
echo "file /hvlab/bare 0755 $here/guest/bare"
echo "file /bin/workload 0755 $workload"
