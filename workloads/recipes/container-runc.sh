#!/bin/sh
# The workload in an OCI container. Run as container.sh the runtime is Debian's crun, as container-runc.sh its runc.
. "$(dirname "$0")/common.sh"
way=$(basename "$0" .sh)
case $way in
  container) runtime=crun/root/usr/bin/crun ;;
  container-runc) runtime=runc/root/usr/sbin/runc ;;
esac
first_process
# One set of programs, below the directory that becomes the root.
base /system
many_instances /system
echo "dir /system 0755"
echo "link /bin system/bin"
for path in dev hvlab modules proc sys; do echo "dir /$path 0755"; done
modules always overlay
modules bridge llc stp bridge
modules veth veth
echo "file /hvlab/$way 0755 $here/guest/container"
for path in image image/bin; do echo "dir /system/$path 0755"; done
echo "dir /system/image/tmp 0777"
echo "file /system/image/bin/workload 0755 $workload"
echo "file /system/hvlab/link 0644 $here/guest/link"
echo "link /system/bin/unshare busybox"
echo "file /system/hvlab/run-container 0755 $here/guest/run-container"
echo "file /system/etc/container.json 0644 $here/guest/container.json"
program /system "/bin/${runtime##*/}" "$debian/$runtime"
