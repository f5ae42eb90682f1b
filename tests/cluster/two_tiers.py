"""two_tiers.py HVLAB RUNS MODEL MIX: what the machine tier's runs of scenarios/tiers measured, beside what the cluster tier
(MODEL: tests/cluster/two_machines.cpp) says of the same machines. Fails if they are more than a tenth apart."""
import json, os, re, sqlite3, subprocess, sys, tempfile

hvlab, runs, model, mix = sys.argv[1:]
MS, MHZ, TOLERANCE = 10**9, 3000, 0.10  # of amd-zen2
READ, WARM = 16384, 100  # bytes; the reads at both ends of a row of them, which are left out


class Run:
    def __init__(self, folder):
        with tempfile.TemporaryDirectory() as scratch:
            subprocess.run([hvlab, "trace", folder, "--export", "sqlite", scratch + "/db"], check=True, stdout=subprocess.DEVNULL)
            self.db = sqlite3.connect(":memory:")
            sqlite3.connect(scratch + "/db").backup(self.db)
        groups = [name for (name,) in self.db.execute("SELECT name FROM lanes WHERE type = 'group' ORDER BY lane")]
        self.groups = {name: number + 1 for number, name in enumerate(groups)}
        self.phases = {}
        for time, text in self.db.execute("SELECT time_ps, text FROM marks ORDER BY time_ps"):
            if found := re.search(r"(?:instance=(\d) )?HVLAB phase=(\S+) .*ns=(\d+)", text):
                self.phases[int(found[1] or 0), found[2]] = time - int(found[3]) * 1000, time
            if text.startswith("HVLAB event=change") or re.match(r"HVLAB event=(weight|limit) ", text):
                self.changed = time
        self.reads = {}
        with open(folder + "/io.jsonl") as lines:
            for request in map(json.loads, lines):
                if request["operation"] == "read" and request["bytes"] == READ:
                    self.reads.setdefault(request["system"], []).append(request["begin"])

    def spent(self, window, where, *values):  # picoseconds of a window in which a lane is in a state
        begin, end = window
        query = f"SELECT min(end_ps, ?), max(begin_ps, ?) FROM states JOIN lanes USING (lane) WHERE end_ps > ? AND begin_ps < ? AND {where}"
        return sum(stop - start for stop, start in self.db.execute(query, (end, begin, begin, end, *values)))

    def busy(self, window):
        return 1 - self.spent(window, "type = 'core' AND state = 'idle'") / (window[1] - window[0])

    def share(self, machine, window):  # of the processor, that the machine's threads have
        group = self.groups[f"group /instance{machine}"]
        return self.spent(window, "type = 'thread' AND state = 'running' AND vm = ?", group) / (window[1] - window[0])

    def reading(self, machine):  # when the machine reads, and how often a second
        begins = self.reads[machine][WARM:-WARM]
        return (begins[0], begins[-1]), (len(begins) - 1) / (begins[-1] - begins[0]) * 1e12

    def rate(self, machine, window):
        return sum(window[0] <= begin < window[1] for begin in self.reads[machine]) / (window[1] - window[0]) * 1e12


def both(*windows):
    window = max(begin for begin, _ in windows), min(end for _, end in windows)
    assert window[1] - window[0] > 50 * MS, "what is compared lasts hardly any time"
    return window


def periods(window):  # whole ones of a limit, in each of which it is kept (100 ms: workloads/guest/instances)
    begin, end = window
    return begin, begin + (end - begin) // (100 * MS) * 100 * MS


def predicted(*machines):  # of each: MHz that it gets, MHz of its own work, requests a second
    output = subprocess.run([model, str(MHZ), "kvm", mix, *machines], check=True, capture_output=True, text=True).stdout
    return [tuple(map(float, line.split())) for line in output.splitlines()]


apart = []


def compare(case, what, measured, modelled):
    difference = modelled / measured - 1
    print(f"{case:<34}{what:<34}{measured:9.3f}{modelled:9.3f}{difference * 100:+7.1f} %")
    if abs(difference) > TOLERANCE:
        apart.append(f"{case}, {what}")


itself = Run(runs + "/the_machine_itself/latest")
alone = itself.phases[0, "smp"]
work = alone[1] - alone[0]  # of the processor, on the machine itself
window, rate = itself.reading(0)
own = itself.busy(window) / rate * MHZ * 1e6  # cycles of a read
latency = 1e6 / rate - own / MHZ  # microseconds
reads, computes = f"{own:.0f}:{latency:.0f}", "0:0"

cells = sorted(name for name in os.listdir(runs + "/two_machines/latest") if name.startswith("events"))
equal, shares, limit = (Run(f"{runs}/two_machines/latest/{cell}") for cell in cells)


def effect(run, machine):  # work done for each second of processor time
    window = run.phases[machine, "smp"]
    return work / (run.share(machine, window) * (window[1] - window[0]))


print(f"{'':<68}{'machine':>9}{'cluster':>9}")


def compare_computing(case, run, machines, window, models):
    for machine, modelled in zip(machines, models):
        share = run.share(machine, window)
        compare(case, f"machine {machine}: share of the processor", share, modelled[0] / MHZ)
        compare(case, f"machine {machine}: work a second", share * effect(run, machine), modelled[1] / MHZ)


def compare_reading(case, run, reader, computing, window, models):
    compare(case, f"machine {reader}: requests a second", run.rate(reader, window), models[0][2])
    compare(case, f"machine {reader}: share of the processor", run.busy(window) - run.share(computing, window), models[0][0] / MHZ)
    compare_computing(case, run, [computing], window, models[1:])


window = both(equal.phases[1, "smp"], equal.phases[2, "smp"])
compare_computing("both compute, equal shares", equal, (1, 2), window, predicted(f"100:0:{computes}", f"100:0:{computes}"))

window = both(equal.reading(1)[0], equal.reading(2)[0])
models = predicted(f"100:0:{reads}", f"100:0:{reads}")
for machine in (1, 2):
    compare("both read", f"machine {machine}: requests a second", equal.rate(machine, window), models[machine - 1][2])
compare("both read", "both: share of the processor", equal.busy(window), (models[0][0] + models[1][0]) / MHZ)

since = shares.changed, 10**15
window = both(since, shares.phases[1, "smp"], shares.phases[2, "smp"])
compare_computing("both compute, shares 3 : 1", shares, (1, 2), window, predicted(f"300:0:{computes}", f"100:0:{computes}"))
window = both(shares.reading(1)[0], shares.phases[2, "smp"])
compare_reading("1 reads, 2 computes", shares, 1, 2, window, predicted(f"300:0:{reads}", f"100:0:{computes}"))

since = limit.changed + 100 * MS, 10**15  # in the first period a part of it ran before there was a limit
window = periods(both(since, limit.phases[1, "smp"], limit.phases[2, "smp"]))
compare_computing("both compute, limit of a quarter", limit, (1, 2), window, predicted(f"100:{MHZ // 4}:{computes}", f"100:0:{computes}"))
window = periods(both(limit.reading(2)[0], limit.phases[1, "smp"]))
compare_reading("2 reads, 1 computes with limit", limit, 2, 1, window, predicted(f"100:0:{reads}", f"100:{MHZ // 4}:{computes}"))
window = periods(limit.reading(1)[0])
compare("1 reads with limit, alone", "machine 1: requests a second", limit.rate(1, window), predicted(f"100:{MHZ // 4}:{reads}")[0][2])
compare("1 reads with limit, alone", "machine 1: share of the processor", limit.busy(window), 0.25)
sys.exit("more than a tenth apart: " + "; ".join(apart) if apart else 0)
