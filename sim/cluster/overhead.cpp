#include "sim/cluster/overhead.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "sim/base/user_error.hpp"

namespace hvlab::cluster {

namespace {

constexpr u32 kAll = 1000;

// Limits far above what anything costs: they find a figure of the wrong unit.
constexpr u64 kMostPermille = 100'000, kMostCycles = 100'000'000, kMostNanoseconds = 1'000'000'000,
              kMostMebibytes = 65'536, kMostMilliseconds = 3'600'000;

struct Row {
  const char* name;
  u64 most;
  void (*set)(Overhead&, u64);
};

template <size_t kKind>
void set_work(Overhead& overhead, u64 value) {
  overhead.work[kKind] = static_cast<u32>(value);
}

constexpr Row kRows[] = {
    {"cpu_permille", kMostPermille, set_work<0>},
    {"stream_permille", kMostPermille, set_work<1>},
    {"chase_permille", kMostPermille, set_work<2>},
    {"syscall_permille", kMostPermille, set_work<3>},
    {"pipe_permille", kMostPermille, set_work<4>},
    {"process_permille", kMostPermille, set_work<5>},
    {"file_permille", kMostPermille, set_work<6>},
    {"network_permille", kMostPermille, set_work<7>},
    {"disk_request_cycles", kMostCycles,
     [](Overhead& o, u64 value) { o.disk_request = static_cast<u32>(value); }},
    {"disk_request_ns", kMostNanoseconds, [](Overhead& o, u64 value) { o.disk_latency = value; }},
    {"packet_cycles", kMostCycles, [](Overhead& o, u64 value) { o.packet = static_cast<u32>(value); }},
    {"packet_ns", kMostNanoseconds, [](Overhead& o, u64 value) { o.packet_latency = value; }},
    {"stream_kib_cycles", kMostCycles,
     [](Overhead& o, u64 value) { o.stream_kib = static_cast<u32>(value); }},
    {"memory_mib", kMostMebibytes, [](Overhead& o, u64 value) { o.memory = static_cast<u32>(value); }},
    {"memory_permille", kAll, [](Overhead& o, u64 value) { o.memory_permille = static_cast<u32>(value); }},
    {"launch_ms", kMostMilliseconds, [](Overhead& o, u64 value) { o.launch = value * kMilliseconds; }},
    {"services_ms", kMostMilliseconds, [](Overhead& o, u64 value) { o.services = value * kMilliseconds; }},
    {"moves_while_running", 1, [](Overhead& o, u64 value) { o.migrates = value != 0; }},
    {"move_standstill_ms", kMostMilliseconds,
     [](Overhead& o, u64 value) { o.standstill = value * kMilliseconds; }},
};

std::string work_name(size_t kind) { return std::string(kWork[kind]) + "_permille"; }

/// What is set for this figure of this file; null if nothing is.
const u64* set_value(const SetFigures& figures, const std::string& file, const std::string& figure) {
  const auto found = std::ranges::find(figures, file + "." + figure, &SetFigures::value_type::first);
  return found == figures.end() ? nullptr : &found->second;
}

}  // namespace

Overhead load_overhead(const std::string& name) {
  media::FigureFile file("overhead", name);
  Overhead overhead;
  overhead.name = file.name();
  overhead.title = file.text("title");
  for (const Row& row : kRows) row.set(overhead, file.figure(row.name, 0, row.most));
  file.finish();
  overhead.figures = file.figures;
  return overhead;
}

Mix load_mix(const std::string& name) {
  media::FigureFile file("mix", name);
  Mix mix;
  mix.name = file.name();
  mix.title = file.text("title");
  for (size_t i = 0; i < kWork.size(); ++i)
    mix.parts[i] = static_cast<u32>(file.figure(work_name(i), 0, kAll));
  file.finish();
  const u32 sum = std::accumulate(mix.parts.begin(), mix.parts.end(), u32{0});
  if (sum != kAll)
    throw UserError(fmt::format("mix '{}': its parts are {} thousandths together, not 1000", name, sum));
  mix.figures = file.figures;
  return mix;
}

void set_figures(Overhead& overhead, const SetFigures& figures) {
  for (media::Figure& figure : overhead.figures) {
    const u64* value = set_value(figures, overhead.name, figure.name);
    const auto row = std::ranges::find(kRows, figure.name, &Row::name);
    if (value == nullptr || row == std::end(kRows)) continue;
    figure.value = std::min(*value, row->most);
    figure.source = kSetSource;
    row->set(overhead, figure.value);
  }
}

void set_figures(Mix& mix, const SetFigures& figures) {
  for (size_t i = 0; i < mix.figures.size(); ++i) {
    media::Figure& figure = mix.figures[i];
    const u64* value = set_value(figures, mix.name, figure.name);
    if (value == nullptr) continue;
    figure.value = std::min<u64>(*value, kAll);
    figure.source = kSetSource;
    mix.parts[i] = static_cast<u32>(figure.value);
  }
}

void apply_mix(Overhead& overhead, const Mix& mix) {
  const u64 all = std::accumulate(mix.parts.begin(), mix.parts.end(), u64{0});
  u64 sum = 0;
  for (size_t i = 0; i < kWork.size(); ++i) sum += u64{overhead.work[i]} * mix.parts[i];
  overhead.mix = mix.name;
  overhead.processor = all == 0 ? kAll : static_cast<u32>((sum + all / 2) / all);
}

std::vector<std::string> overhead_figures() {
  std::vector<std::string> names;
  for (const std::string& profile : media::profile_names("overhead"))
    for (const Row& row : kRows) names.push_back(profile + "." + row.name);
  for (const std::string& mix : media::profile_names("mix"))
    for (size_t i = 0; i < kWork.size(); ++i) names.push_back(mix + "." + work_name(i));
  return names;
}

Overhead no_overhead() {
  Overhead overhead;
  overhead.name = "none";
  overhead.work.fill(kAll);
  return overhead;
}

const char* origin_of(const media::Figure& figure) {
  if (figure.source == kSetSource) return "set";
  if (figure.assumed()) return "assumed";
  return figure.source.starts_with("measured") ? "measured" : "sourced";
}

}  // namespace hvlab::cluster
