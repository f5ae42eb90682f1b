#include "sim/lab/measured_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace hvlab::lab {

const MeasuredRun& baseline(const std::vector<MeasuredRun>& runs, const MeasuredRun& of) {
  const bool separate = by_processor(runs);
  const auto same = [&](const MeasuredRun& run) {
    return run.processors == of.processors && (!separate || processor_model(run) == processor_model(of));
  };
  const auto found = std::ranges::find_if(runs, same);
  return found == runs.end() ? runs.front() : *found;
}

std::string processor_model(const MeasuredRun& run) {
  return run.processor.substr(0, run.processor.find(','));
}

bool by_processor(const std::vector<MeasuredRun>& runs) {
  std::map<std::string, std::set<std::string>> ways;
  for (const MeasuredRun& run : runs) ways[processor_model(run)].insert(run.way);
  return ways.size() > 1 &&
         std::ranges::all_of(ways, [](const auto& each) { return each.second.size() > 1; });
}

size_t instances(const MeasuredRun& run) { return 1 + run.others.size(); }

std::vector<std::string> programs_of(const scenario::Cell& cell) {
  std::vector<std::string> programs(cell.instances, cell.program);
  for (size_t i = 0; i < std::min(programs.size(), cell.vms.size()); ++i) {
    if (!cell.vms[i].program.empty()) programs[i] = cell.vms[i].program;
  }
  return programs;
}

namespace {

/// The mean over the instances of what `value` says of each.
template <class Value>
double mean(const MeasuredRun& run, Value value) {
  double sum = static_cast<double>(value(run.log));
  for (const WorkloadLog& log : run.others) sum += static_cast<double>(value(log));
  return sum / static_cast<double>(instances(run));
}

/// The mean over the instances of which `value` has something to say, in seconds.
template <class Value>
double mean_seconds(const MeasuredRun& run, Value value) {
  double sum = 0, count = 0;
  const auto add = [&](const WorkloadLog& log) {
    const std::optional<u64> nanoseconds = value(log);
    if (nanoseconds) sum += static_cast<double>(*nanoseconds) * 1e-9, ++count;
  };
  add(run.log);
  for (const WorkloadLog& log : run.others) add(log);
  return count == 0 ? 0 : sum / count;
}

std::optional<u64> phase_nanoseconds(const WorkloadLog& log, const std::string& name) {
  for (const PhaseResult& phase : log.phases) {
    if (phase.name == name) return phase.nanoseconds;
  }
  return std::nullopt;
}

std::optional<u64> all_nanoseconds(const WorkloadLog& log) {
  if (log.phases.empty()) return std::nullopt;
  u64 sum = 0;
  for (const PhaseResult& phase : log.phases) sum += phase.nanoseconds;
  return sum;
}

}  // namespace

double phase_seconds(const MeasuredRun& run, const std::string& name) {
  return mean_seconds(run, [&](const WorkloadLog& log) { return phase_nanoseconds(log, name); });
}

double workload_seconds(const MeasuredRun& run) { return mean_seconds(run, all_nanoseconds); }

double start_seconds(const MeasuredRun& run) {
  return mean_seconds(run, [](const WorkloadLog& log) -> std::optional<u64> {
    if (log.size.empty()) return std::nullopt;  // it never started
    return log.start_nanoseconds;
  });
}

double instance_memory(const MeasuredRun& run) {
  return mean(run, [](const WorkloadLog& log) { return log.memory; });
}

double launch_seconds(const MeasuredRun& run) {
  double sum = 0;
  for (const double started : run.started) sum += started - run.launched;
  return run.started.empty() ? 0 : sum / static_cast<double>(run.started.size());
}

double power_on_seconds(const MeasuredRun& run) {
  double sum = 0;
  for (const double started : run.started) sum += started;
  return run.started.empty() ? 0 : sum / static_cast<double>(run.started.size());
}

u64 account_cycles(const LedgerRows& ledger, const std::string& account) {
  const auto found = std::ranges::find(ledger, account, &LedgerRows::value_type::first);
  return found == ledger.end() ? 0 : found->second;
}

namespace {

/// What an instance runs; empty: the workload itself.
std::string program_of(const MeasuredRun& run, size_t instance) {
  return instance < run.programs.size() ? run.programs[instance] : "";
}

/// What the logs of a program in a family are held to: of the first run that has it.
struct Reference {
  const MeasuredRun* run = nullptr;
  const WorkloadLog* log = nullptr;
};

void compare_hashes(const Reference& first, MeasuredRun& run, const WorkloadLog& log, Phases which) {
  const std::string difference = compare_phases(*first.log, log, which);
  if (!difference.empty())
    run.failure = fmt::format("{} (compared with {} on {} processor(s))", difference, first.run->way,
                              first.run->processors);
}

}  // namespace

void check_runs(std::vector<MeasuredRun>& runs) {
  std::map<std::string, Reference> firsts[2];  // by program: of Debian's, of the teaching systems
  const auto check_log = [&](MeasuredRun& run, const WorkloadLog& log, size_t instance) {
    if (!run.failure.empty() || std::ranges::count(run.killed, instance) != 0) return;
    if (!run.whole_workload && log.phases.empty()) return;  // another program: nothing to compare with either
    if (run.whole_workload && !log.done) {
      run.failure = log.size.empty() ? "the workload did not start" : "the workload did not finish";
      return;
    }
    const std::string program = program_of(run, instance);
    Reference &first = firsts[run.teaching][program], &other = firsts[!run.teaching][program];
    if (first.log != nullptr) return compare_hashes(first, run, log, Phases::All);
    first = {&run, &log};
    // A scenario of the other family may have phases besides.
    if (other.log != nullptr) compare_hashes(other, run, log, Phases::Common);
  };
  for (MeasuredRun& run : runs) {
    check_log(run, run.log, 0);
    for (size_t i = 0; i < run.others.size(); ++i) check_log(run, run.others[i], i + 1);
  }
}

}  // namespace hvlab::lab
