// A timeline of ten million events, without its drawing: how soon it opens, and what a frame of panning, of
// zooming and of pointing costs.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "busy_trace.hpp"
#include "sim/record/run_writer.hpp"
#include "sim/views/lane_details.hpp"
#include "sim/views/record_search.hpp"
#include "sim/views/skew.hpp"

using namespace hvlab;
using namespace hvlab::views;

namespace {

constexpr u32 kColumns = 1400;

std::string folder() {
  return (std::filesystem::temp_directory_path() / ("hvlab-bench-run-" + std::to_string(getpid()))).string() +
         "/";
}

// Made once, gone with the program.
struct Busy {
  Busy() {
    record::RunWriter run(folder(), {});
    test::write_busy_trace(run.streamed(record::kTraceFile), 10'000'000);
    run.finish(record::RunState::Complete, {});
  }
  ~Busy() { std::filesystem::remove_all(folder()); }
};

const OpenRun& busy_run() {
  static const Busy kBusy;
  static const OpenRun kRun(folder());
  return kRun;
}

// The eight virtual processors' rows.
std::vector<LaneRow> eight_lanes(const OpenRun& run) {
  std::vector<LaneRow> rows;
  for (LaneRow& row : lane_rows(*run.trace()))
    if (!row.heading() && row.name.starts_with("vm ")) rows.push_back(std::move(row));
  return rows;
}

void open_and_first_picture(benchmark::State& state) {
  busy_run();
  for (auto _ : state) {
    const OpenRun run(folder());
    LanePictures pictures;
    const auto end = static_cast<PicosecondDelta>(run.trace()->end());
    benchmark::DoNotOptimize(pictures.make(run, lane_rows(*run.trace()), {0, end, kColumns}));
    benchmark::DoNotOptimize(skew_curves(*run.trace()));
    benchmark::DoNotOptimize(console_marks(*run.trace()));
  }
}

// A hundredth of the columns a frame, at 1 / range of the run.
void pan(benchmark::State& state) {
  const OpenRun& run = busy_run();
  const std::vector<LaneRow> rows = eight_lanes(run);
  LanePictures pictures;
  const auto end = static_cast<PicosecondDelta>(run.trace()->end());
  const PicosecondDelta span = end / state.range(0);
  PicosecondDelta from = end / 3;
  for (auto _ : state) {
    benchmark::DoNotOptimize(pictures.make(run, rows, {from, from + span, kColumns}));
    from += span / 100;
  }
  state.counters["tiles/frame"] =
      static_cast<double>(pictures.tiles_made()) / static_cast<double>(state.iterations());
}

// In and out again between all of it and a ten-thousandth, a tenth of the width a frame.
void zoom(benchmark::State& state) {
  const OpenRun& run = busy_run();
  const std::vector<LaneRow> rows = eight_lanes(run);
  LanePictures pictures;
  const auto end = static_cast<PicosecondDelta>(run.trace()->end());
  double span = static_cast<double>(end), factor = 0.9;
  for (auto _ : state) {
    const auto half = static_cast<PicosecondDelta>(span / 2);
    benchmark::DoNotOptimize(pictures.make(run, rows, {end / 2 - half, end / 2 + half, kColumns}));
    span *= factor;
    if (span * 10'000 < static_cast<double>(end)) factor = 1 / 0.9;
    if (span > static_cast<double>(end)) factor = 0.9;
  }
}

void point(benchmark::State& state) {
  const OpenRun& run = busy_run();
  const std::vector<LaneRow> rows = eight_lanes(run);
  Picoseconds time = run.trace()->end() / 2;
  for (auto _ : state)
    benchmark::DoNotOptimize(
        interval_at(*run.trace(), rows.front().lanes.front(), time += 10 * kMicrosecond));
}

void measure_half(benchmark::State& state) {
  const OpenRun& run = busy_run();
  std::vector<u16> lanes;
  for (const auto& [lane, info] : run.trace()->lanes()) lanes.push_back(lane);
  const Picoseconds end = run.trace()->end();
  for (auto _ : state) benchmark::DoNotOptimize(measure(*run.trace(), end / 4 + 1, end / 4 * 3, lanes));
}

void search_all_for_nothing(benchmark::State& state) {
  const OpenRun& run = busy_run();
  for (auto _ : state) benchmark::DoNotOptimize(RecordSearch(*run.trace(), "nothing like it").next(0));
}

}  // namespace

BENCHMARK(open_and_first_picture)->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(pan)->Arg(1)->Arg(100)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond)->Iterations(100);
BENCHMARK(zoom)->Unit(benchmark::kMillisecond)->Iterations(200);
BENCHMARK(point)->Unit(benchmark::kMillisecond)->Iterations(200);
BENCHMARK(measure_half)->Unit(benchmark::kMillisecond);
BENCHMARK(search_all_for_nothing)->Unit(benchmark::kMillisecond);
