// VM exits that cannot be completed (SDM vol. 3, 28.7).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "sim/mmu/walk.hpp"

using namespace hvlab;
using namespace hvlab::test;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;

namespace {

constexpr u64 kArea = 0x7'B000;

void msr_entry(GuestMachine& m, u64 at, u32 number, u64 value) {
  m.poke<u64>(at, number);
  m.poke<u64>(at + 8, value);
}

constexpr u64 kHostPdptes = 0x7'C000;

/// The host has PAE paging, the guest 32-bit code without paging ("unrestricted guest").
void pae_host(GuestMachine& m) {
  cpu::Cpu& c = m.cpu();
  c.efer = 0;
  m.protected_mode();
  m.poke<u64>(kHostPdptes, (kHostPdptes + 0x1000) | 1);
  for (u64 n = 0; n < 4; ++n) m.poke<u64>(kHostPdptes + 0x1000 + n * 8, n << 21 | 0x87);
  c.cr3 = kHostPdptes;
  c.cr4 |= cr4::kPae;
  c.cr0 |= cr0::kPg;
  m.ready();
  CHECK(mmu::load_pdptes(c, c.cr3) == decode::Outcome::Next);
  m.host_state();
  m[Field::HostCsSelector] = kCode32;
  m.clear(Control::HostAddressSpaceSize);
  m.guest_protected();
}

/// The guest goes into IA-32e mode by itself: MOV CR3; MOV CR4 with PAE; WRMSR EFER.LME; CR0.PG; HLT.
u32 abort_of_long_mode_guest(GuestMachine& m) {
  m.set(Control::UseMsrBitmaps);
  m.enter({0xB8, 0x00, 0x00, 0x04, 0x00, 0x0F, 0x22, 0xD8,                          // 40000h: kTables
           0xB8, 0x20, 0x20, 0x00, 0x00, 0x0F, 0x22, 0xE0,                          // VMXE and PAE
           0xB9, 0x80, 0x00, 0x00, 0xC0, 0x31, 0xD2, 0xB8, 0x00, 0x01, 0x00, 0x00,  // EFER
           0x0F, 0x30, 0x0F, 0x20, 0xC0, 0x0D, 0x00, 0x00, 0x00, 0x80, 0x0F, 0x22, 0xC0});
  CHECK(m[Field::ExitReason] == code_of(ExitReason::Hlt));
  CHECK((m[Field::EntryControls] & arch::vmx::bit_of(Control::Ia32eModeGuest)) != 0);  // as it was (28.2)
  return m.vmcs().abort;
}

}  // namespace

// Catches exits that go on though they cannot be completed (28.7).
TEST_CASE("a VM exit that cannot be completed is a VMX abort") {
  const auto aborts = [](auto prepare) {
    GuestMachine m;
    prepare(m);
    m.cpu().init_pending = false;
    m.enter({0x90});
    CHECK(m.cpu().activity == cpu::Activity::Shutdown);
    CHECK(m.cpu().guest == nullptr);
    m.processor->init();  // which VMX operation blocks
    CHECK(!m.processor->runnable());
    CHECK(m.processor->vmx_abort() == m.vmcs().abort);
    return m.vmcs().abort;
  };
  CHECK(aborts([](GuestMachine& m) {
          msr_entry(m, kArea, 0x1234'5678, 0);
          m[Field::ExitMsrStoreAddress] = kArea;
          m[Field::ExitMsrStoreCount] = 1;
        }) == 1);
  CHECK(aborts([](GuestMachine& m) {
          msr_entry(m, kArea, 0x1234'5678, 0);
          m[Field::ExitMsrLoadAddress] = kArea;
          m[Field::ExitMsrLoadCount] = 1;
        }) == 4);
}

// Catches a host that goes on with the PDPTEs of before, or with none (28.5.4, 28.7).
TEST_CASE("a PAE host whose PDPTEs are invalid is a VMX abort") {
  for (const u64 pdpte : {u64{0}, u64{3}, u64{1} << 45 | 1}) {  // absent; reserved bits
    GuestMachine m;
    pae_host(m);
    m.poke<u64>(kHostPdptes + 8, pdpte);
    m.enter({0x90});
    CHECK(m[Field::ExitReason] == code_of(ExitReason::Hlt));
    CHECK(m.vmcs().abort == (pdpte == 0 ? 0 : 2));
    CHECK(m.processor->vmx_abort() == m.vmcs().abort);
    CHECK((m.cpu().activity == cpu::Activity::Shutdown) == (pdpte != 0));
  }
}

// Catches a 32-bit host that is returned to from IA-32e mode, and an indicator that a later cause hides.
TEST_CASE("a guest in IA-32e mode under a 32-bit host is a VMX abort") {
  GuestMachine m;
  pae_host(m);
  CHECK(abort_of_long_mode_guest(m) == 6);
  CHECK(m.cpu().activity == cpu::Activity::Shutdown);
  GuestMachine stays;
  pae_host(stays);
  CHECK(stays.enter({0x90}) == code_of(ExitReason::Hlt));
  CHECK(stays.vmcs().abort == 0);
  // 28.4 comes before 28.5.
  GuestMachine both;
  pae_host(both);
  msr_entry(both, kArea, 0x1234'5678, 0);
  both[Field::ExitMsrStoreAddress] = kArea;
  both[Field::ExitMsrStoreCount] = 1;
  CHECK(abort_of_long_mode_guest(both) == 1);
}
