#!/bin/sh
# vm_changes.sh HVLAB SCENARIOS
# The scenarios of virtual machines hold, and the traces say that what was promised was given: a reservation while both wanted
# time, a limit while it held, nothing while a machine was stopped. Status 77 (skipped) if the packages cannot be had.
set -eu
hvlab=$1 scenarios=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

status=0
"$hvlab" regress "$scenarios" --runs "$scratch/runs" >"$scratch/output" 2>&1 || status=$?
[ $status != 6 ] || { cat "$scratch/output"; echo "the ways cannot be prepared here: skipped"; exit 77; }
[ $status = 0 ] || { cat "$scratch/output"; exit 1; }
for run in changes placement; do "$hvlab" trace "$scratch/runs/$run" --export sqlite "$scratch/$run.db"; done
python3 - "$scratch" <<'END'
import sqlite3, sys
MS = 10**9

class Run:
    def __init__(self, name):
        self.db = sqlite3.connect(f"{sys.argv[1]}/{name}.db")
        lanes = [lane for (lane,) in self.db.execute("SELECT name FROM lanes WHERE type = 'group' ORDER BY lane")]
        self.groups = {name: number + 1 for number, name in enumerate(lanes)}

    def mark(self, text):
        return self.db.execute("SELECT min(time_ps) FROM marks WHERE text LIKE ?", (f"HVLAB {text}%",)).fetchone()[0]

    def when(self, vm, *states):  # intervals in which a thread of the vm's is in one of the states
        marks = ",".join("?" * len(states))
        edges = []
        for begin, end in self.db.execute("SELECT begin_ps, end_ps FROM states JOIN lanes USING (lane) WHERE type = 'thread'"
                                          f" AND vm = ? AND state IN ({marks})", (self.groups[f"group /instance{vm}"], *states)):
            edges += [(begin, 1), (end, -1)]
        found, many = [], 0
        for time, step in sorted(edges):
            if many == 0: start = time
            many += step
            if many == 0 and time > start: found.append((start, time))
        return found

def both(some, others):
    found, i, j = [], 0, 0
    while i < len(some) and j < len(others):
        begin, end = max(some[i][0], others[j][0]), min(some[i][1], others[j][1])
        if begin < end: found.append((begin, end))
        if some[i][1] < others[j][1]: i += 1
        else: j += 1
    return found

def length(some): return sum(end - begin for begin, end in some)

run = Run("changes")
launch, limit, lifted = run.mark("launch"), run.mark("event=limit vm=2 value=25000"), run.mark("event=limit vm=2 value=max")
wanted = both(both(run.when(1, "running", "ready"), run.when(2, "running", "ready")), [(launch, limit)])
share = length(both(run.when(1, "running"), wanted)) / length(wanted)
assert length(wanted) > 200 * MS, "they hardly ever wanted time at once"
assert 0.75 <= share <= 0.97, f"of what both wanted the first one got {share}"
used = length(both(run.when(2, "running"), [(limit, lifted)]))
# A quarter, and what a quota of 100 ms lets through at both ends.
assert 50 * MS < used <= (lifted - limit) * 0.25 + 50 * MS, f"the second one used {used / MS} ms of {(lifted - limit) / MS}"

run = Run("placement")
# What is printed appears some 2 ms after it was done: the serial port takes its time.
pause, resume = run.mark("event=pause vm=1"), run.mark("event=resume vm=1") - 5 * MS
assert resume - pause > 190 * MS
inside = [(pause, resume)]
assert length(both(run.when(1, "running"), inside)) == 0, "it ran while it was stopped"
assert length(both(run.when(1, "stopped"), inside)) > 0.98 * (resume - pause), "it was not stopped"
settled = run.mark("launch") + 50 * MS  # until then they moved into their groups
for vm, core in (1, 0), (2, 1):
    elsewhere = run.db.execute("SELECT count(*) FROM states JOIN lanes USING (lane) WHERE type = 'thread' AND vm = ? AND core != ?"
                               " AND name LIKE 'qemu%' AND state = 'running' AND begin_ps > ?", (run.groups[f"group /instance{vm}"], core, settled)).fetchone()[0]
    assert elsewhere == 0, f"vm {vm} ran {elsewhere} times on another core than its own"
END
