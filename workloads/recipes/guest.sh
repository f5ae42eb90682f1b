#!/bin/sh
# What runs in a virtual machine: the same as bare, with the drivers of every disk that a virtual machine may have.
. "$(dirname "$0")/common.sh"
base ''
first_process
machine_without_pci
modules disk-ide scsi_common scsi_mod crct10dif_common crct10dif_generic crc-t10dif crc64 crc64_rocksoft_generic \
  crc64-rocksoft t10-pi sd_mod libata ata_piix
modules disk-xen xen-blkfront
modules link-xen xen-netfront
echo "file /hvlab/bare 0755 $here/guest/bare"
echo "file /bin/workload 0755 $workload"
