// What is simulated does not depend on the engine's own shapes (shapes.hpp): random programs run under all of
// them and must end alike, to the cycle.
#include "shapes.hpp"

#include "random_program.hpp"

namespace hvlab::test {

namespace {

Result run(u64 seed, const Shape& shape, timing::Profile p) {
  Machine m(std::move(p));
  Trace trace;
  m.code->set_limits(shape.limits);
  m.cpu().observer = &trace;
  m.long_mode();
  place_program(m, seed);
  std::vector<u64> stops;
  // A non-maskable interrupt at fixed cycles shows where exactly a run has stopped.
  for (u64 next = 1003;; next += 1003) {
    const execute::Stop stop = run_until(*m.processor, next, shape);
    stops.push_back(m.processor->cycles());
    if (stop != execute::Stop::CycleLimit || stops.size() > 5000) break;
    m.processor->nmi();
  }
  return result_of(m, trace, std::move(stops));
}

}  // namespace

TEST_CASE("Nothing that is simulated depends on the engine's shapes") {
  for (u64 seed = 1; seed <= 6; ++seed) {
    const Result reference = run(seed, {"as usual", {}}, costly());
    INFO("seed " << seed);
    REQUIRE(reference.cycles > 100'000);
    REQUIRE(reference.events.size() > 50);
    CHECK(reference.registers[10] > 10);  // NMIs
    CHECK(reference.rip < kCode + 0x1000);
    for (const Shape& shape : kShapes) {
      INFO(shape.name);
      require_alike(reference, run(seed, shape, costly()));
    }
  }
}

TEST_CASE("With one cycle an instruction it does not either") {
  const Result reference = run(7, {"as usual", {}}, everything());
  for (const Shape& shape : kShapes) {
    INFO(shape.name);
    require_alike(reference, run(7, shape, everything()));
  }
}

/// Would catch a trap that waits for the end of the block.
TEST_CASE("A data breakpoint traps right after the instruction that touched it") {
  Machine m;
  m.long_mode();
  m.cpu().dr[0] = kData;
  m.cpu().dr7 |= 1 | (u64{1} << 16);  // L0; writes of one byte
  m.settle();
  // mov [kData], al; inc ebx; inc ebx
  CHECK(m.run({0x88, 0x04, 0x25, 0x00, 0x00, 0x30, 0x00, 0xFF, 0xC3, 0xFF, 0xC3}) == 1);
  CHECK(m.cpu().gpr[arch::kRbx] == 0);
  CHECK((m.cpu().dr6 & 0xF) == 1);
}

/// Would catch a block of which only the bytes that were decoded are watched, and a crossing one whose second
/// page is not.
TEST_CASE("Bytes that are no instruction become one when those behind the first change") {
  for (const u64 at : {kCode, kCode + 0xFFF}) {
    Machine m;
    m.long_mode();
    m.cpu().rip = at;
    CHECK(m.run({0x0F, 0x04}) == 6);
    m.poke<u8>(at + 1, 0xA2);  // CPUID
    execute::memory_written(*m.code, at + 1, 1);
    m.cpu().activity = cpu::Activity::Active;
    m.cpu().rip = at;
    CHECK(m.go() == -1);
    CHECK(m.cpu().rip == at + 3);
  }
}

}  // namespace hvlab::test
