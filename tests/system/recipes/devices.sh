#!/bin/sh
# recipes/devices.sh CACHE WORKLOAD UDP_ECHO DATA: the device test's initial RAM file system; DATA holds pattern and download.
. "$(dirname "$0")/../../../workloads/recipes/common.sh"
tests=$(cd "$(dirname "$0")/.." && pwd)
base ''
for applet in cat cmp dd dmesg grep halt head ifconfig nc nproc ping reboot udhcpc wc wget; do
  echo "link /bin/$applet busybox"
done
modules always virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk virtio_console virtio-rng \
  failover net_failover virtio_net e1000 crct10dif_common crct10dif_generic crc-t10dif crc64 crc64-rocksoft t10-pi \
  scsi_common scsi_mod libata ata_piix sd_mod
echo "node /dev/console 0600 c 5 1"
echo "file /init 0755 $tests/guest/devices"
echo "file /bin/dhcp-event 0755 $tests/guest/dhcp-event"
echo "file /bin/udp-echo 0755 $3"
echo "file /pattern 0644 $4/pattern"
echo "file /download 0644 $4/download"
