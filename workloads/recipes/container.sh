#!/bin/sh
# The workload in an OCI container run by Debian's crun.
. "$(dirname "$0")/common.sh"
first_process
# One set of programs, below the directory that becomes the root.
base /system
echo "dir /system 0755"
echo "link /bin system/bin"
for path in dev hvlab modules proc sys; do echo "dir /$path 0755"; done
modules always overlay
echo "file /hvlab/container 0755 $here/guest/container"
for path in image image/bin; do echo "dir /system/$path 0755"; done
echo "dir /system/image/tmp 0777"
echo "file /system/image/bin/workload 0755 $workload"
echo "file /system/hvlab/run-container 0755 $here/guest/run-container"
echo "file /system/etc/container.json 0644 $here/guest/container.json"
program /system /bin/runtime "$debian/crun/root/usr/bin/crun"
