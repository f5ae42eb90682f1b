#!/bin/sh
# two_tiers.sh HVLAB TWO_MACHINES SCENARIOS MIX
# Catches a cluster tier that gives machines other shares of a host, or lets them do more or less, than the machine tier does:
# two virtual machines on one host with one processor (docs/cluster.md, "Held against the machine tier"). Status 77 (skipped) if
# the packages cannot be had.
set -eu
hvlab=$1 model=$2 scenarios=$3 mix=$4
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

status=0
"$hvlab" regress "$scenarios" --runs "$scratch/runs" >"$scratch/output" 2>&1 || status=$?
[ $status != 6 ] || { cat "$scratch/output"; echo "the ways cannot be prepared here: skipped"; exit 77; }
[ $status = 0 ] || { cat "$scratch/output"; exit 1; }
python3 "$(dirname "$0")/two_tiers.py" "$hvlab" "$scratch/runs" "$model" "$mix"
