// Ten million events: how fast they are recorded, how soon the trace opens, what a look into it costs.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "sim/record/trace_reader.hpp"
#include "sim/record/trace_recorder.hpp"

using namespace hvlab;
using namespace hvlab::record;
using observe::Account;
using observe::EventKind;

namespace {

constexpr u64 kHertz = 3'400'000'000;

// Exits, rings, ports and requests on 4 processors with 2 virtual processors each, at irregular times.
void record_events(TraceRecorder& recorder, u64 count) {
  u64 seed = 42, cycle = 0;
  const auto next = [&] { return (seed = seed * 6364136223846793005 + 1442695040888963407) >> 33; };
  const auto event = [&](u8 core, EventKind kind, u64 a, u64 b, observe::DeviceId device = 0) {
    recorder.on_event({.time = cycle * 5000 / 17,
                       .a = a,
                       .b = b,
                       .rip = device != 0 ? 0 : 0xFFFF'FFFF'8100'0000 + (next() & 0xFF'FFF0),
                       .kind = kind,
                       .core = core,
                       .device = device,
                       .sequence = 0});
  };
  for (u64 i = 0; i < count; i += 10) {
    const u8 core = static_cast<u8>(i / 10 % 4);
    cycle += next() % 6000;
    recorder.account_opened(core, Account::WorldSwitch, cycle);
    event(core, EventKind::VmEntry, 0x10000 + 0x1000 * (core * 2 + next() % 2), 0x9000);
    recorder.account_opened(core, Account::GuestKernel, cycle += 500);
    event(core, EventKind::RingChange, 0, 3);
    event(core, EventKind::VmExit, next() % 8 == 0 ? 0x78 : 0x400 + next() % 2, next());
    event(core, EventKind::VmExitDetail, next(), 2000);
    recorder.account_opened(core, Account::Hypervisor, cycle += 900);
    event(core, EventKind::MmioWrite, 0xFEE0'0000 + (next() & 0xFF0), next());
    event(core, i % 40 == 0 ? EventKind::RequestStart : EventKind::RequestDone, i, 4096, 1);
  }
}

std::string trace_file() {
  return std::filesystem::temp_directory_path() / ("hvlab-bench-" + std::to_string(getpid()));
}

void write_trace(benchmark::State& state, RecordLevel level) {
  for (auto _ : state) {
    TraceRecorder recorder({.file = trace_file(),
                            .level = level,
                            .frequency_hz = kHertz,
                            .cores = 4,
                            .devices = {"nobody", "disk"}});
    record_events(recorder, static_cast<u64>(state.range(0)));
    recorder.finish({});
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
