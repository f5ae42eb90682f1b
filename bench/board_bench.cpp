// What the board costs by itself: the calendar, a register access through TLM, a count of cycles turned into
// time.
#include <benchmark/benchmark.h>

#include "sim/board/event_queue.hpp"
#include "sim/board/frequency.hpp"
#include "sim/board/tlm_bus.hpp"

namespace hvlab::board {
namespace {

struct Keeper final : TimeKeeper {
  Picoseconds now() const override { return 0; }
  void deadline_brought_forward(Picoseconds) override {}
};

void arm_and_fire(benchmark::State& state) {
  Keeper keeper;
  EventQueue queue(keeper);
  for (int i = 0; i < 40; ++i) queue.add_event("event" + std::to_string(i), [] {});
  Picoseconds time = 0;
  for (auto _ : state) {
    queue.arm(static_cast<EventId>(time % 40), time + 10);
    queue.arm(20, time + 5);
    queue.fire_due(time += 7);
  }
}
BENCHMARK(arm_and_fire);

void time_of_cycle(benchmark::State& state) {
  const Frequency frequency{3'300'000'000};
  u64 cycle = 0;
  for (auto _ : state) benchmark::DoNotOptimize(frequency.time_of(cycle += 12'345));
}
BENCHMARK(time_of_cycle);

void register_access(benchmark::State& state) {
  struct Bank final : RegisterTarget {
    u64 read(u64 offset, unsigned) override { return offset; }
    void write(u64, unsigned, u64) override {}
  };
  struct Bus {
    Bank bank;
    AccessCount count;
    AddressDecoder decoder{"decoder"};
    BusInitiator bus{"bus", decoder};
    Bus() {
      for (u64 base = 0; base < 24 * 16; base += 16) {
        decoder.connect(("bank" + std::to_string(base)).c_str(), base, 8, bank, count);
      }
      sc_core::sc_start(sc_core::SC_ZERO_TIME);
    }
  };
  static Bus bus;  // SystemC elaborates once
  u64 address = 0;
  for (auto _ : state) benchmark::DoNotOptimize(bus.bus.read((address += 48) % 384, 4));
}
BENCHMARK(register_access);

}  // namespace
}  // namespace hvlab::board
