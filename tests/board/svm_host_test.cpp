// What the machine is told of a processor of AMD's that is in the shutdown state for good.
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "sim/board/processors.hpp"

namespace hvlab::board {
namespace {

/// The only processor does VMRUN of a guest that leaves by a triple fault of its own, while something
/// `spoils` its host's save area, or to a host that has one too.
Halt end_of(bool spoils) {
  test::GuestMachine m;
  m.intercept(arch::svm::Exit::Shutdown);
  m.guest_code({0x90, 0x0F, 0x0B});
  m.block.save.idtr.limit = 0;  // the guest's triple fault leaves it
  Processors processors(Frequency(1'000'000'000), 10'000, 1);
  execute::Processor::Setup setup;
  setup.profile = &m.profile;
  setup.bus = &m.bus;
  setup.code = m.code;
  processors.add(setup);
  cpu::Cpu& c = processors.at(0).state();
  static_cast<cpu::State&>(c) = m.cpu();
  const u8 host[] = {0x0F, 0x01, 0xD8, 0x0F, 0x0B};  // VMRUN; UD2
  m.write(test::kCode, host);
  c.rip = test::kCode;
  if (!spoils) c.idtr.limit = 0;  // a triple fault of the host's
  mmu::select_address_space(c);
  c.refresh();
  auto& saved = reinterpret_cast<arch::svm::Vmcb*>(m.bus.ram.data() + test::kHostSave)->save;
  Halt halt = Halt::None;
  // One instruction at a time, so that the save area is spoilt while the guest runs.
  for (unsigned n = 0; n < 1000 && halt == Halt::None; ++n) {
    halt = processors.advance({.instructions = processors.instructions() + 1});
    if (halt == Halt::InstructionLimit) halt = Halt::None;
    if (spoils && c.guest != nullptr) saved.cr0 |= bit(40);
  }
  CHECK(processors.at(0).host_refused() == spoils);
  return halt;
}

}  // namespace

// Catches a host's state that is not valid told as a triple fault, or a triple fault as that.
TEST_CASE("a #VMEXIT to a host that is not valid ends the machine as what it is") {
  CHECK(end_of(true) == Halt::HostRefused);
  CHECK(end_of(false) == Halt::TripleFault);
}

}  // namespace hvlab::board
