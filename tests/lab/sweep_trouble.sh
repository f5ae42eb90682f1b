#!/bin/bash
# Sweeps in trouble: a full disk, a folder that cannot be written, a kill in the middle, two in one folder, SIGTERM. Catches anything half
# written that is taken for whole, and trouble that is not told.
#
#   sweep_trouble.sh HVLAB KERNEL     ends with 77 (skipped) where no file system can be mounted (for the first two)
set -u
program=$1
if [ "${3:-}" != inside ]; then
  unshare -rm true 2>/dev/null || { echo "no file system can be mounted here: skipped"; exit 77; }
  exec unshare -rm bash "$0" "$1" "$2" inside
fi
folder=$(mktemp -d /tmp/hvlab-trouble-XXXXXX)
trap 'umount "$folder/small" "$folder/fixed" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder" || exit 1
fail() { echo "sweep_trouble: $*" >&2; tail -n 5 -- *.log >&2; exit 1; }
cp "$2" kernel.elf
cat >short.yaml <<'Y'
title: The teaching kernel's first milliseconds
software: {kernel: {file: kernel.elf}}
machine: {memory: 64MiB}
limits: {time: 3ms}
ending: time-limit
Y
sweep() { ${background:+exec} "$program" sweep short.yaml --vary machine.costs.cost.load=1,2,3,4 --metric instructions --no-plots --json "$@"; }
results() { python3 -c "import json,sys; d=json.load(open(sys.argv[1])); print(json.dumps([d['cells'], d['influences']]))" "$1"; }
# Every file of a cell that is there is whole, and the database agrees with what it was made of.
whole() {  # FOLDER
  python3 - "$1" <<'P' || fail "$1 holds something half written"
import glob, json, sqlite3, sys
for file in glob.glob(sys.argv[1] + "/cells/*.json"):
    cell = json.load(open(file))
    assert cell["status"] != 0 or json.loads(cell["output"])["cells"], file
db = sqlite3.connect(f"file:{sys.argv[1]}/sweep.sqlite?mode=rw", uri=True)
assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
for cell, status, count in db.execute("SELECT id, status, (SELECT count(*) FROM result WHERE cell = id) FROM cell"):
    assert (status == 0) == (count > 10), (cell, status, count)
P
}
sweep --out right -j 1 >right.json 2>right.log || fail "the sweep ends with $?"
results right.json >right.cells

# 1. A disk that is full before the first cell has ended, or in the middle.
for room in 64k 128k 192k 256k 320k; do
  mkdir -p small
  mount -t tmpfs -o size=$room none small || fail "no tmpfs"
  sweep --out small/s -j 1 >full.json 2>full.log
  status=$?
  [ $status != 0 ] || fail "a sweep of $room ends with 0"
  grep -q 'No space left\|full' full.log || [ $status = 4 ] || fail "a full disk is not told (status $status)"
  # There is room again.
  mount -o remount,size=64m none small || fail "no remount"
  if [ -f small/s/sweep.sqlite ] && python3 -c "import sqlite3; sqlite3.connect('small/s/sweep.sqlite').execute('select 1 from cell')" 2>/dev/null; then
    whole small/s
    sweep --out small/s --resume -j 1 >full.json 2>>full.log || fail "resuming after a full disk of $room ends with $?"
  else
    rm -rf small/s
    sweep --out small/s -j 1 >full.json 2>>full.log || fail "a sweep ends with $? where the disk was full"
  fi
  results full.json | cmp - right.cells || fail "a full disk of $room changed the results"
  umount small || fail "cannot unmount"
done

# 2. A folder that cannot be written.
mkdir -p fixed
mount -t tmpfs -o size=1m,ro none fixed || fail "no read-only tmpfs"
sweep --out fixed/s >fixed.json 2>fixed.log
[ $? = 2 ] || fail "a read-only folder is no mistake"
[ "$(wc -l <fixed.log)" = 1 ] && grep -q "fixed/s.*[Rr]ead-only" fixed.log || fail "a read-only folder is not told in one line"
umount fixed

# 3. Killed at some moment, several times, then gone on with.
for tenths in 0 1 2 4; do
  rm -rf killed
  background=yes sweep --out killed -j 1 >killed.json 2>killed.log &
  running=$!
  for tenth in $(seq 300); do [ -f killed/sweep.sqlite ] && break; sleep 0.05; done
  sleep 0.$tenths
  kill -KILL $running 2>/dev/null
  wait $running 2>/dev/null
  whole killed
  sweep --out killed --resume -j 1 >killed.json 2>>killed.log || fail "resuming a killed sweep ends with $?"
  results killed.json | cmp - right.cells || fail "a killed sweep has other results"
done

# 4. Two in one folder at once: one of them is told that the other is there.
background=yes sweep --out shared -j 1 >one.json 2>one.log &
first=$!
for tenth in $(seq 300); do [ -f shared/lock ] && break; sleep 0.02; done
sweep --out shared --resume -j 1 >two.json 2>two.log
[ $? = 2 ] || fail "a second sweep works in the same folder"
grep -q "process $first on .* works in this folder" two.log || fail "the second sweep does not say who is there"
wait $first || fail "the first of two sweeps ends with $?"
results one.json | cmp - right.cells || fail "the first of two sweeps has other results"

# 5. SIGTERM: what has ended is kept.
background=yes sweep --out ended -j 1 >ended.json 2>ended.log &
running=$!
for tenth in $(seq 300); do grep -q '^1/4 ' ended.log && break; sleep 0.02; done
kill -TERM $running
wait $running
[ $? = 130 ] || fail "SIGTERM does not end it with 130"
whole ended
sweep --out ended --resume -j 1 >ended.json 2>>ended.log || fail "resuming ends with $?"
results ended.json | cmp - right.cells || fail "a sweep that was ended has other results"
