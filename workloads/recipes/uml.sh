#!/bin/sh
# The workload in User Mode Linux: Debian's kernel compiled as a program, which is the virtual machine and its hypervisor at once.
. "$(dirname "$0")/common.sh"
base ''
first_process
many_instances ''
for applet in tunctl; do echo "link /bin/$applet busybox"; done
modules bridge llc stp bridge
modules tap tun
echo "file /hvlab/uml 0755 $here/guest/uml"
echo "file /hvlab/plug-in 0755 $here/guest/plug-in"
program '' /bin/linux.uml "$debian/user-mode-linux/root/usr/bin/linux.uml"
echo "dir /guest 0755"
echo "file /guest/initrd 0644 ${debian%/debian}/initrd/guest.cpio"
