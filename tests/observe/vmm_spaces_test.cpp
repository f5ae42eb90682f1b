// Which processes are virtual machine monitors, told from CR3 alone.
#include "sim/observe/vmm_spaces.hpp"

#include <catch2/catch.hpp>

using namespace hvlab;
using namespace hvlab::observe;

// Catches a monitor that is not recognised by another tag in CR3, or before it entered a guest.
TEST_CASE("a monitor is a process in whose address space a guest was entered") {
  VmmSpaces spaces;
  CHECK_FALSE(spaces.user_mode(0x5'0001));
  const u64 before = spaces.version();
  spaces.guest_entered(0x5'0002);  // the same table, another PCID
  CHECK(spaces.version() != before);
  CHECK(spaces.user_mode(0x5'0001));
  CHECK_FALSE(spaces.user_mode(0x6'0001));
}

// Catches isolated page tables, whose user half never enters a guest, and a neighbour taken for a half.
TEST_CASE("the odd page is the user's half if the even one never ran user mode") {
  VmmSpaces spaces;
  spaces.guest_entered(0x8000);
  CHECK(spaces.user_mode(0x9000 | 0x801));
  CHECK_FALSE(spaces.user_mode(0x7000));
  CHECK(spaces.user_mode(0x8000));
  CHECK_FALSE(spaces.user_mode(0x9000));  // 8000h has a user mode of its own: these are two processes
}

// Catches a processor that keeps its old answer when another one enters the first guest.
TEST_CASE("what one processor learnt reaches the others") {
  VmmSpaces spaces;
  VmmView first(&spaces), second(&spaces);
  CHECK_FALSE(second.user_mode(0x5000));
  first.guest_entered(0x5000);
  CHECK(second.user_mode(0x5000));
  VmmView nobody;
  nobody.guest_entered(0x5000);
  CHECK_FALSE(nobody.user_mode(0x5000));
}
