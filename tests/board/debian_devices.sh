#!/bin/sh
# debian_devices.sh HVLAB NIC CPUS
# Debian's own drivers against the board's devices: virtio and IDE disks are read, written and read again, a network card
# pings the simulated peer and loads a file from it, the entropy device gives bytes. Catches devices that are wired, placed or
# interrupted wrongly. Status 77 (skipped) if the packages cannot be had.
set -eu
hvlab=$1 nic=$2 processors=$3
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/hvlab/debian
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

sh "$here/../../workloads/fetch" kernel busybox || { echo "Debian's packages cannot be had: skipped"; exit 77; }
busybox=$cache/busybox-static/root/bin/busybox
modules='drivers/virtio/virtio_ring drivers/virtio/virtio drivers/virtio/virtio_pci_modern_dev
  drivers/virtio/virtio_pci_legacy_dev drivers/virtio/virtio_pci drivers/block/virtio_blk net/core/failover
  drivers/net/net_failover drivers/net/virtio_net drivers/char/hw_random/virtio-rng
  drivers/net/ethernet/intel/e1000/e1000 drivers/scsi/scsi_common drivers/scsi/scsi_mod drivers/ata/libata
  crypto/crct10dif_common lib/crc-t10dif lib/crc64 lib/crc64-rocksoft block/t10-pi drivers/scsi/sd_mod
  drivers/ata/ata_piix'

mkdir -p "$scratch/root/bin" "$scratch/root/modules" "$scratch/root/dev" "$scratch/root/proc" "$scratch/root/sys"
cp "$busybox" "$scratch/root/bin/"
: >"$scratch/root/modules/order"
for module in $modules; do
  cp "$cache/kernel/modules/$module.ko" "$scratch/root/modules/"
  basename "$module" >>"$scratch/root/modules/order"
done
cat >"$scratch/root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module.ko"; done </modules/order
sleep 1
for disk in vda sda; do
  echo "$disk before $(md5sum <"/dev/$disk")"
  dd if=/dev/zero of="/dev/$disk" bs=4k count=64 seek=3 conv=fsync 2>/dev/null
  echo 3 >/proc/sys/vm/drop_caches
  echo "$disk after $(md5sum <"/dev/$disk")"
done
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
sleep 3
ping -c 2 10.0.2.2 | grep received
echo "loaded $(wget -q -O - http://10.0.2.2/300000 | wc -c)"
echo "random $(head -c 16 /dev/hwrng | wc -c)"
sleep 1
poweroff -f
INIT
chmod +x "$scratch/root/init"
(cd "$scratch/root" && find . | "$busybox" cpio -o -H newc 2>/dev/null) >"$scratch/initrd"

# Content that does not repeat, and what it becomes when 256 KiB from 12 KiB on are zeros.
"$busybox" seq 1 700000 | head -c 4194304 >"$scratch/disk"
cp "$scratch/disk" "$scratch/changed"
dd if=/dev/zero of="$scratch/changed" bs=4k count=64 seek=3 conv=notrunc 2>/dev/null
before=$(md5sum <"$scratch/disk") after=$(md5sum <"$scratch/changed")

status=0
"$hvlab" boot --reproducible --kernel "$cache/kernel/vmlinuz" --loader pvh --initrd "$scratch/initrd" --memory 256M \
  --cpus "$processors" --nic "$nic" --net peer --disk "$scratch/disk" --disk "$scratch/disk,if=ide,profile=hdd-7200" \
  --max-time 60s --append "console=ttyS0,115200 quiet panic=-1 cryptomgr.notests mitigations=off 8250.nr_uarts=1" \
  >"$scratch/console" || status=$?
tr -d '\r' <"$scratch/console" >"$scratch/text"

failed=0
expect() { grep -qxF "$1" "$scratch/text" || { echo "missing: $1"; failed=1; }; }
expect "vda before $before"
expect "vda after $after"
expect "sda before $before"
expect "sda after $after"
expect "2 packets transmitted, 2 packets received, 0% packet loss"
expect "loaded 300000"
expect "random 16"
[ $status = 0 ] || { echo "hvlab boot ended with status $status"; failed=1; }
[ "$(md5sum <"$scratch/disk")" = "$before" ] || { echo "the image was written to without 'persist'"; failed=1; }
[ $failed = 0 ] || { tail -n 40 "$scratch/text"; exit 1; }
