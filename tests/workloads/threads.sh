#!/bin/sh
# threads.sh HVLAB WAY
# The lanes of threads, containers and control groups in the trace of two instances on two processors: a processor runs one
# thread at a time, and none while it is idle; a virtual processor runs while one of its program's threads does; a container
# runs while one of its threads does, and is named by its control group. Status 77 (skipped) if the packages cannot be had.
set -eu
hvlab=$1 way=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

printf 'title: threads\nmachine: {cores: 2}\nsoftware: {way: %s}\nworkload: {instances: 2}\n' "$way" >"$scratch/t.yaml"
status=0
"$hvlab" run "$scratch/t.yaml" --runs "$scratch/runs" >"$scratch/output" 2>&1 || status=$?
[ $status != 6 ] || { cat "$scratch/output"; echo "way $way cannot be prepared here: skipped"; exit 77; }
[ $status = 0 ] || { cat "$scratch/output"; exit 1; }
"$hvlab" trace "$scratch/runs/t" --export sqlite "$scratch/db"
python3 - "$scratch/db" "$way" <<'END'
import sqlite3, sys
db, way = sqlite3.connect(sys.argv[1]), sys.argv[2]
slice_ps = 10000 / 3e9 * 1e12  # a processor may be so far behind another one

def intervals(query, *values):
    return db.execute("SELECT begin_ps, end_ps FROM states JOIN lanes USING (lane) WHERE " + query + " ORDER BY 1", values).fetchall()

def overlap(some, others):
    total = at = 0
    for begin, end in some:
        while at < len(others) and others[at][1] <= begin: at += 1
        k = at
        while k < len(others) and others[k][0] < end:
            total += min(end, others[k][1]) - max(begin, others[k][0])
            k += 1
    return total

def length(some): return sum(end - begin for begin, end in some)

for core in 0, 1:
    running = intervals("type = 'thread' AND state = 'running' AND core = ?", core)
    assert len(running) > 100, f"core {core} ran next to nothing"
    for (_, end), (begin, _) in zip(running, running[1:]):
        assert begin >= end - slice_ps, f"core {core} ran two threads at {begin}"
    idle = intervals("type = 'core' AND name = ? AND state = 'idle'", f"core {core}")
    assert overlap(running, idle) <= length(running) * 0.01, f"core {core} was idle while a thread ran"

groups = {name: (lane, vm) for lane, vm, name in db.execute("SELECT lane, vm, name FROM lanes WHERE type = 'group'")}
kind = "container" if way == "container" else "group"
names = [f"container /instance{k}/workload" if way == "container" else f"group /instance{k}" for k in (1, 2)]
assert all(name in groups for name in names), f"there are only {sorted(groups)}"
for name in names:
    assert length(intervals("name = ? AND state = 'running'", name)) > 10e9, f"{name} did not run for 10 ms"

if way != "container":
    # A virtual machine is the second group or the first: whichever holds the threads in whose time it runs.
    for vm in 1, 2:
        guest = intervals("type = 'vcpu' AND vm = ? AND state = 'running'", vm)
        inside = max(overlap(guest, intervals("name = ? AND state = 'running'", name)) for name in names)
        assert inside >= length(guest) * 0.99, f"vm {vm} ran while its program did not"
assert db.execute("SELECT count(*) FROM states WHERE state = 'sleeping' AND call = 'wait4'").fetchone()[0] > 0, "nobody waited in a call"
END
