#!/bin/bash
# A sweep on this machine, of a few milliseconds of the teaching kernel: catches cells that are lost, run again or mixed up, and results
# that depend on an interruption.
#
#   sweep_here.sh HVLAB KERNEL
set -u
program=$1
folder=$(mktemp -d /tmp/hvlab-sweep-XXXXXX)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
fail() { echo "sweep_here: $*" >&2; cat -- *.log >&2; exit 1; }
cp "$2" kernel.elf
cat >short.yaml <<'Y'
title: The teaching kernel's first milliseconds
software: {kernel: {file: kernel.elf}}
machine: {memory: 64MiB}
limits: {time: 3ms}
ending: time-limit
Y
sweep() { ${background:+exec} "$program" sweep short.yaml --vary machine.costs.cost.load=1,2,3 --vary machine.cores=1,2 --metric instructions --json "$@"; }
results() { python3 -c "import json,sys; d=json.load(open(sys.argv[1])); print(json.dumps([d['cells'], d['influences']]))" "$1"; }

sweep --out whole >whole.json 2>whole.log || fail "the sweep ends with $?"
results whole.json >whole.cells
[ "$(grep -o '"instructions"' whole.cells | wc -l)" -ge 6 ] || fail "a cell has no result"
[ "$(wc -l <whole/results.csv)" = 7 ] || fail "results.csv has not a line for each cell"
[ "$(ls whole/plots/*.svg | wc -l)" = 2 ] || fail "there is not a plot for each axis"
grep -q '<svg' whole/plots/*.svg || fail "a plot is no SVG"
# A load that costs more leaves less for other instructions in the same time.
python3 - whole.json <<'P' || fail "the costs had no effect"
import json, sys
by = {tuple(c["settings"].values()): c["metrics"]["instructions"] for c in json.load(open(sys.argv[1]))["cells"]}
sys.exit(not (by["1", "1"] > by["2", "1"] > by["3", "1"]))
P

# Told of again, without running anything.
before=$(ls -lR --time-style=full-iso whole)
"$program" sweep --show whole --json >shown.json 2>shown.log || fail "--show ends with $?"
results shown.json >shown.cells
cmp whole.cells shown.cells || fail "--show tells other results"
[ "$before" = "$(ls -lR --time-style=full-iso whole)" ] || fail "--show changes the sweep's folder"
"$program" sweep --show nowhere >/dev/null 2>nowhere.log
[ $? = 2 ] || fail "a sweep that is not there is shown"

sweep --out whole >/dev/null 2>again.log
[ $? = 2 ] || fail "a folder with results is written again"
sweep --out whole --vary machine.slice=5000 --resume >/dev/null 2>other.log
[ $? = 2 ] || fail "another sweep goes on in the same folder"
sweep --out bad --vary machine.nonsense=1 >/dev/null 2>bad.log
[ $? = 3 ] || fail "a key that does not exist is not refused"
[ ! -e bad ] || fail "a sweep that is refused leaves a folder"

# Stopped after its first cell, and gone on with.
background=yes sweep --out stopped -j 1 >stopped.json 2>stopped.log &
running=$!
for tenth in $(seq 300); do grep -q '^1/6 ' stopped.log && break; sleep 0.1; done
kill -TERM $running
wait $running
[ $? = 130 ] || fail "a stopped sweep does not end with 130"
sweep --out stopped --resume >stopped.json 2>resumed.log || fail "resuming ends with $?"
grep -q '/6 ' resumed.log && fail "resuming runs everything again"
results stopped.json >stopped.cells
cmp whole.cells stopped.cells || fail "a stopped sweep has other results"

# What it rests on.
"$program" sweep short.yaml --assumed --metric instructions --no-plots --out costs >costs.txt 2>costs.log || fail "--assumed ends with $?"
grep -q '^assumed: .*cost.load' costs.txt || fail "assumed costs are not named"
grep -q '^instructions  cost.microcoded ' costs.txt || fail "it does not say how far an assumed cost moves the answer"
