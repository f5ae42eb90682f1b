// Guests of Intel's VMX.
#include "bench/guest_bench.hpp"
#include "guest_machine.hpp"

namespace hvlab::bench {
namespace {

static_assert(test::kGuestCode == kLoop);

/// mov edx,681Eh (the guest's RIP); vmread rax,rdx; add rax,3 (past a VMCALL); vmwrite rdx,rax; vmresume
const Bytes kExitHandler{0xBA, 0x1E, 0x68, 0x00, 0x00, 0x0F, 0x78, 0xD0, 0x48,
                         0x83, 0xC0, 0x03, 0x0F, 0x79, 0xD0, 0x0F, 0x01, 0xC3};

std::unique_ptr<test::Machine> machine(timing::Profile profile) {
  return std::make_unique<test::GuestMachine>(std::move(profile));
}

void become_host(test::Machine& machine, World world) {
  using test::Control;
  auto& m = static_cast<test::GuestMachine&>(machine);
  for (const Control c : {Control::ExternalInterruptExiting, Control::NmiExiting, Control::EnableVpid})
    m.set(c);
  m[test::Field::Vpid] = 1;
  if (world == World::Nested) m.ept();
  m.write(test::kHostCode, kExitHandler);
  m.write(test::kCode, test::kVmlaunch);
  m.cpu().rip = test::kCode;
}

}  // namespace

// 0: vmcall; jmp 0b
const Vendor kVendor{"intel-skylake", {0x0F, 0x01, 0xC1, 0xEB, 0xFB}, "EPT", machine, become_host};

}  // namespace hvlab::bench
