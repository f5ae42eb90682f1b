// Processors whose guests' preemption timers run while they wait (SDM vol. 3, 26.5.1).
#include "fake_hypervisor.hpp"
#include "sim/board/processors.hpp"
#include "sim/mmu/access.hpp"

#include <catch2/catch.hpp>

namespace hvlab::board {
namespace {

/// The first processor waits in a guest, in the others a loop runs; `slice` in cycles.
struct Fixture {
  test::Machine memory{test::intel_everything()};  // for its RAM, tables and code
  timing::Profile profile = test::intel_everything();
  test::FakeHypervisor hypervisor;
  Processors processors;

  explicit Fixture(u64 slice, size_t count) : processors(Frequency(1'000'000'000), slice, count) {
    memory.long_mode();
    memory.write(test::kCode, std::array<u8, 2>{0xEB, 0xFE});  // jmp to itself
    for (size_t i = 0; i < count; ++i) {
      execute::Processor::Setup setup;
      setup.index = static_cast<u8>(i);
      setup.count = static_cast<u8>(count);
      setup.profile = &profile;
      setup.bus = &memory.bus;
      setup.code = memory.code;
      processors.add(setup);
      static_cast<cpu::State&>(processors.at(i).state()) = memory.cpu();
      mmu::select_address_space(processors.at(i).state());
      processors.at(i).state().refresh();
    }
    hypervisor.enter(memory, processors.at(0).state());
    processors.at(0).state().activity = cpu::Activity::Halted;
  }
};

}  // namespace

// Catches a timer that waits for the end of the slice, whose exit comes when another processor has run, or
// that a machine in which nobody else runs takes for a hang.
TEST_CASE("a waiting guest is left when its preemption timer ends, whatever the slice") {
  for (const size_t count : {1u, 2u}) {
    for (const u64 slice : {50'000u, 1000u, 333u}) {
      INFO(count << " processors, slices of " << slice);
      Fixture f(slice, count);
      f.processors.at(0).state().guest_deadline = 12'345;
      for (unsigned n = 0; n < 1000 && f.hypervisor.boundaries.empty(); ++n)
        REQUIRE(f.processors.advance({}) == Halt::None);
      REQUIRE(f.hypervisor.boundaries == std::vector{cpu::Boundary::Timer});
      CHECK(f.hypervisor.cycles[0] == 12'345);
    }
  }
}

// Catches an interrupt that is taken only when the timer ends, or one that takes the timer's place.
TEST_CASE("what wakes the guest earlier does so, and what comes later does not") {
  for (const u64 deadline : {900u, 100'000u}) {
    Fixture f(20'000, 2);
    f.processors.at(0).state().guest_deadline = deadline;
    f.processors.advance({.time = 5000 * Picoseconds{1000}});
    if (deadline > 5000) {
      CHECK(f.hypervisor.boundaries.empty());
      f.processors.pins(0).nmi();
      f.processors.advance({});
    }
    REQUIRE(f.hypervisor.boundaries.size() == 1);
    CHECK(f.hypervisor.boundaries[0] == (deadline > 5000 ? cpu::Boundary::Nmi : cpu::Boundary::Timer));
    CHECK(f.hypervisor.cycles[0] == std::min<u64>(deadline, 5000));
  }
}

}  // namespace hvlab::board
