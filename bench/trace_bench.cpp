// Ten million events: how fast they are recorded, how soon the trace opens, what a look into it costs.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "busy_trace.hpp"
#include "sim/record/trace_reader.hpp"

using namespace hvlab;
using namespace hvlab::record;

namespace {

std::string trace_file() {
  return std::filesystem::temp_directory_path() / ("hvlab-bench-" + std::to_string(getpid()));
}

void write_trace(benchmark::State& state, RecordLevel level) {
  for (auto _ : state) {
    test::write_busy_trace(trace_file(), static_cast<u64>(state.range(0)), level);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["file_MB"] = static_cast<double>(std::filesystem::file_size(trace_file())) / 1e6;
}

void write_full(benchmark::State& state) { write_trace(state, RecordLevel::Full); }
void write_summary(benchmark::State& state) { write_trace(state, RecordLevel::Summary); }

void open_and_overview(benchmark::State& state) {
  for (auto _ : state) {
    const TraceReader reader(trace_file());
    benchmark::DoNotOptimize(reader.summary(0, reader.end(), 1600));
  }
}

void open_and_read_all(benchmark::State& state) {
  u64 records = 0;
  for (auto _ : state) {
    const TraceReader reader(trace_file());
    records = 0;
    reader.each(0, kNever, [&](const Record&) { return ++records != 0; });
  }
  state.counters["records"] = static_cast<double>(records);
}

// A thousandth of the run, in the middle: finer than the levels in the file.
void look_closely(benchmark::State& state) {
  const TraceReader reader(trace_file());
  benchmark::DoNotOptimize(reader.levels().size());
  const Picoseconds middle = reader.end() / 2, half = reader.end() / 2000;
  for (auto _ : state) benchmark::DoNotOptimize(reader.summary(middle - half, middle + half, 1600));
}

}  // namespace

BENCHMARK(write_summary)->Arg(10'000'000)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(write_full)->Arg(10'000'000)->Unit(benchmark::kMillisecond)->Iterations(1);
// These read what write_full has left.
BENCHMARK(open_and_overview)->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(look_closely)->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(open_and_read_all)->Unit(benchmark::kMillisecond)->Iterations(1);
