#!/bin/sh
# way_twice.sh HVLAB WAY PROCESSORS [PROFILE]
# A guest's run is the same each time, to the last event and the last cycle, and it does not depend on how much decoded code the
# engine keeps, nor, with one processor, on the slices of its run. Status 77 (skipped) if the packages cannot be had.
set -eu
hvlab=$1 way=$2 processors=$3 profile=${4:-amd-zen2}
memory=768M
[ "$way" != kvm-nested ] || memory=2G
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if ! "$hvlab" demo --real --prepare --ways "$way" >"$scratch/paths" 2>"$scratch/errors"; then
  cat "$scratch/errors"
  echo "way $way cannot be prepared here: skipped"
  exit 77
fi
kernel=$(sed -n 's/^kernel //p' "$scratch/paths")
initrd=$(sed -n "s/^$way //p" "$scratch/paths")
truncate -s 64M "$scratch/disk.img"

boot() {  # NAME OPTION...
  name=$1
  shift
  "$hvlab" boot --reproducible --kernel "$kernel" --loader pvh --initrd "$initrd" --cpus "$processors" --cpu "$profile" --memory "$memory" \
    --net peer --disk "$scratch/disk.img" --max-time 60s --stats "$scratch/$name.json" "$@" --append "console=ttyS0,115200 \
quiet panic=-1 cryptomgr.notests mitigations=off apparmor=0 audit=0 8250.nr_uarts=1 no_timer_check hvlab.disk=1 \
hvlab.way=$way hvlab.quick=1" >"$scratch/$name.console" || {
      echo "hvlab boot $* ended with status $?; the console's end:"
      tail -n 20 "$scratch/$name.console"
      exit 1
    }
  grep -q '^HVLAB done' "$scratch/$name.console" || { echo "the workload did not finish"; exit 1; }
}

same() {  # NAME
  for what in json console; do
    cmp "$scratch/first.$what" "$scratch/$1.$what" || { echo "$1: another $what than the first run's"; exit 1; }
  done
}

boot first
grep -qE '"reason": *"(npf|EPT_VIOLATION)"' "$scratch/first.json" || { echo "no guest ran"; exit 1; }
boot second
same second
boot small --code-cache 1M
same small
[ "$processors" != 1 ] || {
  boot slices --slice 3331
  same slices
}
