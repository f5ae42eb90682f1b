// Catches a shared interrupt wire that one source's release takes away from another.
#include "sim/board/joined_line.hpp"

#include <catch2/catch.hpp>

namespace hvlab::board {

TEST_CASE("a shared wire stays asserted until the last source lets go, and tells receivers only changes") {
  struct Receiver final : InterruptLine {
    std::vector<bool> levels;
    void set(bool asserted) override { levels.push_back(asserted); }
  } pic, ioapic;
  JoinedLine line;
  line.add_receiver(pic), line.add_receiver(ioapic);
  InterruptLine& first = line.add_source();
  InterruptLine& second = line.add_source();
  first.set(true), first.set(true), second.set(true), first.set(false);
  REQUIRE(line.asserted());
  second.set(false), second.set(false);
  REQUIRE_FALSE(line.asserted());
  REQUIRE(pic.levels == std::vector<bool>{true, false});
  REQUIRE(ioapic.levels == pic.levels);
}

}  // namespace hvlab::board
