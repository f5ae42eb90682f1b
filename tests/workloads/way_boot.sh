#!/bin/sh
# way_boot.sh HVLAB WAY PROCESSORS INSTANCES [PROFILE]
# A way must lead to the workload, which computes there what it computes on the bare machine, in every instance. PROFILE may be
# without features: "intel-icelake,-apicv".
# Status 77 (skipped) if the packages cannot be had, or the processor's profile has not what the way needs.
set -eu
hvlab=$1 way=$2 processors=$3 instances=$4 profile=${5:-amd-zen2}
case $profile in
  *,-*) profile="--set vary.machine.processor=[${profile%%,*}] --set machine.without=[$(echo ${profile#*,-} | sed 's/,-/,/g')]" ;;
  *) profile="--set vary.machine.processor=[$profile]" ;;
esac
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if ! "$hvlab" demo --real --prepare --ways "bare,$way" >"$scratch/paths" 2>"$scratch/errors"; then
  cat "$scratch/errors"
  echo "way $way cannot be prepared here: skipped"
  exit 77
fi
"$hvlab" demo --real --quick --json --ways "bare,$way" --processors "$processors" --instances "$instances" $profile >"$scratch/json" ||
  { echo "hvlab demo ended with status $?"; exit 1; }
python3 - "$scratch/json" "$instances" <<'END'
import json, sys
bare, way = json.load(open(sys.argv[1]))["ways"]
assert len(way["instances"]) == int(sys.argv[2]), "instances are missing"
assert {"network", "disk", "link", "link-bulk"} <= {p["name"] for p in bare["phases"]}, "a phase is missing"
assert [p["hash"] for p in way["phases"]] == [p["hash"] for p in bare["phases"]], "other hashes than bare"
assert all(i["memory_bytes"] > 0 for i in way["instances"]), "nobody counted the memory"
assert way["launch_seconds"] > 0, "the start was not seen"

# What may pass between the phase's own clock and what is seen of it, at most. Each system call takes long where ptrace
# stops it; phases of translated programs are seen by what is printed between them, and the processor waits for the port.
aside = {"uml": 200e-6, "qemu-user": 50e-3, "qemu-tcg": 50e-3}.get(way["name"], 50e-6)

def same(one, other, what):
    assert one == other, f"{what}: {one} and {other}"

for run in bare, way:
    whole, work, seen = run["ledger"], run["work"], run["phase_work"]
    same(sum(whole.values()), run["cycles"], "the ledger and all cycles")
    same(sum(work["ledger"].values()), work["cycles"], "the ledger of the phases and their cycles")
    assert all(work["ledger"][account] <= whole[account] for account in whole), "phases took more than the whole run"
    guest = sum(vcpu["guest_cycles"] for vcpu in run["vcpus"])
    accounts = sum(whole[account] for account in ("guest-user", "guest-kernel", "management-vm-user", "management-vm-kernel"))
    same(accounts, guest, "the guests' accounts and the cycles between entries and exits")
    assert sum(p["seconds"] for p in run["phases"]) <= run["seconds"] - run["power_on_seconds"], "phases took longer than there was"
    if len(run["instances"]) > 1:
        assert seen == [], "phases of several instances cannot be told apart"
        continue
    same(len(seen), len(run["phases"]), "the phases seen and those printed")
    for account in whole:
        same(sum(phase["ledger"][account] for phase in seen), work["ledger"][account], f"{account} in each phase and in all")
    # A phase may end on another processor than it began on, and those may be a turn (10 000 cycles of 3 GHz) apart.
    apart = 0 if run["processors"] == 1 else 10000 / 3e9
    # Where CPUID does not tell the time-stamp counter's rate, Linux measures it, and its clock is off by some millionths.
    drift = 100e-6
    for phase, window in zip(run["phases"], seen):
        before = 20e-3 if run["name"] == "qemu-tcg" else 0  # its lines wait in the host's terminal
        assert -before - apart - drift * phase["seconds"] <= window["seconds"] - phase["seconds"] < (aside if run is way else 50e-6), f"{phase['name']} took another time than its clock says"

for vcpu in way["vcpus"]:
    exits = sum(e["count"] for e in way["exits"] if (e["vm"], e["vcpu"]) == (vcpu["vm"], vcpu["vcpu"]))
    same(exits, vcpu["exits"], "exits by reason and all exits")
    assert vcpu["entries"] - vcpu["exits"] in (0, 1), "a world was entered and not left"
    outside = sum(e["cycles"] for e in way["exits"] if (e["vm"], e["vcpu"]) == (vcpu["vm"], vcpu["vcpu"]))
    assert vcpu["guest_cycles"] + outside <= way["cycles"] / way["processors"], "a virtual processor had more time than there was"
for exit in way["work"]["exits"]:
    whole = sum(e["count"] for e in way["exits"] if e["reason"] == exit["reason"])
    assert exit["count"] <= whole, "phases had more exits than the whole run"
xen = way["name"].startswith("xen")
exits, entries = (sum(v[key] for v in way["vcpus"]) for key in ("exits", "entries"))
if way["name"] in ("kvm", "kvm-shadow", "kvm-nested", "hosted"):
    outer = {v["vm"] for v in way["vcpus"] if "inside" not in v}
    same(len(outer), int(sys.argv[2]), "virtual machines and instances")
    inner = {v["vm"]: v["inside"] for v in way["vcpus"] if "inside" in v}
    same(set(inner.values()), outer if way["name"] == "kvm-nested" else set(), "virtual machines that run some, and those that should")
    # Each entry and each exit costs what the profile says, and nothing else is the world switch's.
    assert exits != entries or way["ledger"]["world-switch"] % exits == 0, "world switches of unequal cost"
    assert way["ledger"]["vmm-process"] > 0 and way["ledger"]["hypervisor"] > 0, "nobody handled the exits"
    outside = sum(e["cycles"] for e in way["exits"])
    accounts = sum(cycles for account, cycles in way["ledger"].items() if not account.startswith("guest"))
    # An exit of a guest that runs a guest lasts for as long as that one runs.
    assert way["processors"] > 1 or inner or outside <= accounts, "more cycles outside guests than in the accounts outside guests"
elif xen:
    same(len({v["vm"] for v in way["vcpus"]}), int(sys.argv[2]) + 1, "virtual machines, and instances with the management VM")
    pv = {v["vm"] for v in way["vcpus"] if any(e["reason"].startswith("pv-") for e in way["exits"] if e["vm"] == v["vm"])}
    assert 1 in pv, "dom0 was not recognised"
    same(way["name"] == "xen-pv", len(pv) == int(sys.argv[2]) + 1, "guests that are left without the processor's help")
    assert all(e["reason"].startswith("pv-") for e in way["exits"] if e["vm"] in pv), "exits of two kinds in one machine"
    for account in "management-vm-kernel", "management-vm-user", "guest-kernel", "guest-user", "hypervisor":
        assert way["ledger"][account] > 0, f"nothing in {account}"
    for account in "host-kernel", "host-user", "vmm-process":
        same(way["work"]["ledger"][account], 0, f"{account} while Xen runs")
else:
    same(exits, 0, "exits without a virtual machine")
END
