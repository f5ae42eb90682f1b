// Control and debug registers of a guest (SDM vol. 3, 25.6.6, 25.6.7, 26.1.3, 26.3, tables 28-3 and 28-4).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;

namespace {

constexpr u64 kCr = code_of(ExitReason::CrAccess), kHlt = code_of(ExitReason::Hlt);
constexpr u64 kMovTo = 0, kMovFrom = 1 << 4, kClts = 2 << 4, kLmsw = 3 << 4, kLmswMemory = bit(6);
constexpr u64 gpr(u64 number) { return number << 8; }

const std::initializer_list<u8> kCr0FromRax{0x0F, 0x22, 0xC0}, kRaxFromCr0{0x0F, 0x20, 0xC0},
    kCr4FromRax{0x0F, 0x22, 0xE0}, kRaxFromCr4{0x0F, 0x20, 0xE0}, kCr3FromRax{0x0F, 0x22, 0xD8},
    kRbxFromCr3{0x0F, 0x20, 0xDB}, kLmswAx{0x0F, 0x01, 0xF0}, kClearTs{0x0F, 0x06};

u64 with_rax(GuestMachine& m, u64 value, std::initializer_list<u8> code) {
  m.cpu().gpr[arch::kRax] = value;
  return m.again(code);
}

}  // namespace

// Catches exits by the register's value instead of the read shadow's, or by bits outside the mask.
TEST_CASE("a write of CR0 or CR4 exits if a bit of the mask is not the shadow's") {
  struct Case {
    Field mask, shadow, real;
    std::initializer_list<u8> code;
    u64 number, bit_of;
  };
  for (const Case& c : {Case{Field::Cr0Mask, Field::Cr0Shadow, Field::GuestCr0, kCr0FromRax, 0, cr0::kTs},
                        Case{Field::Cr4Mask, Field::Cr4Shadow, Field::GuestCr4, kCr4FromRax, 4, cr4::kPge}}) {
    GuestMachine m;
    const u64 value = m[c.real];
    CHECK(with_rax(m, value ^ c.bit_of, c.code) == kHlt);
    CHECK(m[c.real] == (value ^ c.bit_of));
    m[c.mask] = c.bit_of;
    m[c.shadow] = 0;
    CHECK(with_rax(m, value | c.bit_of, c.code) == kCr);  // the register has it already
    CHECK(m.qualification() == (c.number | kMovTo | gpr(arch::kRax)));
    CHECK(m.length() == 3);
    CHECK(with_rax(m, value & ~c.bit_of, c.code) == kHlt);
    CHECK(m[c.real] == (value ^ c.bit_of));  // the guest's write does not get at it
    m[c.shadow] = c.bit_of;
    CHECK(with_rax(m, value & ~c.bit_of, c.code) == kCr);
  }
}

// Catches reads that show a guest what is its hypervisor's.
TEST_CASE("bits of the mask read as the shadow's") {
  GuestMachine m;
  m[Field::Cr0Mask] = cr0::kTs | cr0::kMp | bit(40);
  m[Field::Cr0Shadow] = cr0::kTs;
  m[Field::GuestCr0] |= cr0::kMp;
  CHECK(m.enter(kRaxFromCr0) == kHlt);
  CHECK(m.cpu().gpr[arch::kRax] == ((m[Field::GuestCr0] | cr0::kTs) & ~cr0::kMp));
  CHECK(m.again({0x0F, 0x01, 0xE3}) == kHlt);  // SMSW EBX
  CHECK((m.cpu().gpr[arch::kRbx] & 0xF) == (cr0::kPe | cr0::kTs));
  m[Field::Cr4Mask] = cr4::kVmxe;
  CHECK(m.again(kRaxFromCr4) == kHlt);
  CHECK(m.cpu().gpr[arch::kRax] == (m[Field::GuestCr4] & ~cr4::kVmxe));
}

// Catches LMSW that exits because of bits it would not change.
TEST_CASE("LMSW exits on the low four bits of the mask, on PE only if it sets it") {
  GuestMachine m;
  m[Field::Cr0Mask] = cr0::kPe;
  m[Field::Cr0Shadow] = 0;
  CHECK(with_rax(m, 0xABC0, kLmswAx) == kHlt);
  CHECK(with_rax(m, 0xABC1, kLmswAx) == kCr);
  CHECK(m.qualification() == (kLmsw | u64{0xABC1} << 16));
  m[Field::Cr0Shadow] = cr0::kPe;
  CHECK(with_rax(m, 1, kLmswAx) == kHlt);
  CHECK(with_rax(m, 0, kLmswAx) == kHlt);  // PE cannot be cleared
  m[Field::Cr0Mask] = cr0::kTs;
  m[Field::Cr0Shadow] = cr0::kTs;
  CHECK(with_rax(m, cr0::kTs, kLmswAx) == kHlt);
  CHECK(with_rax(m, 0, kLmswAx) == kCr);
  // LMSW [RDI+4]
  m.cpu().gpr[arch::kRdi] = kData;
  m.poke<u16>(kData + 4, 0x0006);
  CHECK(m.again({0x0F, 0x01, 0x77, 0x04}) == kCr);
  CHECK(m.qualification() == (kLmsw | kLmswMemory | u64{6} << 16));
  CHECK(m[Field::GuestLinearAddress] == kData + 4);
}

// Catches a fault of LMSW's operand that comes after the exit (26.1.1).
TEST_CASE("LMSW's operand is read before the exit") {
  GuestMachine m;
  m[Field::Cr0Mask] = 0xF;
  m.intercept_exception(14);
  m.cpu().gpr[arch::kRdi] = 0x7000'0000;
  CHECK(m.enter({0x0F, 0x01, 0x37}) == 0);
  CHECK(m.qualification() == 0x7000'0000);
}

// Catches CLTS by the register instead of mask and shadow.
TEST_CASE("CLTS exits if TS is in the mask and in the shadow") {
  GuestMachine m;
  m[Field::GuestCr0] |= cr0::kTs;
  CHECK(m.enter(kClearTs) == kHlt);
  CHECK((m[Field::GuestCr0] & cr0::kTs) == 0);
  m[Field::Cr0Mask] = cr0::kTs;
  m[Field::GuestCr0] |= cr0::kTs;
  CHECK(m.again(kClearTs) == kHlt);
  CHECK((m[Field::GuestCr0] & cr0::kTs) != 0);  // not the guest's to clear
  m[Field::Cr0Shadow] = cr0::kTs;
  CHECK(m.again(kClearTs) == kCr);
  CHECK(m.qualification() == kClts);
}

// Catches target values that are not, or that the count leaves out.
TEST_CASE("CR3: loads but of target values, and stores") {
  GuestMachine m;
  CHECK(with_rax(m, kTables, kCr3FromRax) == kHlt);
  m.set(Control::Cr3LoadExiting);
  CHECK(with_rax(m, kTables, kCr3FromRax) == kCr);
  CHECK(m.qualification() == (3 | kMovTo | gpr(arch::kRax)));
  m[Field::Cr3Target0] = 0x123;
  m[Field::Cr3Target1] = kTables;
  m[Field::Cr3TargetCount] = 1;
  CHECK(with_rax(m, kTables, kCr3FromRax) == kCr);
  m[Field::Cr3TargetCount] = 2;
  CHECK(with_rax(m, kTables, kCr3FromRax) == kHlt);
  CHECK(m.again(kRbxFromCr3) == kHlt);
  m.set(Control::Cr3StoreExiting);
  CHECK(m.again(kRbxFromCr3) == kCr);
  CHECK(m.qualification() == (3 | kMovFrom | gpr(arch::kRbx)));
}

// Catches values that are checked before the exit.
TEST_CASE("the exit of a control register comes before #GP") {
  GuestMachine m;
  m.intercept_exception(13);
  m[Field::Cr0Mask] = cr0::kPg;
  m[Field::Cr0Shadow] = cr0::kPg;
  CHECK(with_rax(m, 0, kCr0FromRax) == kCr);  // would clear PG in 64-bit mode
  m[Field::Cr4Mask] = bit(31);
  CHECK(with_rax(m, bit(31), kCr4FromRax) == kCr);  // reserved
  m.set(Control::Cr3LoadExiting);
  CHECK(with_rax(m, ~u64{0}, kCr3FromRax) == kCr);
}

// Catches CR8 that is the local APIC's with a TPR shadow, or exits that have changed it already.
TEST_CASE("CR8: load and store exiting, and the TPR shadow") {
  GuestMachine m;
  const std::initializer_list<u8> load{0x44, 0x0F, 0x22, 0xC0}, store{0x44, 0x0F, 0x20, 0xC3};  // RAX, RBX
  m.set(Control::UseTprShadow);
  m.poke<u32>(kVirtualApic + 0x80, 0x5A);
  CHECK(m.enter(store) == kHlt);
  CHECK(m.cpu().gpr[arch::kRbx] == 5);
  CHECK(with_rax(m, 7, load) == kHlt);
  CHECK(m.peek<u32>(kVirtualApic + 0x80) == 0x70);
  m.set(Control::Cr8LoadExiting);
  m.set(Control::Cr8StoreExiting);
  CHECK(with_rax(m, 3, load) == kCr);
  CHECK(m.qualification() == (8 | kMovTo | gpr(arch::kRax)));
  CHECK(m.peek<u32>(kVirtualApic + 0x80) == 0x70);
  CHECK(m.again(store) == kCr);
  CHECK(m.qualification() == (8 | kMovFrom | gpr(arch::kRbx)));
}

// Catches an exit of the threshold that is not behind the instruction, or comes though VTPR is not below.
TEST_CASE("a CR8 below the threshold exits behind the instruction") {
  GuestMachine m;
  m.set(Control::UseTprShadow);
  m.poke<u32>(kVirtualApic + 0x80, 0x50);
  m[Field::TprThreshold] = 4;
  const std::initializer_list<u8> load{0x44, 0x0F, 0x22, 0xC0, 0x90};
  CHECK(with_rax(m, 4, load) == kHlt);
  CHECK(with_rax(m, 3, load) == code_of(ExitReason::TprBelowThreshold));
  CHECK(m[Field::GuestRip] == kGuestCode + 4);
  CHECK(m.peek<u32>(kVirtualApic + 0x80) == 0x30);
}

// Catches a threshold that is not looked at by VM entry (27.7.7).
TEST_CASE("a VTPR below the threshold exits at once where APIC accesses are virtualized") {
  GuestMachine m;
  m.set(Control::UseTprShadow);
  m.set(Control::VirtualizeApicAccesses);
  m[Field::ApicAccessAddress] = 0x7'F000;
  m.poke<u32>(kVirtualApic + 0x80, 0x50);
  m[Field::TprThreshold] = 5;
  CHECK(m.enter({0x90}) == kHlt);
  m[Field::TprThreshold] = 6;
  CHECK(m.again({0x90}) == code_of(ExitReason::TprBelowThreshold));
  CHECK(m[Field::GuestRip] == kGuestCode);
}

// Catches an exit of MOV DR that comes after #UD, #GP or #DB.
TEST_CASE("MOV DR exits before every exception") {
  GuestMachine m;
  m[Field::GuestCr4] |= cr4::kDe;
  m[Field::ExceptionBitmap] = 0xFFFF'FFFF;
  CHECK(m.enter({0x0F, 0x21, 0xF0}) == kHlt);  // MOV RAX, DR6
  CHECK(m.again({0x0F, 0x21, 0xE0}) == 0);     // DR4: #UD under CR4.DE
  m.set(Control::MovDrExiting);
  CHECK(m.again({0x0F, 0x21, 0xE3}) == code_of(ExitReason::MovDr));
  CHECK(m.qualification() == (4 | bit(4) | gpr(arch::kRbx)));
  CHECK(m.again({0x41, 0x0F, 0x23, 0xF9}) == code_of(ExitReason::MovDr));  // MOV DR7, R9
  CHECK(m.qualification() == (7 | gpr(9)));
  m.guest_user();
  CHECK(m.again({0x0F, 0x21, 0xF0}) == code_of(ExitReason::MovDr));
}
