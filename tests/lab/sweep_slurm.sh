#!/bin/bash
# A sweep as a job array of a real Slurm on this machine's loopback interface: what every cell found is there, also after the sweep
# was killed in the middle, and after the controller was. Catches lost, doubled and mixed-up cells.
#
#   sweep_slurm.sh HVLAB KERNEL     ends with 77 (skipped) where Slurm is not installed
set -u
program=$1
PATH=$PATH:/usr/sbin
for tool in munged slurmctld slurmd sbatch squeue; do
  command -v $tool >/dev/null || { echo "no $tool: install slurm-wlm and munge"; exit 77; }
done
folder=$(mktemp -d /tmp/hvlab-slurm-XXXXXX)
host=$(hostname -s)
export SLURM_CONF=$folder/slurm.conf
fail() { echo "sweep_slurm: $*" >&2; tail -n 5 "$folder"/*.log "$folder"/*/elements/*.log >&2; exit 1; }
stop() { [ ! -f "$folder/$1.pid" ] || kill "${2:--TERM}" "$(cat "$folder/$1.pid")" 2>/dev/null; }
finish() { stop slurmd; stop slurmctld; stop munged; sleep 1; rm -rf "$folder"; }
trap finish EXIT

mkdir -p "$folder/state" "$folder/spool"
port=$((20000 + $$ % 20000))
head -c 128 /dev/urandom >"$folder/munge.key"
chmod 600 "$folder/munge.key"
chmod 755 "$folder"
cat >"$SLURM_CONF" <<C
ClusterName=hvlab
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
SlurmctldPort=$port
SlurmdPort=$((port + 1))
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
SchedulerParameters=sched_min_interval=100000
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
C
munged --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
  --log-file="$folder/munged.log" --seed-file="$folder/munged.seed" --force 2>/dev/null || fail "munged does not start"
slurmctld -f "$SLURM_CONF" || fail "slurmctld does not start"
slurmd -f "$SLURM_CONF" || fail "slurmd does not start"
for second in $(seq 30); do sinfo -h -t idle 2>/dev/null | grep -q idle && break; sleep 1; done
sinfo -h -t idle | grep -q idle || fail "the node does not come up"

cp "$2" "$folder/kernel.elf"
scenario=$folder/short.yaml
cat >"$scenario" <<'Y'
title: The teaching kernel's first milliseconds
software: {kernel: {file: kernel.elf}}
machine: {memory: 64MiB}
limits: {time: 3ms}
ending: time-limit
Y
axis=machine.costs.exception_delivery=100,150,200,250,300,350
sweep() { ${background:+exec} "$program" sweep "$scenario" --vary $axis --slurm --cells-each 2 --no-plots --json "$@"; }
cells() { python3 -c "import json,sys; d=json.load(open(sys.argv[1])); print(sum(1 for c in d['cells'] if c['metrics']), d['unfinished'])" "$1"; }

# 1. All cells, three elements.
sweep --out "$folder/whole" >"$folder/whole.json" 2>"$folder/whole.log" || fail "the sweep ends with $?"
[ "$(cells "$folder/whole.json")" = '6 0' ] || fail "not every cell has a result: $(cells "$folder/whole.json")"

# 2. What ran here must be what ran there.
"$program" sweep "$scenario" --vary $axis --no-plots --json --out "$folder/here" >"$folder/here.json" 2>"$folder/here.log" || fail "the sweep on this machine ends with $?"
for run in whole here; do
  python3 -c "import json,sys; d=json.load(open(sys.argv[1])); print(json.dumps([d['cells'], d['influences'], d['costs']]))" "$folder/$run.json" >"$folder/$run.cells"
done
cmp "$folder/whole.cells" "$folder/here.cells" || fail "Slurm's results differ from this machine's"

# 3. The sweep is killed as soon as its job is in the queue: the elements go on, --resume collects what they did.
background=yes sweep --out "$folder/killed" >/dev/null 2>"$folder/killed.log" &
killed=$!
for tenth in $(seq 300); do grep -qs '^job ' "$folder/killed.log" && break; sleep 0.1; done
kill -KILL $killed
wait $killed 2>/dev/null
sweep --out "$folder/killed" --resume >"$folder/killed.json" 2>>"$folder/killed.log" || fail "resuming a killed sweep ends with $?"
[ "$(cells "$folder/killed.json")" = '6 0' ] || fail "a killed sweep lost cells: $(cells "$folder/killed.json")"

# 4. A job that is held: the sweep says so and ends, --resume waits for it again and no longer than that, and goes on once it is released,
# or runs the cells itself once it is cancelled.
for way in release cancel; do
  sweep --out "$folder/held-$way" --sbatch=--hold --held-looks 3 >"$folder/held.json" 2>"$folder/held-$way.log"
  [ $? = 4 ] || fail "a held sweep does not end with 4"
  grep -q 'held (PENDING, JobHeldUser)' "$folder/held-$way.log" || fail "it is not told why nothing happens"
  [ "$(cells "$folder/held.json")" = '0 6' ] || fail "a held sweep has results"
  sweep --out "$folder/held-$way" --resume --held-looks 3 >/dev/null 2>>"$folder/held-$way.log"
  [ $? = 4 ] || fail "resuming a held sweep does not end with 4"
  job=$(sed -n 's/^job \([0-9]*\): 3 elements.*/\1/p' "$folder/held-$way.log")
  [ "$(squeue -h -r -j "$job" | wc -l)" = 3 ] || fail "the held job is not in the queue any more, or there twice"
  if [ $way = release ]; then scontrol release "$job"; else scancel "$job"; fi
  sweep --out "$folder/held-$way" --resume >"$folder/held.json" 2>>"$folder/held-$way.log" || fail "after its $way the sweep ends with $?"
  [ "$(cells "$folder/held.json")" = '6 0' ] || fail "after its $way the sweep lacks cells"
done

# 5. Slurm's controller is killed while a job runs, and comes back. It may have forgotten the job, or hold its elements and drain the node
# because it has forgotten that they were started: then the sweep says that cells are missing, or is stopped by its user, and --resume
# runs those; what was finished is kept.
background=yes sweep --out "$folder/restart" >"$folder/restart.json" 2>"$folder/restart.log" &
running=$!
for tenth in $(seq 300); do ls "$folder"/restart/cells/*.json >/dev/null 2>&1 && break; sleep 0.1; done
stop slurmctld -KILL
sleep 3
slurmctld -f "$SLURM_CONF" || fail "slurmctld does not start again"
for second in $(seq 60); do kill -0 $running 2>/dev/null || break; sleep 1; done
kill -TERM $running 2>/dev/null
wait $running
status=$?
if [ $status = 4 ] || [ $status = 130 ]; then
  [ "$(cells "$folder/restart.json")" != '0 6' ] || fail "what was finished is lost"
  scontrol update nodename="$host" state=resume 2>/dev/null
  sweep --out "$folder/restart" --resume >"$folder/restart.json" 2>>"$folder/restart.log"
  status=$?
fi
[ $status = 0 ] || fail "a sweep whose controller was restarted ends with $status"
[ "$(cells "$folder/restart.json")" = '6 0' ] || fail "a restarted controller lost cells: $(cells "$folder/restart.json")"
echo "36 cells, none lost"
