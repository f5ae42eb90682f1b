#!/bin/sh
# The workload's instances as processes side by side on Debian's kernel.
. "$(dirname "$0")/common.sh"
base ''
first_process
many_instances ''
echo "file /hvlab/apps 0755 $here/guest/apps"
echo "file /bin/workload 0755 $workload"
