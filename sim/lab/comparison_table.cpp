#include "sim/lab/comparison_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "sim/analysis/density.hpp"
#include "sim/lab/comparison_density.hpp"
#include "sim/lab/comparison_exits.hpp"
#include "sim/lab/comparison_hops.hpp"
#include "sim/lab/text_table.hpp"

namespace hvlab::lab {

namespace {

using Runs =
    std::vector<const MeasuredRun*>;  // with the same number of processors; the first is compared with

std::string duration(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.1f} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.2f} ms", seconds * 1e3);
  return fmt::format("{:.3f} s ", seconds);
}

std::string ratio(double seconds, double base) {
  if (base <= 0 || seconds <= 0) return "";
  return fmt::format("x{:.{}f}", seconds / base, seconds / base < 99.995 ? 2 : 0);
}

using SecondsOf = std::function<double(const MeasuredRun&)>;

std::string time_cell(const MeasuredRun& run, const MeasuredRun& base, const SecondsOf& seconds_of) {
  if (!run.failure.empty()) return "failed";
  std::string time = duration(seconds_of(run));
  if (&run == &base) return time;
  return fmt::format("{} {:>6}", time, base.failure.empty() ? ratio(seconds_of(run), seconds_of(base)) : "");
}

/// Blanks where other cells of the column have their ratio.
std::string ratio_blanks(bool is_base) { return std::string(is_base ? 0 : 7, ' '); }

/// From launching a runtime or a monitor: there is nothing to compare with where nothing is launched.
std::string started_cell(const MeasuredRun& run, const MeasuredRun& base) {
  return duration(launch_seconds(run)) + ratio_blanks(&run == &base);
}

std::string memory_cell(const MeasuredRun& run, const MeasuredRun& base) {
  const double bytes = instance_memory(run);
  return bytes > 0 ? fmt::format("{:.1f} MiB", bytes / 1048576) + ratio_blanks(&run == &base) : "";
}

TextTable times(const Runs& runs) {
  TextTable table{"phase", {}, {}};
  for (const MeasuredRun* run : runs) table.columns.push_back({way_title(*run), {}});
  const auto row = [&](const std::string& label, const SecondsOf& seconds_of) {
    table.labels.push_back(label);
    for (size_t i = 0; i < runs.size(); ++i)
      table.columns[i].cells.push_back(time_cell(*runs[i], *runs.front(), seconds_of));
  };
  for (const PhaseResult& phase : runs.front()->log.phases)
    row(phase.name, [&](const MeasuredRun& run) { return phase_seconds(run, phase.name); });
  row("all phases", workload_seconds);
  row("power-on to start", power_on_seconds);
  for (size_t i = 0; i < runs.size(); ++i)
    table.columns[i].cells.push_back(started_cell(*runs[i], *runs.front()));
  table.labels.push_back("launch to start");
  table.labels.push_back("memory each");
  for (size_t i = 0; i < runs.size(); ++i)
    table.columns[i].cells.push_back(memory_cell(*runs[i], *runs.front()));
  return table;
}

/// What a phase gets done: bytes a second where it moves bytes, else how long one of its steps takes.
std::string rate_cell(const MeasuredRun& run, const PhaseResult& phase) {
  const double seconds = phase_seconds(run, phase.name);
  if (!run.failure.empty() || seconds <= 0) return "-";
  if (phase.bytes != 0) return fmt::format("{:.1f} MB/s", static_cast<double>(phase.bytes) / seconds * 1e-6);
  const double each = seconds / static_cast<double>(phase.steps);
  return each < 1e-6 ? fmt::format("{:.1f} ns  ", each * 1e9) : duration(each) + "  ";
}

TextTable rates(const Runs& runs) {
  TextTable table{"phase", {}, {}};
  for (const MeasuredRun* run : runs) table.columns.push_back({way_title(*run), {}});
  for (const PhaseResult& phase : runs.front()->log.phases) {
    if (phase.steps == 0 && phase.bytes == 0) continue;
    table.labels.push_back(phase.name);
    for (size_t i = 0; i < runs.size(); ++i) table.columns[i].cells.push_back(rate_cell(*runs[i], phase));
  }
  return table;
}

/// Processor time in milliseconds: cycles of the window, whose length in seconds is known.
double milliseconds(const RunWindow& window, unsigned processors, u64 cycles) {
  if (window.cycles == 0) return 0;
  return window.seconds * 1e3 * processors * static_cast<double>(cycles) / static_cast<double>(window.cycles);
}

TextTable ledger(const Runs& runs) {
  TextTable table{"ms of processor time", {}, {}};
  for (const MeasuredRun* run : runs) table.columns.push_back({way_title(*run), {}});
  const auto row = [&](const std::string& label, auto cycles_of) {
    table.labels.push_back(label);
    for (size_t i = 0; i < runs.size(); ++i) {
      const RunWindow& work = runs[i]->work;
      const u64 cycles = cycles_of(work);
      table.columns[i].cells.push_back(
          cycles == 0 ? "-" : fmt::format("{:.2f}", milliseconds(work, runs[i]->processors, cycles)));
    }
  };
  for (const auto& [account, ignored] : runs.front()->work.ledger) {
    const auto cycles_of = [&](const RunWindow& work) { return account_cycles(work.ledger, account); };
    if (std::ranges::any_of(runs, [&](const MeasuredRun* run) { return cycles_of(run->work) != 0; }))
      row(account, cycles_of);
  }
  if (!table.labels.empty()) row("all", [](const RunWindow& work) { return work.cycles; });
  return table;
}

std::string section(const std::string& title, const TextTable& table, size_t width) {
  const std::string text = format_text_table(table, width);
  return text.empty() ? "" : '\n' + title + '\n' + text;
}

struct Ladder {
  const char *operation, *title;
  bool always;  // shown without being asked for, in the first block
};
/// A round trip is a send, the wire, and a receive.
constexpr Ladder kLadders[] = {{"read", "A read of the disk phase", false},
                               {"write", "A write of the disk phase", true},
                               {"flush", "A flush of the disk phase", false},
                               {"send", "A datagram's way to the wire", true},
                               {"receive", "Its answer's way from the card", true},
                               {"round-trip", "A datagram and its answer", false},
                               {"ping", "A ping and its answer", false}};

std::string format_block(const Runs& runs, const std::string& title, size_t width, bool first, bool hops) {
  std::string text = "== " + title + " ==\n" + format_text_table(times(runs), width);
  text += section("Throughput (10^6 bytes a second) and latency (mean of a step) of each instance",
                  rates(runs), width);
  text +=
      section("Where the processors' time went while the workload was in its phases", ledger(runs), width);
  text +=
      section("Requests from call to return: time, exits, bytes copied by processors", io_means(runs), width);
  for (const Ladder& each : kLadders) {
    if (hops || (first && each.always))
      text += section(std::string(each.title) + ", hop by hop (mean of all)", io_hops(runs, each.operation),
                      width);
  }
  text += section("Exits of virtual machines in that time, and cycles of each until the guest ran again",
                  exits_by_reason(runs), width);
  if (of_both_vendors(runs))
    text += section("The same by what the exits of both vendors have in common", exits_by_class(runs), width);
  return text;
}

/// Runs that stand side by side.
struct Block {
  std::string title;
  Runs runs;
};

std::vector<Block> blocks_of(const std::vector<MeasuredRun>& runs, unsigned count) {
  const bool separate = by_processor(runs);
  std::vector<Block> blocks;
  for (const MeasuredRun& run : runs) {
    if (run.processors != count) continue;
    std::string title = processors_title(count);
    if (separate) title += ", " + processor_model(run);
    auto found = std::ranges::find(blocks, title, &Block::title);
    if (found == blocks.end()) found = blocks.insert(found, {title, {}});
    found->runs.push_back(&run);
  }
  return blocks;
}

/// The virtual machines of all processors' models, if they are of both vendors.
std::string exits_of_both_vendors(const std::vector<MeasuredRun>& all, unsigned count, size_t width) {
  Runs runs;
  for (const MeasuredRun& run : all) {
    if (run.processors == count && !run.work.exit_classes.empty()) runs.push_back(&run);
  }
  if (!by_processor(all) || !of_both_vendors(runs)) return "";
  return section("Exits of virtual machines by what those of both vendors have in common",
                 exits_by_class(runs), width);
}

/// Under the title of their processors' model the runs need not name it once more.
std::vector<MeasuredRun> without_processor(std::vector<MeasuredRun> runs) {
  if (!by_processor(runs)) return runs;
  for (MeasuredRun& run : runs) {
    const size_t at = run.variant.find("processor=");
    if (at == std::string::npos) continue;
    const size_t end = run.variant.find(',', at);
    run.variant.erase(at, end == std::string::npos ? end : end + 1 - at);
    if (run.variant.ends_with(',')) run.variant.pop_back();
  }
  return runs;
}

}  // namespace

std::string way_title(const MeasuredRun& run) {
  std::string title = run.variant.empty() ? run.way : run.way + " " + run.variant;
  return instances(run) == 1 ? title : fmt::format("{} *{}", title, instances(run));
}

std::string processors_title(unsigned processors) {
  return fmt::format("{} processor{}", processors, processors == 1 ? "" : "s");
}

std::string format_runs(const std::vector<MeasuredRun>& all, size_t width, bool hops) {
  const std::vector<MeasuredRun> runs = without_further_instances(all), shown = without_processor(runs);
  std::vector<unsigned> counts;
  for (const MeasuredRun& run : runs) {
    if (std::ranges::count(counts, run.processors) == 0) counts.push_back(run.processors);
  }
  std::string text;
  for (const unsigned count : counts) {
    for (const Block& block : blocks_of(shown, count))
      text += (text.empty() ? "" : "\n") + format_block(block.runs, block.title, width, text.empty(), hops);
    text += exits_of_both_vendors(runs, count, width);
    text += section(
        fmt::format(
            "How many instances fit until one takes over {} times a container alone (they start in turn)",
            analysis::kServiceLevel),
        density(all, count), width);
  }
  return text;
}

}  // namespace hvlab::lab
