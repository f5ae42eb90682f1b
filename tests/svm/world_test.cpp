// VMRUN and #VMEXIT themselves.
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::svm::Exit;

// Catches a world switch that loses or mixes up state.
TEST_CASE("VMRUN enters the guest and HLT comes back to the instruction behind it") {
  GuestMachine m;
  m.cpu().gpr[arch::kRbx] = 7;
  CHECK(m.enter({0x48, 0xFF, 0xC3}) == code_of(Exit::Hlt));  // INC RBX
  CHECK(m.cpu().gpr[arch::kRbx] == 8);                       // not part of the world
  CHECK(m.block.save.rip == kGuestCode + 3);
  CHECK(m.block.control.next_rip == kGuestCode + 4);
  CHECK(m.cpu().rip == kCode + 4);  // the host halted behind VMRUN
  CHECK(m.cpu().gpr[arch::kRax] == kVmcb);
  CHECK(m.cpu().gpr[arch::kRsp] == kStack);
  CHECK(!m.cpu().gif);
  CHECK(m.cpu().guest == nullptr);
  CHECK(m.cpu().asid == 0);
}
