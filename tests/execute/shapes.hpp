// The engine's own shapes: how many operations a block holds, how much decoded code is kept, what the soft
// TLB holds, in how many calls a processor runs. Nothing that is simulated depends on them.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/execute/code_cache.hpp"
#include "sim/mmu/tlb.hpp"

namespace hvlab::test {

/// How the engine is shaped, and how often it is disturbed.
struct Shape {
  const char* name;
  execute::CodeCache::Limits limits;
  u64 slice = ~u64{0};     // a run is at most this long
  bool forgetful = false;  // after each slice the soft TLB is emptied
};

inline constexpr size_t kTinyChunk = 4096;

inline const Shape kShapes[] = {
    {"blocks of five operations", {.block_operations = 5}},
    {"blocks of one operation", {.block_operations = 1}},
    {"a code cache of a few blocks", {.chunk_bytes = kTinyChunk, .chunks = 1}},
    {"short slices", {}, 61},
    {"instruction by instruction", {}, 1},
    {"a soft TLB that forgets", {}, 53, true},
    {"everything small", {.block_operations = 3, .chunk_bytes = kTinyChunk, .chunks = 2}, 17, true},
};

/// Costs of many sizes, and a TLB that misses often.
inline timing::Profile costly(timing::Profile p = everything()) {
  for (size_t i = 0; i < p.cost.size(); ++i) p.cost[i] = 1 + static_cast<u32>(i % 5);
  p.page_walk_reference = 7;
  p.exception_delivery = 31;
  p.interrupt_delivery = 37;
  p.port_access = 101;
  p.tlb_entries_small = 32;
  p.tlb_ways_small = 4;
  p.accuracy = timing::Accuracy::Approximate;
  return p;
}

struct Trace final : observe::Observer {
  std::vector<observe::Event> events;
  void on_event(const observe::Event& e) override { events.push_back(e); }
};

/// Where a run ended, and all that it showed.
struct Result {
  u64 cycles = 0, instructions = 0, rip = 0;
  std::vector<u64> registers, stops;
  std::vector<u8> ram;
  std::vector<observe::Event> events;
};

/// Notes where `m` has come to; `trace` goes with it.
inline Result result_of(Machine& m, Trace& trace, std::vector<u64> stops) {
  const cpu::Cpu& c = m.cpu();
  Result result;
  result.cycles = m.processor->cycles();
  result.instructions = m.processor->instructions();
  result.rip = c.rip;
  result.registers.assign(c.gpr, c.gpr + 16);
  result.ram.assign(m.bus.ram.begin(), m.bus.ram.end());
  result.events = std::move(trace.events);
  result.stops = std::move(stops);
  return result;
}

/// Runs `p` until it has reached cycle `until`, in calls as short as the shape says.
inline execute::Stop run_until(execute::Processor& p, u64 until, const Shape& shape) {
  execute::Stop stop = execute::Stop::CycleLimit;
  while (p.cycles() < until && stop == execute::Stop::CycleLimit) {
    stop = p.run(std::min(until, p.cycles() + std::min(shape.slice, until)));
    for (unsigned b = 0; shape.forgetful && b < cpu::kBankNever; ++b) p.state().banks[b]->clear();
  }
  return stop;
}

inline size_t first_difference(const std::vector<observe::Event>& a, const std::vector<observe::Event>& b) {
  const auto same = [](const observe::Event& x, const observe::Event& y) {
    return x.time == y.time && x.kind == y.kind && x.a == y.a && x.b == y.b && x.rip == y.rip;
  };
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end(), same).first - a.begin());
}

inline void require_alike(const Result& a, const Result& b) {
  CHECK((a.stops == b.stops));  // in parentheses: not printed
  CHECK(first_difference(a.events, b.events) == a.events.size());
  CHECK(a.events.size() == b.events.size());
  CHECK(a.cycles == b.cycles);
  CHECK(a.instructions == b.instructions);
  CHECK(a.rip == b.rip);
  CHECK((a.registers == b.registers));
  CHECK((a.ram == b.ram));
}

}  // namespace hvlab::test
