#!/bin/sh
# The workload in a guest of Xen (HVM: a whole PC with firmware, its devices emulated by a program of the first domain).
. "$(dirname "$0")/common.sh"
xen_host
echo "file /hvlab/xen-hvm 0755 $here/guest/xen-hvm"
# Where the tool stack and QEMU look for them.
echo "file ${place%/bin}/boot/hvmloader 0644 ${tools%/bin}/boot/hvmloader"
program '' /usr/libexec/xen-qemu-system-i386 "$debian/qemu-system-xen/root/usr/libexec/xen-qemu-system-i386"
echo "file /usr/share/seabios/bios-256k.bin 0644 $debian/seabios/root/usr/share/seabios/bios-256k.bin"
# What QEMU starts a kernel by, and the keyboard's layout, which it wants even where there is no display.
for file in pvh.bin linuxboot_dma.bin linuxboot.bin keymaps/en-us; do
  echo "file /usr/share/qemu/$file 0644 $debian/qemu-system-data/root/usr/share/qemu/$file"
done
# By firmware QEMU starts a kernel in the form in which boot loaders get it.
echo "file /guest/vmlinuz 0644 $(readlink -f "$debian/kernel/vmlinuz")"
