#!/bin/sh
# recipes/firmware.sh CACHE WORKLOAD SAMPLE: the initial RAM file system that firmware's boot loader loads; SAMPLE is a file
# that stands on the CD too.
. "$(dirname "$0")/../../../workloads/recipes/common.sh"
tests=$(cd "$(dirname "$0")/.." && pwd)
base ''
for applet in cat cmp dd dmesg grep mount umount poweroff; do echo "link /bin/$applet busybox"; done
modules always crct10dif_common crct10dif_generic crc-t10dif crc64 crc64-rocksoft t10-pi scsi_common scsi_mod libata ata_piix \
  sd_mod cdrom sr_mod isofs
echo "node /dev/console 0600 c 5 1"
echo "file /init 0755 $tests/guest/firmware"
echo "file /sample 0644 $3"
