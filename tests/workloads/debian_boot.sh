#!/bin/sh
# debian_boot.sh HVLAB LOADER CPUS [PROFILE]
# Debian's kernel must boot to the workload and switch the machine off, by either loader. LOADER "twice" boots two times
# by PVH and compares the hashes of their event streams. PROFILE: the processor (amd-zen2). Status 77 (skipped) if the packages cannot be had.
set -eu
hvlab=$1 loader=$2 processors=$3 profile=${4:-amd-zen2}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

sh "$(dirname "$0")/../../workloads/fetch" kernel busybox crun || { echo "Debian's packages cannot be had: skipped"; exit 77; }
"$hvlab" demo --real --prepare >"$scratch/paths"
kernel=$(sed -n 's/^kernel //p' "$scratch/paths")
initrd=$(sed -n 's/^bare //p' "$scratch/paths")

boot() {  # NAME LOADER
  "$hvlab" boot --reproducible --kernel "$kernel" --loader "$2" --initrd "$initrd" --cpus "$processors" --cpu "$profile" --memory 512M \
    --max-time 60s --stats "$scratch/$1.json" --append "console=ttyS0,115200 quiet panic=-1 cryptomgr.notests mitigations=off \
apparmor=0 audit=0 8250.nr_uarts=1 hvlab.way=bare hvlab.quick=1" >"$scratch/$1.console" || {
      echo "hvlab boot ended with status $?; the console's end:"
      tail -n 20 "$scratch/$1.console"
      exit 1
    }
  tr -d '\r' <"$scratch/$1.console" >"$scratch/$1.text"
  if ! grep -qx 'HVLAB done' "$scratch/$1.text" ||
    ! grep -q "^HVLAB start size=quick processors=$processors " "$scratch/$1.text"; then
    echo "the workload did not finish with $processors processors:"
    cat "$scratch/$1.text"
    exit 1
  fi
}

events() { sed -n 's/.*"events_hash": *"\([0-9a-f]*\)".*/\1/p' "$scratch/$1.json"; }

case $loader in
  twice)
    boot first pvh
    boot second pvh
    [ -n "$(events first)" ] || { echo "the statistics have no events_hash"; exit 1; }
    [ "$(events first)" = "$(events second)" ] || { echo "two runs differ: $(events first), $(events second)"; exit 1; }
    cmp "$scratch/first.console" "$scratch/second.console"
    cmp "$scratch/first.json" "$scratch/second.json"
    ;;
  *) boot only "$loader" ;;
esac
