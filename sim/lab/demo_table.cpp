#include <fmt/format.h>

#include <algorithm>
#include <functional>

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
  const std::string ratio =
      is_base || base <= 0 ? "" : fmt::format("x{:.{}f}", seconds / base, seconds / base < 99.995 ? 2 : 0);
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

std::string way_title(const WayRun& run) {
  return instances(run) == 1 ? run.way : fmt::format("{} *{}", run.way, instances(run));
}

std::string heading(const std::vector<WayRun>& runs) {
  std::string processors = std::string(kLabel, ' '), ways = fmt::format("{:<{}}", "phase", kLabel);
  unsigned last = 0;
  for (const WayRun& run : runs) {
    const std::string count = fmt::format("{} processor{}", run.processors, run.processors == 1 ? "" : "s");
    processors += fmt::format("{:>11}{:7}", run.processors == last ? "" : count, "");
    ways += fmt::format("{:>14}{:4}", way_title(run), "");
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

std::string memory_row(const std::vector<WayRun>& runs) {
  std::string row = fmt::format("{:<{}}", "memory each", kLabel);
  bool any = false;
  for (const WayRun& run : runs) {
    const double bytes = instance_memory(run);
    any = any || bytes > 0;
    row += fmt::format("{:>11}{:7}", bytes > 0 ? fmt::format("{:.1f} MiB", bytes / 1048576) : "", "");
  }
  return any ? row + '\n' : "";
}

struct ExitRow {
  std::string reason;
  u64 count = 0, handled = 0, cycles = 0, least = ~u64{0}, most = 0;
};

/// The exits of all virtual processors of a run by reason, those with most cycles first.
std::vector<ExitRow> exits_by_reason(const WayRun& run) {
  std::vector<ExitRow> rows;
  for (const auto& exit : run.exits) {
    const std::string reason = exit.value("reason", "?");
    auto row = std::ranges::find(rows, reason, &ExitRow::reason);
    if (row == rows.end()) row = rows.insert(rows.end(), ExitRow{reason});
    row->count += exit.value("count", u64{0});
    row->handled += exit.value("handled", u64{0});
    row->cycles += exit.value("cycles", u64{0});
    row->least = std::min(row->least, exit.value("least", u64{0}));
    row->most = std::max(row->most, exit.value("most", u64{0}));
  }
  std::ranges::stable_sort(rows, std::ranges::greater(), &ExitRow::cycles);
  return rows;
}

}  // namespace

std::string format_exits(const WayRun& run) {
  const std::vector<ExitRow> rows = exits_by_reason(run);
  if (rows.empty()) return "";
  ExitRow all{"all"};
  for (const ExitRow& row : rows) {
    all.count += row.count;
    all.cycles += row.cycles;
  }
  std::string table =
      fmt::format("\nExits of {} with {} processor{}\n{:<20}{:>10}{:>9}{:>16}{:>9}{:>11}{:>11}{:>11}\n",
                  run.way, run.processors, run.processors == 1 ? "" : "s", "reason", "exits", "exits %",
                  "cycles", "cycles %", "least", "mean", "most");
  const auto percent = [](u64 part, u64 whole) {
    return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  };
  for (const ExitRow& row : rows) {
    table += fmt::format("{:<20}{:>10}{:>9.2f}{:>16}{:>9.2f}{:>11}{:>11}{:>11}\n", row.reason, row.count,
                         percent(row.count, all.count), row.cycles, percent(row.cycles, all.cycles),
                         row.least, row.handled == 0 ? 0 : row.cycles / row.handled, row.most);
  }
  return table +
         fmt::format("{:<20}{:>10}{:>9.2f}{:>16}{:>9.2f}\n", all.reason, all.count, 100.0, all.cycles, 100.0);
}

std::string format_table(const std::vector<WayRun>& runs) {
  if (runs.empty()) return "";
  std::string table = heading(runs);
  for (const PhaseResult& phase : runs.front().log.phases) {
    table += time_row(phase.name, runs, [&](const WayRun& run) { return phase_seconds(run, phase.name); });
  }
  table += time_row("all phases", runs, workload_seconds);
  table += time_row("kernel to start", runs, start_seconds);
  table += time_row("launch to start", runs, launch_seconds) + memory_row(runs);
  table += "\nWhere the cycles went (from power-on to power-off)\n" + ledger_rows(runs);
  for (const WayRun& run : runs) table += format_exits(run);
  return without_trailing_blanks(table);
}

}  // namespace hvlab::lab
