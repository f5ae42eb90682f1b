// Paging as code meets it: page sizes of each mode, accessed and dirty bits, rights, error codes, the TLB
// (SDM vol. 3, chapter 4).
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/mmu/access.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace hvlab::arch;

namespace {

constexpr int kProtection = 13, kPageFault = 14, kStackFault = 12;
constexpr u64 kP = 1, kW = 2, kU = 4, kA = 0x20, kD = 0x40, kLarge = 0x80, kGlobal = 0x100,
              kNx = u64{1} << 63;
constexpr u64 kFree = 0x8'0000;  // tables of a test's own

const std::initializer_list<u8> kLoad = {0x8B, 0x06},
                                kStore = {0x89, 0x06};  // mov eax, [rsi]; mov [rsi], eax

Machine long_machine() {
  Machine m;
  m.long_mode();
  m.cpu().gpr[kRsi] = kData;
  return m;
}

int load(Machine& m, u64 address) {
  m.cpu().gpr[kRsi] = address;
  return m.run(kLoad);
}
int store(Machine& m, u64 address) {
  m.cpu().gpr[kRsi] = address;
  return m.run(kStore);
}
/// Again from kCode after a HLT.
void again(Machine& m) {
  m.cpu().rip = kCode;
  m.cpu().activity = cpu::Activity::Active;
}

/// Protected mode with the first 4 MiB mapped by one table at kFree + 0x1000, directory at kFree.
Machine paged32(u64 extra_cr4 = 0) {
  Machine m;
  m.protected_mode();
  m.poke<u32>(kFree, static_cast<u32>((kFree + 0x1000) | kP | kW | kU));
  for (u32 page = 0; page < 1024; ++page) m.poke<u32>(kFree + 0x1000 + page * 4, page << 12 | 7);
  m.cpu().cr3 = kFree;
  m.cpu().cr4 |= extra_cr4;
  m.cpu().cr0 |= cr0::kPg | cr0::kWp;
  m.settle();
  return m;
}

}  // namespace

// Catches tables of 32-bit paging read wrongly, and A and D bits missing or on the wrong entry.
TEST_CASE("32-bit paging: 4 KiB pages, A on the way, D on the page that is written") {
  Machine m = paged32();
  m.poke<u32>(kFree + 0x1000 + (kData >> 12) * 4, static_cast<u32>((kData + 0x1000) | 7));
  m.poke<u32>(kData + 0x1000, 0x1234'5678);
  CHECK(load(m, kData) == -1);
  CHECK(m.cpu().gpr[kRax] == 0x1234'5678);
  const u64 pte = kFree + 0x1000 + (kData >> 12) * 4;
  CHECK((m.peek<u32>(kFree) & (kA | kD)) == kA);
  CHECK((m.peek<u32>(pte) & (kA | kD)) == kA);
  again(m);
  CHECK(store(m, kData) == -1);
  CHECK((m.peek<u32>(pte) & kD) != 0);
}

// Catches PSE pages without CR4.PSE, their address bits, and their reserved bit.
TEST_CASE("32-bit paging: 4 MiB pages need CR4.PSE") {
  Machine m = paged32(cr4::kPse);
  m.poke<u32>(kFree + 4, 0 | 7 | kLarge);  // 4..8 MiB onto 0..4 MiB
  m.poke<u32>(kData, 77);
  CHECK(load(m, 0x40'0000 + kData) == -1);
  CHECK(m.cpu().gpr[kRax] == 77);
  CHECK((m.peek<u32>(kFree + 4) & kA) != 0);
  m.poke<u32>(kFree + 4, 1 << 21 | 7 | kLarge);
  mmu::flush_all(m.cpu());
  again(m);
  CHECK(load(m, 0x40'0000 + kData) == kPageFault);
  CHECK(m.error_code() == 9);
}

// Catches PAE without its pointer registers, 2 MiB pages, and NX there.
TEST_CASE("PAE paging: pointers are loaded with CR3, 2 MiB pages, NX") {
  Machine m;
  m.protected_mode();
  m.poke<u64>(kFree, (kFree + 0x1000) | kP);
  for (u64 i = 0; i < 4; ++i) m.poke<u64>(kFree + 0x1000 + i * 8, i << 21 | 7 | kLarge);
  m.cpu().cr4 |= cr4::kPae;
  m.cpu().efer |= efer::kNxe;
  m.cpu().gpr[kRax] = kFree;
  m.cpu().gpr[kRcx] = m.cpu().cr0 | cr0::kPg;
  m.cpu().gpr[kRsi] = kData;
  m.poke<u32>(kData, 99);
  m.settle();
  CHECK(m.run({0x0F, 0x22, 0xD8, 0x0F, 0x22, 0xC1, 0x8B, 0x06}) ==
        -1);  // mov cr3, eax; mov cr0, ecx; mov eax, [esi]
  CHECK(m.cpu().gpr[kRax] == 99);
  m.poke<u64>(kFree, 0);  // memory is not looked at again
  mmu::flush_all(m.cpu());
  again(m);
  CHECK(load(m, kData) == -1);
  m.poke<u64>(kFree + 0x1000 + 8, u64{1} << 21 | 7 | kLarge | kNx);
  mmu::flush_all(m.cpu());
  again(m);
  m.cpu().rip = 0x20'0000;
  CHECK(m.go() == kPageFault);
  CHECK(m.error_code() == 0x11);
}

// Catches the sizes of 4-level pages mixed up, and address bits lost below them.
TEST_CASE("4-level paging: 2 MiB and 1 GiB pages") {
  Machine m = long_machine();
  m.poke<u64>(kTables + 0x1000 + 8, 0 | 7 | kLarge);                // 1..2 GiB onto 0..1 GiB
  m.poke<u64>(kTables + 0x2000 + 8 * 100, 0x20'0000 | 7 | kLarge);  // 200..202 MiB onto 2..4 MiB
  m.poke<u32>(kData + 0x10, 55);
  CHECK(load(m, 0x4000'0000 + kData + 0x10) == -1);
  CHECK(m.cpu().gpr[kRax] == 55);
  again(m);
  m.cpu().gpr[kRax] = 0;
  CHECK(load(m, 200 * 0x10'0000 + (kData - 0x20'0000) + 0x10) == -1);
  CHECK(m.cpu().gpr[kRax] == 55);
}

// Catches each bit of the error code.
TEST_CASE("page faults say what was tried and what forbade it") {
  Machine m = long_machine();
  const u64 pte = m.pte_address(kData);
  const auto fault = [&](u64 entry, bool write, bool user) {
    Machine fresh = long_machine();
    fresh.poke<u64>(pte, entry);
    if (user) fresh.user();
    const int vector = write ? store(fresh, kData + 5) : load(fresh, kData + 5);
    CHECK(fresh.cpu().cr2 == kData + 5);
    CHECK(vector == kPageFault);
    return fresh.error_code();
  };
  CHECK(fault(0, false, false) == 0);
  CHECK(fault(0, true, false) == 2);
  CHECK(fault(0, false, true) == 4);
  CHECK(fault(0, true, true) == 6);
  CHECK(fault(kData | kP | kW, false, true) == 5);
  CHECK(fault(kData | kP | kU, true, true) == 7);
  CHECK(fault(kData | kP | kU, true, false) == 3);  // CR0.WP
  CHECK(fault(kData | 7 | u64{1} << 51, false, false) == 9);
  CHECK(fault(kData | 7 | u64{1} << 51, true, true) == 0xF);
}

// Catches WP ignored, or applied to user accesses only.
TEST_CASE("without CR0.WP the supervisor writes to read-only pages") {
  Machine m = long_machine();
  m.poke<u64>(m.pte_address(kData), kData | kP | kU);
  m.cpu().cr0 &= ~cr0::kWp;
  m.settle();
  CHECK(store(m, kData) == -1);
  Machine user = long_machine();
  user.poke<u64>(user.pte_address(kData), kData | kP | kU);
  user.cpu().cr0 &= ~cr0::kWp;
  user.user();
  CHECK(store(user, kData) == kPageFault);
}

// Catches rights taken from the last level alone.
TEST_CASE("rights are those of all levels together") {
  Machine m = long_machine();
  m.poke<u64>(kTables + 0x2000 + 8, m.peek<u64>(kTables + 0x2000 + 8) & ~kW);  // 2..4 MiB
  CHECK(store(m, kData) == kPageFault);
  Machine user = long_machine();
  user.poke<u64>(kTables + 0x1000, user.peek<u64>(kTables + 0x1000) & ~kU);
  user.user();
  CHECK(load(user, kData) == kPageFault);
}

// Catches bits set by an access that faults.
TEST_CASE("an access that is forbidden sets no D bit") {
  Machine m = long_machine();
  m.poke<u64>(m.pte_address(kData), kData | kP | kU);
  CHECK(store(m, kData) == kPageFault);
  CHECK((m.peek<u64>(m.pte_address(kData)) & kD) == 0);
}

// Catches a TLB entry from a read that lets the first write pass without D.
TEST_CASE("the first write sets D even if a read has filled the TLB") {
  Machine m = long_machine();
  CHECK(m.run({0x8B, 0x06, 0x89, 0x06}) == -1);
  CHECK((m.peek<u64>(m.pte_address(kData)) & kD) != 0);
}

// Catches SMEP and SMAP ignored, AC ignored, and implicit accesses that AC would allow.
TEST_CASE("SMEP bars execution, SMAP access to user pages unless AC is set") {
  Machine m = long_machine();
  for (u64 page = 0; page < 0x300; ++page) m.poke<u64>(m.pte_address(page << 12), page << 12 | kP | kW);
  m.cpu().cr4 |= cr4::kSmep;
  m.settle();
  m.cpu().rip = kData;
  CHECK(m.go() == kPageFault);
  CHECK(m.error_code() == 0x11);
  const auto smap = [](bool ac) {
    Machine s = long_machine();
    for (u64 page = 0; page < 0x300; ++page) s.poke<u64>(s.pte_address(page << 12), page << 12 | kP | kW);
    s.cpu().cr4 |= cr4::kSmap;
    if (ac) s.cpu().rflags_rest |= flag::kAc;
    s.settle();
    return load(s, kData);
  };
  CHECK(smap(false) == kPageFault);
  CHECK(smap(true) == -1);
}

// Catches STAC and CLAC that running code does not feel.
TEST_CASE("STAC opens user pages, CLAC closes them") {
  Machine m = long_machine();
  for (u64 page = 0; page < 0x300; ++page) m.poke<u64>(m.pte_address(page << 12), page << 12 | kP | kW);
  m.cpu().cr4 |= cr4::kSmap;
  m.settle();
  CHECK(m.run({0x0F, 0x01, 0xCB, 0x8B, 0x06, 0x0F, 0x01, 0xCA, 0x8B, 0x06}) == kPageFault);
  CHECK(m.peek<u64>(m.cpu().gpr[kRsp] + 8) == kCode + 8);
}

// Catches NX without EFER.NXE (a reserved bit then), and with it not enforced.
TEST_CASE("NX is enforced with EFER.NXE and reserved without") {
  Machine m = long_machine();
  m.poke<u64>(m.pte_address(kData), kData | 7 | kNx);
  CHECK(load(m, kData) == -1);
  m.cpu().activity = cpu::Activity::Active;
  m.cpu().rip = kData;
  CHECK(m.go() == kPageFault);
  CHECK(m.error_code() == 0x11);
  Machine off = long_machine();
  off.poke<u64>(off.pte_address(kData), kData | 7 | kNx);
  off.cpu().efer &= ~efer::kNxe;
  off.settle();
  CHECK(load(off, kData) == kPageFault);
  CHECK(off.error_code() == 9);
}

// Catches translations that survive INVLPG or a load of CR3, and global ones that do not survive CR3.
TEST_CASE("INVLPG and MOV CR3 drop translations; global ones outlive CR3") {
  for (const bool global : {false, true}) {
    for (const bool invlpg : {false, true}) {
      Machine m = long_machine();
      m.cpu().cr4 |= cr4::kPge;
      m.poke<u64>(m.pte_address(kData), kData | 7 | (global ? kGlobal : 0));
      m.poke<u32>(kData, 1);
      m.poke<u32>(kData + 0x1000, 2);
      m.settle();
      m.cpu().gpr[kRdi] = m.pte_address(kData);
      m.cpu().gpr[kRbx] = (kData + 0x1000) | 7;
      m.cpu().gpr[kRcx] = m.cpu().cr3;
      // mov eax, [rsi]; mov [rdi], rbx; invlpg [rsi] or mov cr3, rcx; mov edx, [rsi]
      const int vector = invlpg ? m.run({0x8B, 0x06, 0x48, 0x89, 0x1F, 0x0F, 0x01, 0x3E, 0x8B, 0x16})
                                : m.run({0x8B, 0x06, 0x48, 0x89, 0x1F, 0x0F, 0x22, 0xD9, 0x8B, 0x16});
      CHECK(vector == -1);
      CHECK(m.cpu().gpr[kRax] == 1);
      CHECK(m.cpu().gpr[kRdx] == (invlpg || !global ? 2 : 1));
    }
  }
}

// Catches address spaces that share translations, and bit 63 of CR3 ignored.
TEST_CASE("with PCIDs each address space keeps its translations") {
  Machine m = long_machine();
  m.cpu().cr4 |= cr4::kPcide;
  m.poke<u32>(kData, 1);
  m.poke<u32>(kData + 0x1000, 2);
  m.settle();
  m.cpu().gpr[kRdi] = m.pte_address(kData);
  m.cpu().gpr[kRbx] = (kData + 0x1000) | 7;
  m.cpu().gpr[kRcx] = kTables | 5;                // PCID 5, drop
  m.cpu().gpr[kR8] = kTables | 0 | u64{1} << 63;  // PCID 0, keep
  // mov eax, [rsi]; mov [rdi], rbx; mov cr3, rcx; mov edx, [rsi]; mov cr3, r8; mov ebp, [rsi]
  CHECK(m.run({0x8B, 0x06, 0x48, 0x89, 0x1F, 0x0F, 0x22, 0xD9, 0x8B, 0x16, 0x41, 0x0F, 0x22, 0xD8, 0x8B,
               0x2E}) == -1);
  CHECK(m.cpu().gpr[kRax] == 1);
  CHECK(m.cpu().gpr[kRdx] == 2);
  CHECK(m.cpu().gpr[kRbp] == 1);  // kept although the tables have changed
}

// Catches INVPCID types mixed up.
TEST_CASE("INVPCID type 1 drops one address space") {
  Machine m = long_machine();
  m.cpu().cr4 |= cr4::kPcide;
  m.poke<u32>(kData + 0x1000, 2);
  m.poke<u64>(kData + 0x2000, 0);  // descriptor: PCID 0
  m.poke<u64>(kData + 0x2008, 0);
  m.settle();
  m.cpu().gpr[kRdi] = m.pte_address(kData);
  m.cpu().gpr[kRbx] = (kData + 0x1000) | 7;
  m.cpu().gpr[kRcx] = 1;
  m.cpu().gpr[kRbp] = kData + 0x2000;
  // mov eax, [rsi]; mov [rdi], rbx; invpcid rcx, [rbp]; mov edx, [rsi]
  CHECK(m.run({0x8B, 0x06, 0x48, 0x89, 0x1F, 0x66, 0x0F, 0x38, 0x82, 0x4D, 0x00, 0x8B, 0x16}) == -1);
  CHECK(m.cpu().gpr[kRdx] == 2);
}

// Catches addresses beyond 48 bits that are cut instead of refused.
TEST_CASE("addresses that are not canonical: #GP, through the stack #SS") {
  Machine m = long_machine();
  CHECK(load(m, 0x8000'0000'0000) == kProtection);
  Machine stack = long_machine();
  stack.cpu().gpr[kRbp] = 0x8000'0000'0000;
  CHECK(stack.run({0x8B, 0x45, 0x00}) == kStackFault);
  Machine edge = long_machine();  // the last byte is beyond
  CHECK(load(edge, 0x7FFF'FFFF'FFFD) == kProtection);
}

// Catches half a store: the first page is written although the second faults.
TEST_CASE("a store across pages happens as a whole or not at all") {
  Machine m = long_machine();
  m.poke<u64>(m.pte_address(kData + 0x1000), 0);
  m.cpu().gpr[kRax] = 0xFFFF'FFFF;
  m.poke<u32>(kData + 0xFFC, 0x1111'1111);
  CHECK(store(m, kData + 0xFFE) == kPageFault);
  CHECK(m.cpu().cr2 == kData + 0x1000);
  CHECK(m.peek<u32>(kData + 0xFFC) == 0x1111'1111);
}

// Catches page-table entries in a page with code, or tables changed through their own mapping, seen late.
TEST_CASE("a fault is looked up afresh: a page made present needs no flush") {
  Machine m = long_machine();
  m.poke<u64>(m.pte_address(kData), 0);
  CHECK(load(m, kData) == kPageFault);
  m.poke<u64>(m.pte_address(kData), kData | 7);
  again(m);
  CHECK(load(m, kData) == -1);
}
