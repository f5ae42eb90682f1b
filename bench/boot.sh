#!/bin/sh
# Boots the same kernel and initrd under HVLab and under QEMU's TCG, and prints CPU seconds of each and their ratio.
#   bench/boot.sh KERNEL INITRD [LOADER [APPEND]]
# The initrd's init must power the machine off. QEMU comes from the Debian package qemu-system-x86.
set -eu

[ $# -ge 2 ] || { sed -n '2,4s/^# *//p' "$0" >&2; exit 2; }
kernel=$1 initrd=$2 loader=${3:-auto}
append=${4:-console=ttyS0,115200 quiet panic=-1}
memory=512
root=$(cd "$(dirname "$0")/.." && pwd)
command -v qemu-system-x86_64 >/dev/null || { echo "boot.sh: install the package qemu-system-x86" >&2; exit 2; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# User plus system CPU seconds of the rest of the command line, which must end with status 0.
cpu_seconds() {
  name=$1
  shift
  ( "$@" >"$scratch/$name.out" 2>"$scratch/$name.err" </dev/null || {
      echo "boot.sh: $name ended with status $?:" >&2
      tail -n 5 "$scratch/$name.out" "$scratch/$name.err" >&2
      exit 1
    }
    times ) >"$scratch/$name.times" || exit 1
  # `times` prints the shell's own times, then those of its children, as 0m1.23s 0m0.45s.
  awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, /[ms]/); sum += t[1] * 60 + t[2] }; printf "%.2f\n", sum }' \
    "$scratch/$name.times"
}

"$root/hvlab" --version >/dev/null  # builds first, if need be
ours=$(cpu_seconds hvlab "$root/build/release/sim/lab/hvlab" boot --kernel "$kernel" --initrd "$initrd" \
  --append "$append" --memory "${memory}M" --loader "$loader" --stats "$scratch/stats.json")
theirs=$(cpu_seconds qemu qemu-system-x86_64 -accel tcg,thread=single -m "$memory" -nographic -no-reboot \
  -net none -kernel "$kernel" -initrd "$initrd" -append "$append")

instructions=$(sed -n 's/.*"instructions": *\([0-9]*\).*/\1/p' "$scratch/stats.json" | head -n 1)
awk -v ours="$ours" -v theirs="$theirs" -v n="$instructions" 'BEGIN {
  printf "hvlab     %8.2f CPU s  %6.0f million guest instructions a second\n", ours, n / ours / 1e6
  printf "qemu tcg  %8.2f CPU s\n", theirs
  printf "ratio     %8.2f\n", ours / theirs
}'
