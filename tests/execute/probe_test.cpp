// Probes: what is asked for is reported once an execution, and nothing else changes.
#include "random_program.hpp"
#include "shapes.hpp"

namespace hvlab::test {

namespace {

bool is_probe(const observe::Event& event) { return event.kind == observe::EventKind::Probe; }

/// Where routines begin, what is patched, a handler, an instruction in the middle of the main loop, and
/// places that no instruction starts at or that nothing runs through.
std::vector<u64> places(const Machine& m) {
  std::vector<u64> at{kPatch, kPatch + 1, kHandlers + 0x80 * 16, kCode + 6, kCode + 0x800, kData};
  for (u64 i = 0; i < kRoutineCount; ++i) at.push_back(m.peek<u64>(0x6000 + i * 8));
  return at;
}

struct Runs {
  Result rest;  // all but the probes
  std::vector<observe::Event> probes;
};

Runs run(u64 seed, const Shape& shape, bool probed) {
  Machine m(costly());
  Trace trace;
  m.code->set_limits(shape.limits);
  m.cpu().observer = &trace;
  m.long_mode();
  place_program(m, seed);
  if (probed) execute::set_probes(*m.code, places(m));
  std::vector<u64> stops;
  for (u64 next = 1003; stops.size() < 5000; next += 1003) {
    const execute::Stop stop = run_until(*m.processor, next, shape);
    stops.push_back(m.processor->cycles());
    if (stop != execute::Stop::CycleLimit) break;
    m.processor->nmi();
  }
  Runs runs{result_of(m, trace, std::move(stops)), {}};
  std::ranges::copy_if(runs.rest.events, std::back_inserter(runs.probes), is_probe);
  std::erase_if(runs.rest.events, is_probe);
  return runs;
}

/// mov rdi, 5; L: lea rsi, [rdi + 1]; nop; dec rdi; jnz L
constexpr u8 kLoop[] = {0x48, 0xC7, 0xC7, 5,    0,    0,    0,    0x48, 0x8D,
                        0x77, 0x01, 0x90, 0x48, 0xFF, 0xCF, 0x75, 0xF6};

/// A machine that has run the loop once.
struct LoopMachine {
  Machine m;
  Trace trace;
  LoopMachine() {
    m.cpu().observer = &trace;
    m.long_mode();
    CHECK(m.run(kLoop) == -1);
  }
  /// Runs it once more, at `linear`; how many probes were reported.
  size_t again(u64 linear = kCode) {
    trace.events.clear();
    m.cpu().activity = cpu::Activity::Active;
    m.cpu().rip = linear;
    CHECK(m.go() == -1);
    return static_cast<size_t>(std::ranges::count_if(trace.events, is_probe));
  }
};

}  // namespace

/// Would catch time, events or state that change because somebody looks, and a probe lost or doubled where a
/// block is left, cut short, patched, decoded anew or stepped through.
TEST_CASE("Probes report each execution once and change nothing, whatever the engine's shapes") {
  for (u64 seed = 1; seed <= 3; ++seed) {
    INFO("seed " << seed);
    const Shape usual{"as usual", {}};
    const Runs unseen = run(seed, usual, false), reference = run(seed, usual, true);
    CHECK(unseen.probes.empty());
    CHECK(reference.probes.size() > 1000);
    require_alike(unseen.rest, reference.rest);
    for (const Shape& shape : kShapes) {
      INFO(shape.name);
      const Runs runs = run(seed, shape, true);
      require_alike(unseen.rest, runs.rest);
      CHECK(first_difference(reference.probes, runs.probes) == reference.probes.size());
      CHECK(reference.probes.size() == runs.probes.size());
    }
  }
}

/// Would catch one report an engine's pass instead of one an instruction's, and registers of another moment.
TEST_CASE("A probe shows the registers before its instruction, each time it begins") {
  LoopMachine l;
  execute::set_probes(*l.m.code, {kCode + 11, kCode + 11, kCode + 0x5000});
  const u64 begin = l.m.processor->cycles();
  REQUIRE(l.again() == 5);
  std::erase_if(l.trace.events, [](const observe::Event& event) { return !is_probe(event); });
  for (u64 i = 0; i < 5; ++i) {
    CHECK(l.trace.events[i].rip == kCode + 11);
    CHECK(l.trace.events[i].a == 5 - i);
    CHECK(l.trace.events[i].b == 6 - i);
    CHECK(l.trace.events[i].time == (begin + 2 + 4 * i) * kNanosecond);  // a cycle an instruction, 1 GHz
  }
}

/// Would catch code decoded before that goes on unprobed, or probes that stay.
TEST_CASE("Probes take effect on code that has run already, and end") {
  LoopMachine l;
  CHECK(l.again() == 0);
  execute::set_probes(*l.m.code, {kCode + 11});
  CHECK(l.again() == 5);
  execute::set_probes(*l.m.code, {kCode, kCode + 12});
  CHECK(l.again() == 6);
  execute::set_probes(*l.m.code, {});
  CHECK(l.again() == 0);
}

/// Would catch probes that go by physical address: the same decoded code runs at two linear ones.
TEST_CASE("A probe is at a linear address") {
  constexpr u64 kOther = kCode + 0x1000;
  for (const bool other_first : {false, true}) {
    LoopMachine l;
    l.m.poke<u64>(l.m.pte_address(kOther), l.m.peek<u64>(l.m.pte_address(kCode)));
    execute::set_probes(*l.m.code, {kOther});
    CHECK(l.again(other_first ? kOther : kCode) == (other_first ? 1 : 0));
    CHECK(l.again(other_first ? kCode : kOther) == (other_first ? 0 : 1));
  }
}

/// Would catch 32-bit code at the same offset taken for what was asked for, in a step or in a block.
TEST_CASE("Probes are about 64-bit code") {
  for (const u64 slice : {u64{1}, u64{1000}}) {
    Machine m;
    Trace trace;
    m.cpu().observer = &trace;
    m.compatibility_mode();
    execute::set_probes(*m.code, {kCode, kCode + 1});
    m.write(kCode, Bytes{0x90, 0x90, 0xF4});
    while (m.cpu().activity == cpu::Activity::Active) m.processor->run(m.processor->cycles() + slice);
    CHECK(m.cpu().rip == kCode + 3);
    CHECK(std::ranges::none_of(trace.events, is_probe));
  }
}

}  // namespace hvlab::test
