#include "sim/lab/claims.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/techniques.hpp"
#include "sim/lab/io_report.hpp"
#include "sim/lab/text_table.hpp"
#include "sim/lab/ways.hpp"
#include "sim/timing/profile.hpp"

namespace hvlab::lab {

namespace {

const Claim kClaims[] = {
    {"H1", "overhead: hosted above hypervisor above operating-system level", analysis::judge_overhead},
    {"H2", "hosted is slow because its I/O crosses the host", analysis::judge_hosted_io},
    {"H3", "cost per instance grows slowest at operating-system level", analysis::judge_instance_cost},
    {"H4", "more instances fit at operating-system level", analysis::judge_density},
    {"H5", "partitioning by firmware costs no processor time, but strands capacity",
     analysis::judge_partitioning},
    {"H6", "hardware assistance lowered overhead somewhat", analysis::judge_assistance},
    {"H7", "KVM needs assistance; Xen uses it for unmodified guests", analysis::judge_need_of_assistance},
    {"H8", "KVM needs all of a machine's virtual processors at once, ESXi hands out free processors",
     analysis::judge_all_at_once},
    {"H9", "paravirtual is faster but not portable", analysis::judge_portability},
    {"H10", "raw device mapping is faster, without snapshots, hard to move", analysis::judge_disk_mappings},
    {"H12", "one application per server is more stable", analysis::judge_neighbours},
    {"H13", "differing peaks raise utilisation, simultaneous ones overload", analysis::judge_peaks},
    {"H14", "10 or 8 servers fit on 2 hosts with redundancy, at lower total cost",
     analysis::judge_consolidation},
    {"H15", "easy and cheap migration is half true: moves yes, the refresh no", analysis::judge_refresh},
    {"H16", "without shared storage neither live migration nor high availability",
     analysis::judge_shared_storage},
    {"H17", "high availability and balancing are independent", analysis::judge_independence},
    {"H18", "the manager's outage leaves machines running", analysis::judge_manager_outage},
    {"H19", "the disks of hyper-converged hosts act as one shared store", analysis::judge_pooled_storage},
    {"H20", "storage migration evens the load of disks", analysis::judge_storage_migration},
    {"H22", "a program of another instruction set runs by translation", analysis::judge_translation},
    {"H24", "live migration is the hypervisor's flexibility: which ways can", analysis::judge_moves},
    {"H25", "fewer servers and power states save energy", analysis::judge_energy},
};

analysis::InstanceResult instance_result(const MeasuredRun& run, size_t index) {
  const WorkloadLog& log = index == 0 ? run.log : run.others[index - 1];
  analysis::InstanceResult result;
  if (index < run.programs.size()) result.program = run.programs[index];
  result.done = log.done;
  result.moves = log.moves;
  for (const PhaseResult& phase : log.phases) {
    result.seconds += static_cast<double>(phase.nanoseconds) * 1e-9;
    result.hashes.emplace_back(phase.name, phase.hash);
  }
  return result;
}

double seconds_of(const RunWindow& window, unsigned processors, u64 cycles) {
  if (window.cycles == 0) return 0;
  return window.seconds * processors * static_cast<double>(cycles) / static_cast<double>(window.cycles);
}

analysis::Measurement measurement_of(const MeasuredRun& run) {
  analysis::Measurement m;
  m.way = run.way;
  m.processor = run.processor;
  // A run of an old directory does not say.
  if (!run.processor.empty())
    m.assistance = assistance_of(timing::load_profile(run.processor, timing::Accuracy::Approximate));
  m.processors = run.processors;
  m.instances = static_cast<unsigned>(instances(run));
  m.memory = run.memory;
  m.memory_each = instance_memory(run);
  m.scheduler = run.scheduler;
  for (size_t i = 0; i < instances(run); ++i) m.each.push_back(instance_result(run, i));
  m.waits = run.work.waits;
  // Xen's first domain is machine 1, and no guest.
  const analysis::Virtualizer* how = analysis::virtualizer(run.way);
  if (how != nullptr && how->family == std::string_view("Xen"))
    std::erase_if(m.waits, [](const analysis::MachineWaits& each) { return each.vm == 1; });
  const u64 idle = account_cycles(run.ledger, "idle");
  if (run.cycles != 0) {
    m.busy_seconds = run.seconds * run.processors * static_cast<double>(run.cycles - idle) /
                     static_cast<double>(run.cycles);
  }
  if (const nlohmann::ordered_json* writes = innermost_io(run.io, "write")) {
    for (const auto& hop : writes->at("hops")) {
      m.disk_write[hop.at("where").get<std::string>()] += hop.at("picoseconds").get<double>() /
                                                          static_cast<double>(kSecond) /
                                                          std::max(1.0, writes->at("requests").get<double>());
    }
  }
  for (size_t i = 0; i < run.log.phases.size(); ++i) {
    analysis::PhaseTime phase{run.log.phases[i].name, phase_seconds(run, run.log.phases[i].name), {}};
    if (run.phases.size() == run.log.phases.size()) {
      for (const auto& [account, cycles] : run.phases[i].ledger)
        phase.ledger[account] = seconds_of(run.phases[i], run.processors, cycles);
    }
    m.phases.push_back(std::move(phase));
  }
  return m;
}

std::string figure(const analysis::Figure& figure) {
  if (figure.unit == "s" && figure.value >= 7200) return fmt::format("{:.1f} h", figure.value / 3600);
  if (figure.unit == "s" && figure.value >= 10) return fmt::format("{:.1f} s", figure.value);
  if (figure.unit == "s") return fmt::format("{:.2f} ms", figure.value * 1e3);
  if (figure.unit == "B") return fmt::format("{:.1f} MiB", figure.value / 1048576);
  return fmt::format("{:.2f}", figure.value);
}

}  // namespace

std::span<const Claim> claims() { return kClaims; }

const Claim* find_claim(std::string_view id) {
  const auto found = std::ranges::find_if(kClaims, [&](const Claim& each) { return each.id == id; });
  return found == std::end(kClaims) ? nullptr : found;
}

std::vector<analysis::Measurement> measurements_of(const std::vector<MeasuredRun>& runs) {
  std::vector<analysis::Measurement> measurements;
  for (const MeasuredRun& run : runs) {
    if (run.failure.empty()) measurements.push_back(measurement_of(run));
  }
  return measurements;
}

std::string format_verdict(const analysis::Verdict& verdict, bool figures, size_t width) {
  std::string text = fold_text(fmt::format("{} \"{}\"", verdict.claim, verdict.statement), width);
  std::string word(analysis::name(verdict.word));
  for (char& letter : word) letter = static_cast<char>(letter >= 'a' && letter <= 'z' ? letter - 32 : letter);
  text += fold_text(word + ": " + verdict.text, width, 3);
  if (!figures) return text;
  for (const analysis::Figure& each : verdict.figures)
    text += fmt::format("   {:>12}  {}\n", figure(each), each.what);
  for (const std::string& limit : verdict.limits) text += fold_text("but: " + limit, width, 3);
  return text;
}

nlohmann::ordered_json verdict_json(const analysis::Verdict& verdict) {
  nlohmann::ordered_json figures = nlohmann::ordered_json::array();
  for (const analysis::Figure& each : verdict.figures)
    figures.push_back({{"what", each.what}, {"value", each.value}, {"unit", each.unit}});
  return {{"claim", verdict.claim},
          {"statement", verdict.statement},
          {"verdict", analysis::name(verdict.word)},
          {"text", verdict.text},
          {"figures", figures},
          {"limits", verdict.limits}};
}

}  // namespace hvlab::lab
