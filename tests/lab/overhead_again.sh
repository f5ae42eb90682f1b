#!/bin/sh
# overhead_again.sh HVLAB SOURCE
# Catches figures in profiles/overhead that runs no longer give, and a command that does not write what it measured: KVM's are
# measured again. Another kernel of Debian's may cost a little more or less. Status 77 (skipped) if the packages cannot be had.
set -eu
hvlab=$1 source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for scenario in ways devices; do
  status=0
  "$hvlab" run "$source/scenarios/overhead/overhead_$scenario.yaml" --runs "$scratch/runs" --set 'vary.machine.processor=[amd-zen2]' \
    --set 'vary.software.way=[bare, kvm]' >"$scratch/output" 2>&1 || status=$?
  [ $status != 6 ] || { cat "$scratch/output"; echo "the ways cannot be prepared here: skipped"; exit 77; }
  [ $status = 0 ] || { cat "$scratch/output"; exit 1; }
done
cp -r "$source/profiles/overhead" "$scratch/profiles"
"$hvlab" overhead "$scratch/runs/overhead_ways" "$scratch/runs/overhead_devices" --write "$scratch/profiles" >"$scratch/written"
for way in bare kvm; do
  grep -qx "$scratch/profiles/$way.yaml" "$scratch/written" || { echo "$way was not written"; exit 1; }
done
python3 - "$source/profiles/overhead/kvm.yaml" "$scratch/profiles/kvm.yaml" <<'END'
import re, sys
TOLERANCE = 0.05

def figures(path):
    return {name: (int(value), source) for name, value, source in re.findall(r'^(\w+): \{value: (\d+), source: "(.*)"\}$', open(path).read(), re.M)}

old, new = map(figures, sys.argv[1:])
assert list(old) == list(new), "other figures"
again = [name for name in new if new[name][1] != old[name][1] or new[name][1].startswith(("measured: overhead_ways", "measured: overhead_devices"))]
assert len(again) >= 14, f"measured again was only {again}"
for name in again:
    assert abs(new[name][0] - old[name][0]) <= TOLERANCE * old[name][0] + 1, f"{name}: {new[name][0]}, and {old[name][0]} in the file"
for name in set(new) - set(again):
    assert new[name] == old[name], f"{name} is not measured by these runs, and has changed"
END
