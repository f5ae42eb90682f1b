// What the machine is told of a processor that is in the shutdown state for good.
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "sim/board/processors.hpp"
#include "sim/mmu/access.hpp"

namespace hvlab::board {
namespace {

/// The only processor does VMLAUNCH of `m`'s guest, and runs on until the machine halts.
Halt end_of(test::GuestMachine& m, u32& indicator) {
  Processors processors(Frequency(1'000'000'000), 10'000, 1);
  execute::Processor::Setup setup;
  setup.profile = &m.profile;
  setup.bus = &m.bus;
  setup.code = m.code;
  processors.add(setup);
  cpu::Cpu& c = processors.at(0).state();
  static_cast<cpu::State&>(c) = m.cpu();
  vmx::Unit& unit = vmx::unit_of(c);
  unit.vmxon_pointer = test::kVmxonRegion;
  unit.current = test::kVmcs;
  m.write(test::kCode, test::kVmlaunch);
  c.rip = test::kCode;
  mmu::select_address_space(c);
  c.refresh();
  Halt halt = Halt::None;
  for (unsigned n = 0; n < 100 && halt == Halt::None; ++n) halt = processors.advance({});
  indicator = processors.at(0).vmx_abort();
  return halt;
}

}  // namespace

// Catches a VMX abort that is told as a triple fault, or a triple fault as a VMX abort.
TEST_CASE("a VMX abort ends the machine as what it is, with its indicator") {
  u32 indicator = 0;
  test::GuestMachine aborts;
  aborts.guest_code({0x90});
  aborts[test::Field::ExitMsrLoadAddress] = 0x5000'0000;  // not RAM
  aborts[test::Field::ExitMsrLoadCount] = 1;
  CHECK(end_of(aborts, indicator) == Halt::VmxAbort);
  CHECK(indicator == 4);

  test::GuestMachine faults;
  faults.guest_code({0x90});
  faults.poke<u8>(test::kHostCode, 0x0F), faults.poke<u8>(test::kHostCode + 1, 0x0B);  // UD2
  faults[test::Field::HostIdtrBase] = 0x5000'0000;
  CHECK(end_of(faults, indicator) == Halt::TripleFault);
  CHECK(indicator == 0);
}

}  // namespace hvlab::board
