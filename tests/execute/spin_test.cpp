// Runs that end behind a PAUSE.
#include "shapes.hpp"

namespace hvlab::test {

namespace {

/// Cycle and RIP of each end of a run, until the program halts.
std::vector<std::pair<u64, u64>> ends(const Shape& shape, bool at_spins) {
  // mov ecx, 3; L: add eax, ecx; pause; dec ecx; jnz L; hlt
  constexpr u8 kLoop[] = {0xB9, 3, 0, 0, 0, 0x01, 0xC8, 0xF3, 0x90, 0xFF, 0xC9, 0x75, 0xF8, 0xF4};
  Machine m(costly());
  m.code->set_limits(shape.limits);
  m.long_mode();
  m.write(kCode, kLoop);
  m.processor->end_runs_at_spins(at_spins);
  std::vector<std::pair<u64, u64>> result;
  for (execute::Stop stop{}; stop != execute::Stop::Halted;) {
    stop = m.processor->run(m.processor->cycles() + std::min<u64>(shape.slice, 10'000));
    if (stop == execute::Stop::CycleLimit) continue;  // where that falls is the shape's business
    CHECK(m.processor->has_spun() == (stop == execute::Stop::Spinning || !at_spins));
    result.emplace_back(m.processor->cycles(), m.cpu().rip);
  }
  return result;
}

}  // namespace

/// Would catch an end before the PAUSE, some instructions behind it, or at a cycle that depends on how the
/// engine executes: processors that take turns would then not do the same each time.
TEST_CASE("A run ends right behind a PAUSE if it is asked to") {
  const Shape usual{"as usual", {}};
  const auto reference = ends(usual, true);
  REQUIRE(reference.size() == 4);
  for (size_t i = 0; i < 3; ++i) CHECK(reference[i].second == kCode + 9);
  CHECK(reference[3].second == kCode + 14);
  for (const Shape& shape : kShapes) {
    if (shape.slice != ~u64{0}) continue;  // a run that has reached its limit says that instead
    INFO(shape.name);
    CHECK(ends(shape, true) == reference);
  }
  const auto whole = ends(usual, false);
  REQUIRE(whole.size() == 1);
  CHECK(whole[0] == reference[3]);
}

}  // namespace hvlab::test
