#!/bin/sh
# io_path.sh HVLAB WAY PROCESSORS [PROFILE]
# The disk phase's requests in a way, and the round trips of its link phase, as a whole and one way each: as many as the workload made, each seen from
# its system call to the medium or the wire and back, hops adding up to their time; the same when it runs again, and the same times on the console when nobody looks.
# Status 77 (skipped) if the packages cannot be had.
set -eu
hvlab=$1 way=$2 processors=$3 profile=${4:-amd-zen2}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

recipe=$way
if [ "$way" = kvm-shadow ]; then
  recipe=kvm
  case $profile in intel-*) profile=$profile,-ept ;; *) profile=$profile,-npt ;; esac
fi
if ! "$hvlab" demo --real --prepare --ways "$way" >"$scratch/paths" 2>"$scratch/errors"; then
  cat "$scratch/errors"
  echo "way $way cannot be prepared here: skipped"
  exit 77
fi
kernel=$(sed -n 's/^kernel //p' "$scratch/paths")
cp "$(sed -n "s/^$way //p" "$scratch/paths")" "$scratch/initrd"
truncate -s 4M "$scratch/disk"

run() {  # NAME, options
  name=$1
  shift
  "$hvlab" boot --reproducible --kernel "$kernel" --loader pvh --initrd "$scratch/initrd" --memory 768M --cpu $profile \
    --cpus "$processors" --disk "$scratch/disk" --net peer --append "console=ttyS0,115200 quiet panic=-1 cryptomgr.notests \
mitigations=off apparmor=0 audit=0 8250.nr_uarts=1 no_timer_check hvlab.disk=1 hvlab.link=1 hvlab.quick=1 hvlab.way=$recipe" \
    "$@" </dev/null >"$scratch/$name.console"
  grep -q "HVLAB done" "$scratch/$name.console"
}
run first --stats "$scratch/first" --io-requests "$scratch/first.requests"
run again --stats "$scratch/again" --io-requests "$scratch/again.requests"
cmp "$scratch/first" "$scratch/again"
cmp "$scratch/first.requests" "$scratch/again.requests"
run unseen
cmp "$scratch/first.console" "$scratch/unseen.console"

python3 - "$scratch" "$way" "$processors" <<'END'
import collections, json, sys
folder, way, processors = sys.argv[1], sys.argv[2], int(sys.argv[3])
statistics = json.load(open(f"{folder}/first"))
requests = [json.loads(line) for line in open(f"{folder}/first.requests")]
virtual = way in ("kvm", "kvm-shadow", "hosted")

# The identity, to the picosecond and to the cycle.
for request in requests:
    at = request["begin"]
    for stage, where, core, begin, end, cycles in request["pieces"]:
        assert begin == at and end > begin, f"a gap in {request}"
        assert where != "unknown", f"time that nobody had in {request}"
        at = end
    assert at == request["end"], f"the hops are not the whole of {request}"
    assert sum(piece[5] for piece in request["pieces"]) == request["cycles"]
    assert request["complete"], f"something was not seen: {request}"
for group in statistics["io"]:
    assert sum(hop["picoseconds"] for hop in group["hops"]) == group["picoseconds"]
    assert sum(hop["cycles"] for hop in group["hops"]) == group["cycles"]

# What the workload did: 4 blocks of 16 KiB written, a flush, the blocks read back, each by a system call of its own.
inner = [r for r in requests if r["system"] == (1 if virtual else 0)]
count = collections.Counter((r["operation"], r["bytes"]) for r in inner)
assert count["write", 16384] == 4 and count["read", 16384] == 4 and count["flush", 0] == 1, count
ours = [r for r in inner if (r["operation"], r["bytes"]) in count and r["bytes"] in (16384, 0)]
trips = [r for r in inner if r["operation"] == "round-trip"]
# 25 rounds, after the ones that wait for the link to come up, before each of its two phases.
assert len(trips) == 27 and all(r["bytes"] == 64 for r in trips), count
# The datagrams one way: 14 + 20 + 8 + 64 bytes on the wire, and none of the 128 that the network phase sends over loopback. While a link
# comes up, tries every 50 ms queue up, and queues are short; one that waits for longer than a second counts as lost (docs/io-path.md), so
# that only what begins once the link is up is as many as the workload made: all rounds but the first.
sends = [r for r in inner if (r["operation"], r["bytes"]) == ("send", 106)]
receives = [r for r in inner if (r["operation"], r["bytes"]) == ("receive", 106)]
for each in (sends, receives):
    assert sum(r["begin"] >= trips[1]["begin"] for r in each) == 26, count
assert statistics["events"]["frame-sent"] >= len(sends) and statistics["events"]["frame-received"] >= len(receives)
assert all("call" not in r["unseen"] for r in sends), "a system call was not seen"
for r in sends[1:] + receives[1:]:
    assert virtual == (sum(r.get("exits", {}).values()) > 0), r
for r in trips[1:]:
    assert not {"handler", "interrupt"} & set(r["unseen"]), f"an interrupt was not seen: {r}"
    assert virtual or "exits" not in r, r
    assert not virtual or sum(r["exits"].values()) > 0, r
# With several processors the guest may be handling the interrupt that its datagram has left when the answer comes, and find it then. How often is a
# matter of a microsecond in two ways that have nothing to do with each other; not always.
polled = [r for r in trips[1:] if "injected" in r["unseen"]]
assert not virtual or len(polled) < (1 if processors == 1 else len(trips) - 1), polled
assert all("call" not in r["unseen"] for r in ours), "a system call was not seen"

# No more requests than the machine's own devices did.
own = [r for r in requests if r["system"] == 0 and r["operation"] in ("read", "write", "flush", "discard")]
assert statistics["events"]["request-done"] >= len(own), "requests that no device has done"

for r in ours:
    exits = sum(r.get("exits", {}).values())
    places = {piece[1] for piece in r["pieces"]}
    if not virtual:
        assert exits == 0 and not places & {"guest-kernel", "exit", "entry", "hypervisor"}, r
        continue
    assert exits > 0 and r["parts"] == 1, r
    assert {"guest-kernel", "exit", "entry", "hypervisor", "host-kernel", "host-user", "medium"} <= places, r
    if way != "kvm-shadow" and r["bytes"]:
        assert r["copied"] == 0, "the host's request is not at the guest's memory"
per_request = sum(sum(r.get("exits", {}).values()) for r in ours) / len(ours)
if way == "hosted":
    assert per_request > 10, "an IDE disk takes more exits than that"
elif virtual:
    assert per_request < 10, "virtio takes fewer exits than that"
END
