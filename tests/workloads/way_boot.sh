#!/bin/sh
# way_boot.sh HVLAB WAY PROCESSORS INSTANCES
# A way must lead to the workload, which computes there what it computes on the bare machine, in every instance.
# Status 77 (skipped) if the packages cannot be had, or the processor's profile has not what the way needs.
set -eu
hvlab=$1 way=$2 processors=$3 instances=$4
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if ! "$hvlab" demo --prepare --ways "bare,$way" >"$scratch/paths" 2>"$scratch/errors"; then
  cat "$scratch/errors"
  echo "way $way cannot be prepared here: skipped"
  exit 77
fi
"$hvlab" demo --quick --json --ways "bare,$way" --processors "$processors" --instances "$instances" >"$scratch/json" ||
  { echo "hvlab demo ended with status $?"; exit 1; }
python3 - "$scratch/json" "$instances" <<'END'
import json, sys
bare, way = json.load(open(sys.argv[1]))["ways"]
assert len(way["instances"]) == int(sys.argv[2]), "instances are missing"
assert {"network", "disk", "link", "link-bulk"} <= {p["name"] for p in bare["phases"]}, "a phase is missing"
assert [p["hash"] for p in way["phases"]] == [p["hash"] for p in bare["phases"]], "other hashes than bare"
assert all(i["memory_bytes"] > 0 for i in way["instances"]), "nobody counted the memory"
assert way["launch_seconds"] > 0, "the start was not seen"
for run in bare, way:
    assert sum(run["ledger"].values()) == run["cycles"], "the ledger is not all cycles"
for vcpu in way["vcpus"]:
    exits = sum(e["count"] for e in way["exits"] if (e["vm"], e["vcpu"]) == (vcpu["vm"], vcpu["vcpu"]))
    assert exits == vcpu["exits"], "exits by reason are not all exits"
    assert vcpu["entries"] == vcpu["exits"], "a world was entered and not left"
if way["name"] in ("kvm", "kvm-shadow", "hosted"):
    assert len({v["vm"] for v in way["vcpus"]}) == int(sys.argv[2]), "not one machine an instance"
END
