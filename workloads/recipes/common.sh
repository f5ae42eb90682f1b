# What the recipes share. A recipe is `recipes/NAME.sh CACHE WORKLOAD [KERNEL]`: it prints the contents of the initial RAM
# file system, one entry a line, in any order:
#   dir PATH MODE | file PATH MODE SOURCE | link PATH TARGET | node PATH MODE c|b MAJOR MINOR
# hvlab writes them, sorted and with fixed times, as a cpio archive.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
debian=$1/debian
workload=$2
kernel=${3:-}

# The root's directories, the console, busybox under the names that the scripts use, and what runs first.
base() {  # PREFIX
  for path in bin dev etc hvlab modules proc run sys tmp; do echo "dir $1/$path 0755"; done
  echo "file $1/bin/busybox 0755 $debian/busybox-static/root/bin/busybox"
  for applet in sh mount mkdir insmod stty sleep poweroff chroot ip brctl; do echo "link $1/bin/$applet busybox"; done
}

first_process() {
  modules disk virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk
  modules link virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover virtio_net
  modules link-e1000 e1000
  echo "node /dev/console 0600 c 5 1"
  echo "file /init 0755 $here/guest/init"
  echo "file /hvlab/link 0644 $here/guest/link"
}

# The kernel's own modules by name, in loading order; one that this kernel has built in is left out. The first process
# loads those of group "always", and others when the command line asks for them.
modules() {  # GROUP MODULE...
  list=$debian/modules.$$
  group=$1
  : >"$list"
  shift
  for name in "$@"; do
    found=$(find -L "$debian/kernel/modules" -name "$name.ko" | head -n 1)
    [ -n "$found" ] || continue
    echo "file /modules/$name.ko 0644 $found"
    echo "$name.ko" >>"$list"
  done
  keep "$list" "/modules/$group"
}

# A file made here: kept in the cache under its contents' checksum, so that equal contents are one file.
keep() {  # FILE PATH
  name=$debian/made-$(sha256sum "$1" | cut -c 1-16)
  mv "$1" "$name"
  echo "file $2 0644 $name"
}

# A program and every shared library that it needs, from the unpacked packages, at the places they are looked for.
program() {  # PREFIX PATH SOURCE
  echo "file $1$2 0755 $3"
  wanted=$(needed "$3")
  taken=' '
  echo "dir $1/lib64 0755"
  echo "dir $1/lib 0755"
  while [ -n "$wanted" ]; do
    next=
    for library in $wanted; do
      case $taken in *" $library "*) continue ;; esac
      taken="$taken$library "
      source=$(find "$debian" -path '*/root/*' -name "$library" | head -n 1)
      [ -n "$source" ] || { echo "hvlab: no package in the cache has $library, which ${3##*/} needs" >&2; exit 2; }
      case $library in ld-linux*) echo "file $1/lib64/$library 0755 $source" ;;
        *) echo "file $1/lib/$library 0644 $source" ;; esac
      next="$next $(needed "$source")"
    done
    wanted=$(echo $next)
  done
}

needed() { LC_ALL=C readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | tr '\n' ' '; }

# What `guest/instances` uses.
many_instances() {  # PREFIX
  for applet in mkfifo grep cat rm; do echo "link $1/bin/$applet busybox"; done
  echo "file $1/hvlab/instances 0644 $here/guest/instances"
}

# The drivers of a virtual machine without PCI.
machine_without_pci() {
  modules disk-mmio virtio_ring virtio virtio_mmio virtio_blk
  modules link-mmio virtio_ring virtio virtio_mmio failover net_failover virtio_net
}

# A system that runs virtual machines by KVM and a program of package qemu-system-x86. KERNEL and the archive of recipe
# GUEST, which hvlab assembled before, are what the machines boot.
virtual_machine_host() {  # PROGRAM GUEST
  base ''
  first_process
  many_instances ''
  modules kvm-amd irqbypass kvm ccp kvm-amd
  modules kvm-intel irqbypass kvm kvm-intel
  modules bridge llc stp bridge
  modules vhost tun tap vhost_iotlb vhost vhost_net
  modules tap tun
  echo "file /hvlab/plug-in 0755 $here/guest/plug-in"
  program '' "/bin/$1" "$debian/qemu-system-x86/root/usr/bin/$1"
  for path in guest guest/firmware; do echo "dir /$path 0755"; done
  echo "file /guest/vmlinux 0644 $kernel"
  echo "file /guest/initrd 0644 ${debian%/debian}/initrd/$2.cpio"
  for rom in pvh.bin linuxboot_dma.bin; do firmware qemu-system-data/root/usr/share/qemu/$rom $rom; done
}

# The same by QEMU's smallest program.
kvm_host() {  # GUEST
  virtual_machine_host qemu-system-x86_64-microvm $1
  echo "file /hvlab/kvm 0755 $here/guest/kvm"
  firmware qemu-system-data/root/usr/share/qemu/qboot.rom bios-microvm.bin
}

# Xen's first domain: the tool stack, the back ends of guests' disks and network cards, and what the guests boot, as above.
xen_host() {
  base ''
  first_process
  many_instances ''
  for applet in ln cat; do echo "link /bin/$applet busybox"; done
  modules xen xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs xen-blkback
  modules bridge llc stp bridge
  modules vif xen-netback
  for file in "$debian"/xen-utils-*/root/usr/lib/xen-*/bin/xl; do tools=${file%/xl}; done
  place=${tools##*/root}
  for path in /usr /usr/lib "${place%/bin}" "$place"; do echo "dir $path 0755"; done
  for name in xl xenstored xenconsoled xen-init-dom0; do program '' /bin/$name "$tools/$name"; done
  for name in xenstore-write xenstore-read; do program '' /bin/$name "$debian/xenstore-utils/root/usr/bin/$name"; done
  # The C library takes it in when a thread ends.
  echo "file /lib/libgcc_s.so.1 0644 $debian/libgcc-s1/root/lib/x86_64-linux-gnu/libgcc_s.so.1"
  program '' "$place/libxl-save-helper" "$tools/libxl-save-helper"
  for name in xen xen-plug-in; do echo "file /hvlab/$name 0755 $here/guest/$name"; done
  echo "dir /guest 0755"
  echo "file /guest/vmlinux 0644 $kernel"
  echo "file /guest/initrd 0644 ${debian%/debian}/initrd/guest.cpio"
}

firmware() {  # FILE NAME
  echo "file /guest/firmware/$2 0644 $debian/$1"
}
