// Guests of AMD's SVM.
#include "bench/guest_bench.hpp"
#include "guest_machine.hpp"

namespace hvlab::bench {
namespace {

static_assert(test::kGuestCode == kLoop);

/// 0: vmrun; add qword [kVmcb + 578h], 3 (the guest's RIP, past a VMMCALL); jmp 0b
const Bytes kHost{0x0F, 0x01, 0xD8, 0x48, 0x83, 0x04, 0x25, 0x78, 0x05, 0x05, 0x00, 0x03, 0xEB, 0xF2};
static_assert(test::kVmcb == 0x5'0000 && offsetof(arch::svm::Vmcb, save.rip) == 0x578);

std::unique_ptr<test::Machine> machine(timing::Profile profile) {
  return std::make_unique<test::GuestMachine>(std::move(profile));
}

void become_host(test::Machine& machine, World world) {
  using arch::svm::Exit;
  auto& m = static_cast<test::GuestMachine&>(machine);
  for (const Exit e : {Exit::Intr, Exit::Nmi, Exit::Init, Exit::Vmmcall}) m.intercept(e);
  if (world == World::Nested) m.nested_paging();
  m.block.control.interrupt = arch::svm::virtual_interrupt::kMasking;
  m.write(test::kCode, kHost);
  m.cpu().rip = test::kCode;
}

}  // namespace

// 0: vmmcall; jmp 0b
const Vendor kVendor{"amd-zen2", {0x0F, 0x01, 0xD9, 0xEB, 0xFB}, "NPT", machine, become_host};

}  // namespace hvlab::bench
