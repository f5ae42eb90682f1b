#include <fmt/format.h>

#include "sim/lab/demo_result.hpp"

namespace hvlab::lab {

namespace {

constexpr size_t kLabel = 16, kCell = 18;

std::string duration(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.1f} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.2f} ms", seconds * 1e3);
  return fmt::format("{:.3f} s ", seconds);
}

std::string cell(double seconds, double base, bool is_base) {
  const std::string ratio = is_base || base <= 0 ? "" : fmt::format("x{:.2f}", seconds / base);
  return fmt::format("{:>11}{:>7}", duration(seconds), ratio);
}

/// One row: what `seconds_of` says of each run, with the ratio to the run's baseline.
template <class SecondsOf>
std::string time_row(const std::string& label, const std::vector<WayRun>& runs, SecondsOf seconds_of) {
  std::string row = fmt::format("{:<{}}", label, kLabel);
  for (const WayRun& run : runs) {
    const WayRun& base = baseline(runs, run.processors);
    row += run.failure.empty()
               ? cell(seconds_of(run), base.failure.empty() ? seconds_of(base) : 0, &run == &base)
               : fmt::format("{:>{}}", "failed", kCell - 7) + std::string(7, ' ');
  }
  return row + '\n';
}

/// Rows are filled up with blanks only as far as something follows.
std::string without_trailing_blanks(const std::string& table) {
  std::string result;
  for (const char character : table) {
    if (character == '\n') result.erase(result.find_last_not_of(' ') + 1);
    result += character;
  }
  return result;
}

std::string heading(const std::vector<WayRun>& runs) {
  std::string processors = std::string(kLabel, ' '), ways = fmt::format("{:<{}}", "phase", kLabel);
  unsigned last = 0;
  for (const WayRun& run : runs) {
    const std::string count = fmt::format("{} processor{}", run.processors, run.processors == 1 ? "" : "s");
    processors += fmt::format("{:>11}{:7}", run.processors == last ? "" : count, "");
    ways += fmt::format("{:>11}{:7}", run.way, "");
    last = run.processors;
  }
  return processors + '\n' + ways + '\n' + std::string(kLabel + kCell * runs.size(), '-') + '\n';
}

u64 account_cycles(const WayRun& run, const std::string& account) {
  for (const auto& [name, cycles] : run.ledger) {
    if (name == account) return cycles;
  }
  return 0;
}

std::string ledger_rows(const std::vector<WayRun>& runs) {
  std::string rows;
  for (const auto& [account, ignored] : runs.front().ledger) {
    std::string row = fmt::format("{:<{}}", account, kLabel);
    bool any = false;
    for (const WayRun& run : runs) {
      const u64 cycles = account_cycles(run, account);
      any = any || cycles != 0;
      const double percent =
          run.cycles == 0 ? 0 : 100.0 * static_cast<double>(cycles) / static_cast<double>(run.cycles);
      row += fmt::format("{:>9.2f} %{:7}", percent, "");
    }
    if (any) rows += row + '\n';
  }
  return rows;
}

std::string exit_rows(const std::vector<WayRun>& runs) {
  std::string rows;
  for (const WayRun& run : runs) {
    for (const auto& exit : run.exits) {
      rows +=
          fmt::format("{} ({}): {} {}: {} times, {} cycles\n", run.way, run.processors, exit.value("vm", ""),
                      exit.value("reason", "?"), exit.value("count", u64{0}), exit.value("cycles", u64{0}));
    }
  }
  return rows.empty() ? rows : "\nExits from virtual machines\n" + rows;
}

}  // namespace

std::string format_table(const std::vector<WayRun>& runs) {
  if (runs.empty()) return "";
  std::string table = heading(runs);
  for (const PhaseResult& phase : runs.front().log.phases) {
    table += time_row(phase.name, runs, [&](const WayRun& run) { return phase_seconds(run, phase.name); });
  }
  table += time_row("all phases", runs, workload_seconds);
  table += time_row("kernel to start", runs, start_seconds);
  table += "\nWhere the cycles went (from power-on to power-off)\n" + ledger_rows(runs) + exit_rows(runs);
  return without_trailing_blanks(table);
}

}  // namespace hvlab::lab
