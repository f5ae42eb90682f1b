// workload [--quick] [--late] [--disk DEVICE] [--link ADDRESS] [--ping ADDRESS] [--link-bulk ADDRESS]
// [PHASE...]: prints "HVLAB phase=NAME hash=HEX ns=N count=N" (or bytes=N) for each phase, with --late all of
// them behind the last one, then "HVLAB done".
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "workload.hpp"

namespace workload {
namespace {

constexpr Size kFull = {"full", 48, 4, 200'000, 20'000, 500, 40, 1024, 100, 256, 400, 1024, 100, 256};
constexpr Size kQuick = {"quick", 16, 1, 50'000, 5'000, 120, 12, 256, 25, 64, 100, 256, 25, 64};

// What a phase has done, all alike: so many of its steps, or so many bytes moved (written and read each
// count).
struct Amount {
  uint64_t steps, bytes;
};
constexpr uint64_t kKibibyte = 1024;

struct Phase {
  const char* name;
  uint64_t (*run)(const Size&);
  Amount (*amount)(const Size&);
};
constexpr Phase kPhases[] = {
    {"cpu", cpu_phase, [](const Size& s) { return Amount{s.cpu_units, 0}; }},
    {"stream", stream_phase, [](const Size& s) { return Amount{0, s.stream_passes * 4 * kStreamBytes}; }},
    {"chase", chase_phase, [](const Size& s) { return Amount{s.chase_steps, 0}; }},
    {"syscall", system_call_phase, [](const Size& s) { return Amount{s.system_calls, 0}; }},
    {"pipe", pipe_phase, [](const Size& s) { return Amount{s.pipe_rounds, 0}; }},
    {"process", process_phase, [](const Size& s) { return Amount{s.processes, 0}; }},
    {"file", file_phase, [](const Size& s) { return Amount{0, 2 * s.file_kibibytes * kKibibyte}; }},
    {"network", network_phase,
     [](const Size& s) { return Amount{s.datagrams + s.bulk_kibibytes * kKibibyte / kBulkDatagram, 0}; }}};
// Only if it is named: what keeps all processors busy for long.
constexpr Phase kLong = {"smp", smp_phase, [](const Size&) { return Amount{1, 0}; }};

// What the workload may use only when it is told to.
struct Extras {
  const char* disk = nullptr;  // what is on the device is overwritten
  // The IPv4 address of who answers at the other end of the network card's wire: by UDP, by TCP.
  const char* peer = nullptr;
  const char* pinged = nullptr;
  const char* bulk_peer = nullptr;
  // A line takes longer at a serial port than many a phase does: with several instances side by side one
  // would print while the others have the machine to themselves.
  bool late = false;
};

uint64_t nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return uint64_t(now.tv_sec) * 1'000'000'000 + uint64_t(now.tv_nsec);
}

// The line leaves the serial port before the next phase starts: printing must not be part of what is
// measured, and what is still in the port when the machine is switched off is lost.
void print(const char* line) {
  fputs(line, stdout);
  fflush(stdout);
  tcdrain(STDOUT_FILENO);
}

// Lines of phases that wait for the last one's end.
bool holds_back = false;
char held[4096];
size_t held_bytes = 0;

void report(const char* name, uint64_t hash, uint64_t elapsed, const Amount& amount) {
  char line[160];
  snprintf(line, sizeof line, "HVLAB phase=%s hash=%016llx ns=%llu %s=%llu\n", name,
           static_cast<unsigned long long>(hash), static_cast<unsigned long long>(elapsed),
           amount.bytes != 0 ? "bytes" : "count",
           static_cast<unsigned long long>(amount.bytes != 0 ? amount.bytes : amount.steps));
  const size_t bytes = strlen(line);
  if (!holds_back || held_bytes + bytes >= sizeof held) return print(line);
  memcpy(held + held_bytes, line, bytes);
  held_bytes += bytes;
}

// Says where a phase begins and ends to whoever watches the processor: by a system call that no kernel has.
// It takes as long in every way, nearly.
void mark(long number) { syscall(number); }
constexpr long kPhaseBegins = 0x485600, kPhaseEnds = 0x485601;

template <class Run>
void run_phase(const char* name, const Amount& amount, Run run) {
  mark(kPhaseBegins);
  const uint64_t start = nanoseconds();
  const uint64_t hash = run();
  const uint64_t elapsed = nanoseconds() - start;
  mark(kPhaseEnds);
  report(name, hash, elapsed, amount);
}

bool wanted(const char* name, char** names, int count) {
  for (int i = 0; i < count; ++i) {
    if (strcmp(names[i], name) == 0) return true;
  }
  return count == 0;
}

}  // namespace

void run(const Size& size, const Extras& extras, char** names, int count) {
  char line[96];
  snprintf(line, sizeof line, "HVLAB start size=%s processors=%u at=%llu\n", size.name, processors(),
           static_cast<unsigned long long>(nanoseconds()));
  print(line);
  holds_back = extras.late;
  for (const Phase& phase : kPhases) {
    if (wanted(phase.name, names, count))
      run_phase(phase.name, phase.amount(size), [&] { return phase.run(size); });
  }
  if (count != 0 && wanted(kLong.name, names, count))
    run_phase(kLong.name, kLong.amount(size), [&] { return kLong.run(size); });
  if (extras.disk != nullptr)
    run_phase("disk", {0, 2 * size.disk_kibibytes * kKibibyte},
              [&] { return disk_phase(size, extras.disk); });
  if (extras.peer != nullptr) {
    wait_for_link(extras.peer);
    run_phase("link", {size.link_rounds, 0}, [&] { return link_phase(size, extras.peer); });
  }
  if (extras.pinged != nullptr) {
    wait_for_link(extras.pinged);
    run_phase("ping", {size.link_rounds, 0}, [&] { return ping_phase(size, extras.pinged); });
  }
  if (extras.bulk_peer != nullptr) {
    wait_for_link(extras.bulk_peer);
    // There, back, and the file.
    run_phase("link-bulk", {0, 3 * size.link_kibibytes * kKibibyte},
              [&] { return link_bulk_phase(size, extras.bulk_peer); });
  }
  held[held_bytes] = 0;
  print(held);
  print("HVLAB done\n");
}

}  // namespace workload

int main(int argc, char** argv) {
  if (argc == 3 && strcmp(argv[1], "--child") == 0) return workload::child_main(argv[2]);
  const bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
  argv += 1 + quick;
  argc -= 1 + quick;
  workload::Extras extras;
  if (argc > 0 && strcmp(argv[0], "--late") == 0) {
    extras.late = true;
    ++argv, --argc;
  }
  for (; argc >= 2; argv += 2, argc -= 2) {
    if (strcmp(argv[0], "--disk") == 0) {
      extras.disk = argv[1];
    } else if (strcmp(argv[0], "--link") == 0) {
      extras.peer = argv[1];
    } else if (strcmp(argv[0], "--ping") == 0) {
      extras.pinged = argv[1];
    } else if (strcmp(argv[0], "--link-bulk") == 0) {
      extras.bulk_peer = argv[1];
    } else {
      break;
    }
  }
  workload::run(quick ? workload::kQuick : workload::kFull, extras, argv, argc);
  return 0;
}
