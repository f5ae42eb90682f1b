// EPT violations and misconfigurations as VM exits and as #VE, and the page-modification log (SDM vol.
// 3, 26.5.7, 28.2.1, 29.3.3, 29.3.6). The walk itself is the MMU's.
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "sim/mmu/vpid.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u64 kHlt = code_of(ExitReason::Hlt), kViolation = code_of(ExitReason::EptViolation),
              kMisconfiguration = code_of(ExitReason::EptMisconfiguration);
constexpr u64 kPage = 0x70'0000;
const std::initializer_list<u8> kRead{0xA1, 0x08, 0, 0x70, 0, 0, 0, 0, 0};  // MOV EAX, [700008h]
const std::initializer_list<u8> kWrite{0xA3, 0x08, 0, 0x70, 0, 0, 0, 0, 0};

}  // namespace

// Catches an exit that tells another address, or has the guest's RIP elsewhere.
TEST_CASE("an EPT violation leaves the guest with both addresses") {
  GuestMachine m;
  m.ept();
  CHECK(m.enter(kRead) == kHlt);
  m.poke<u64>(m.ept_pte(kPage), kPage | 0x31);
  CHECK(m.again(kRead) == kHlt);
  CHECK(m.again(kWrite) == kViolation);
  CHECK((m.qualification() & 0x1BF) == (2 | 1 << 3 | 1 << 7 | 1 << 8));
  CHECK(m[Field::GuestPhysicalAddress] == kPage + 8);
  CHECK(m[Field::GuestLinearAddress] == kPage + 8);
  CHECK(m[Field::GuestRip] == kGuestCode);
  CHECK((m[Field::GuestRflags] & arch::flag::kRf) != 0);
  CHECK(m[Field::IdtVectoringInfo] == 0);
  CHECK(m.length() == 9);
}

TEST_CASE("an EPT misconfiguration leaves the guest with the guest-physical address") {
  GuestMachine m;
  m.ept();
  m.poke<u64>(m.ept_pte(kPage), kPage | 0x32);  // writable, not readable
  CHECK(m.enter(kRead) == kMisconfiguration);
  CHECK(m.qualification() == 0);
  CHECK(m[Field::GuestPhysicalAddress] == kPage + 8);
  CHECK(m.length() == 9);
}

// SDM vol. 2, REP: what an exit saves in the middle is what a fault would (28.3.3). Catches flags of the last
// element saved, and the guest's flags kept for the host.
TEST_CASE("an EPT violation between elements of REPE CMPS saves the flags from before it") {
  GuestMachine m;
  m.ept();
  m.poke<u64>(m.ept_pte(kPage + 0x1000), 0);
  m.cpu().gpr[arch::kRsi] = kPage + 0xFFE;
  m.cpu().gpr[arch::kRdi] = kPage;
  m.cpu().gpr[arch::kRcx] = 5;
  m[Field::GuestRflags] = arch::flag::kFixed1 | arch::flag::kCf;
  CHECK(m.enter({0xF3, 0xA6}) == kViolation);
  CHECK(m.cpu().gpr[arch::kRcx] == 3);
  CHECK((m[Field::GuestRflags] & arch::flag::kStatus) == arch::flag::kCf);
  CHECK(m.cpu().flags.status() == 0);
}

// Catches a fetch whose exit looks for an instruction that is not there.
TEST_CASE("a fetch through EPT that fails") {
  GuestMachine m;
  m.ept();
  m.poke<u64>(m.ept_pte(kGuestCode), kGuestCode | 0x33);
  CHECK(m.enter({0x90}) == kViolation);
  CHECK((m.qualification() & 7) == 4);
  CHECK(m[Field::GuestPhysicalAddress] == kGuestCode);
}

// Catches the event lost.
TEST_CASE("an EPT violation during delivery tells the event, and RF as it would be saved") {
  GuestMachine m;
  m.ept();
  m.poke<u64>(m.ept_pte(kGuestStack - 8), 0);
  CHECK(m.enter({0x0F, 0x0B}) == kViolation);
  CHECK(m[Field::IdtVectoringInfo] == event_word(3, 6));
  CHECK((m[Field::GuestRflags] & arch::flag::kRf) != 0);
  m[Field::GuestRflags] = 2;
  CHECK(m.again({0xCD, 0x80}) == kViolation);
  CHECK(m[Field::IdtVectoringInfo] == event_word(4, 0x80));
  CHECK((m[Field::GuestRflags] & arch::flag::kRf) == 0);
}

// Catches a #VE whose area is not filled, or that comes though one of its conditions fails.
TEST_CASE("a convertible violation is a virtualization exception") {
  const auto machine = [](GuestMachine& m) {
    m.ept();
    m.set(Control::EptViolationVe);
    m[Field::EptpIndex] = 0x123;
    m.poke<u64>(m.ept_pte(kPage), 0);
    for (u64 n = 0; n < 64; n += 8) m.poke<u64>(kInfoArea + n, 0);
  };
  GuestMachine m;
  machine(m);
  CHECK(m.enter(kWrite) == kHlt);
  CHECK(m.handler() == 20);
  CHECK(m.stack(0) == kGuestCode);
  CHECK(m.peek<u32>(kInfoArea) == 48);
  CHECK(m.peek<u32>(kInfoArea + 4) == 0xFFFF'FFFF);
  CHECK((m.peek<u64>(kInfoArea + 8) & 0x1BF) == (2 | 1 << 7 | 1 << 8));
  CHECK(m.peek<u64>(kInfoArea + 16) == kPage + 8);
  CHECK(m.peek<u64>(kInfoArea + 24) == kPage + 8);
  CHECK(m.peek<u16>(kInfoArea + 32) == 0x123);
  CHECK(m.again(kWrite) == kViolation);  // the area is in use

  GuestMachine suppressed;
  machine(suppressed);
  suppressed.poke<u64>(suppressed.ept_pte(kPage), bit(63));
  CHECK(suppressed.enter(kWrite) == kViolation);

  GuestMachine off;
  machine(off);
  off.clear(Control::EptViolationVe);
  CHECK(off.enter(kWrite) == kViolation);

  GuestMachine wanted;
  machine(wanted);
  wanted.intercept_exception(20);
  CHECK(wanted.enter(kWrite) == 0);
  CHECK(wanted[Field::ExitInterruptionInfo] == event_word(3, 20));
  CHECK(wanted.peek<u32>(kInfoArea) == 48);

  GuestMachine delivering;  // of an event
  machine(delivering);
  delivering.poke<u64>(delivering.ept_pte(kPage), kPage | 0x37);
  delivering.poke<u64>(delivering.ept_pte(kGuestStack - 8), 0);
  CHECK(delivering.enter({0x0F, 0x0B}) == kViolation);
}

// Catches a fault in the delivery of #VE that is not a double fault (table 6-4).
TEST_CASE("a page fault in the delivery of #VE is a double fault") {
  GuestMachine m;
  m.ept();
  m.set(Control::EptViolationVe);
  m.poke<u64>(m.ept_pte(kPage), 0);
  for (u64 n = 0; n < 64; n += 8) m.poke<u64>(kInfoArea + n, 0);
  m.poke<u64>(m.pte_address(kGuestStack - 8), 0);
  m.intercept_exception(8);
  CHECK(m.enter(kWrite) == 0);
  CHECK(m[Field::ExitInterruptionInfo] == event_word(3, 8, true));
}

// Catches a log that misses pages, or overflows.
TEST_CASE("the page-modification log, down to its end") {
  GuestMachine m;
  m.ept();
  m.set(Control::EnablePml);
  m[Field::Eptp] |= bit(6);
  m[Field::PmlIndex] = 511;
  m.poke<u64>(m.ept_pte(kGuestStack - 8), (kGuestStack - 0x1000) | 0x237);  // dirty already
  CHECK(m.enter(kWrite) == kHlt);
  const u64 index = m[Field::PmlIndex];
  CHECK(index < 511);
  bool found = false;
  for (u64 n = index + 1; n < 512; ++n) found |= m.peek<u64>(kPml + n * 8) == kPage;
  CHECK(found);
  m.poke<u64>(m.ept_pte(kPage), kPage | 0x37);
  m[Field::PmlIndex] = 0xFFFF;
  mmu::flush_ep4tas(m.cpu());
  mmu::flush_vpid(m.cpu(), 0);
  CHECK(m.again(kWrite) == code_of(ExitReason::PmlFull));
  CHECK(m[Field::GuestRip] == kGuestCode);
  CHECK(m.qualification() == 0);
  CHECK((m.peek<u64>(m.ept_pte(kPage)) & 0x200) == 0);
}

// Catches an IRET that ends the blocking of NMIs and faults, after which the hypervisor does not know that it
// has to block them again (28.2.3; table 28-7, bit 12).
TEST_CASE("a violation of an IRET tells that it has ended the blocking of NMIs") {
  for (const bool blocked : {false, true}) {
    INFO(blocked);
    GuestMachine m;
    m.set(Control::NmiExiting), m.set(Control::VirtualNmis);
    m.ept();
    m.poke<u64>(m.ept_pte(kGuestStack), 0);
    m[Field::GuestInterruptibility] = blocked ? 8 : 0;
    CHECK(m.enter({0x48, 0xCF}) == code_of(ExitReason::EptViolation));
    CHECK(m[Field::GuestPhysicalAddress] == kGuestStack);
    CHECK((m.qualification() & bit(12)) == (blocked ? bit(12) : 0));
    CHECK((m.qualification() & 0x1FF) == 0x181);
  }
}
