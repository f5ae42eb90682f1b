// Into the guest and out of it (SDM vol. 3, 27.3.2, 28.3 and 28.5): which registers move.
#include <array>
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "sim/arch/vmx_exit.hpp"

using namespace hvlab;
using namespace hvlab::test;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;
namespace efer = arch::efer;

// Catches a guest that does not run, or a host that does not come back where it said.
TEST_CASE("VMLAUNCH runs the guest until it exits, with and without EPT") {
  for (const bool with_ept : {false, true}) {
    GuestMachine m;
    if (with_ept) m.ept();
    CHECK(m.enter({0xB8, 42, 0, 0, 0}) == code_of(ExitReason::Hlt));  // MOV EAX, 42
    CHECK(m.cpu().gpr[arch::kRax] == 42);
    CHECK(m[Field::GuestRip] == kGuestCode + 5);
    CHECK(m.cpu().rip == kHostCode + 1);
    CHECK(m.cpu().gpr[arch::kRsp] == kStack);
    CHECK(m.cpu().guest == nullptr);
    CHECK(m.vmcs().launched == 1);
  }
}

// Catches a long-mode code segment (L = 1, D = 0) that is taken for 64-bit code outside IA-32e mode, where L
// does not count: it is 16-bit code, whose instruction pointer has 32 bits all the same (27.3.1.2, 28.3.3).
TEST_CASE("CS.L outside IA-32e mode is nothing: 16-bit code beyond FFFFh") {
  GuestMachine m;
  m.guest_protected();
  m.segment(arch::kCs, kCode64, 0, 0xFFFF'FFFF, 0xA09B);
  CHECK(m.enter({0x0F, 0x01, 0xC1}) == code_of(ExitReason::Vmcall));
  CHECK(m[Field::GuestRip] == kGuestCode);
  CHECK(m.length() == 3);
  CHECK(m[Field::GuestCsAccessRights] == 0xA09B);
  m.cpu().gpr[arch::kRax] = 0x1234'FFFF;
  CHECK(m.again({0x90, 0x40, 0x90}) == code_of(ExitReason::Hlt));  // INC AX
  CHECK(m.cpu().gpr[arch::kRax] == 0x1234'0000);
  CHECK(m[Field::GuestRip] == kGuestCode + 3);
}

// Catches a VMRESUME that needs more than the launch state.
TEST_CASE("VMRESUME goes on behind the exit") {
  GuestMachine m;
  m.enter({0xF4, 0xFF, 0xC0});  // HLT; INC EAX
  ++m[Field::GuestRip];
  m.cpu().gpr[arch::kRax] = 7;
  m.cpu().rip = kCode;
  m.cpu().activity = cpu::Activity::Active;
  m.run(std::span<const u8>(kVmresume));
  CHECK(m[Field::ExitReason] == code_of(ExitReason::Hlt));
  CHECK(m.cpu().gpr[arch::kRax] == 8);
}

// Catches each register of the guest that is not loaded, or not saved.
TEST_CASE("the guest's registers come from the VMCS and go back to it") {
  GuestMachine m;
  for (const Control c :
       {Control::EntryLoadEfer, Control::ExitSaveEfer, Control::EntryLoadPat, Control::ExitSavePat,
        Control::EntryLoadDebugControls, Control::ExitSaveDebugControls})
    m.set(c);
  m[Field::GuestCr0] = m[Field::GuestCr0] | cr0::kTs;
  m[Field::GuestCr4] = m[Field::GuestCr4] | cr4::kPge;
  m[Field::GuestEfer] &= ~efer::kNxe;
  m[Field::GuestPat] = 0x0606'0606'0606'0606;
  m[Field::GuestDr7] = 0x401;
  m[Field::GuestDebugCtl] = 2;
  m[Field::GuestSysenterCs] = 0x11;
  m[Field::GuestSysenterEsp] = 0x2222;
  m[Field::GuestSysenterEip] = 0x3333;
  m[Field::GuestEsBase + arch::kFs] = 0x1234'5678'9ABC;
  m[Field::GuestEsBase + arch::kGs] = ~u64{0xFFF};
  m[Field::GuestEsLimit + arch::kDs] = 0xFFFF;
  m[Field::GuestEsAccessRights + arch::kDs] = 0x4093;
  m.segment(GuestMachine::kLdtr, 0x50, 0x7000, 0x1F, 0x82);
  m[Field::GuestRflags] = 2 | arch::flag::kDf | arch::flag::kCf;
  arch::vmx::Vmcs before = m.vmcs();
  // RDMSR of IA32_SYSENTER_ESP; the rest shows in what is saved.
  CHECK(m.enter({0x90}) == code_of(ExitReason::Hlt));
  for (size_t n = 0; n < arch::vmx::kFields; ++n) {
    const auto f = static_cast<Field>(n);
    const arch::vmx::FieldRow& row = arch::vmx::row_of(f);
    if (row.type() != arch::vmx::FieldType::Guest || f == Field::GuestRip) continue;
    INFO(row.name);
    CHECK(m[f] == before[f]);
  }
  CHECK(m[Field::GuestRip] == kGuestCode + 1);
  // Registers that no field stands for are the guest's still.
  CHECK((m.cpu().cr0 & cr0::kTs) == 0);
  CHECK(m.cpu().pat == m[Field::GuestPat]);
}

// Catches guest values that a clear control lets through.
TEST_CASE("without their controls EFER, PAT and the debug controls stay the host's") {
  GuestMachine m;
  m[Field::GuestPat] = 0x0606'0606'0606'0606;
  m[Field::GuestDr7] = 0x401;
  m[Field::GuestDebugCtl] = 2;
  m[Field::GuestEfer] = 0;
  m.cpu().pat = 0x0007'0406'0007'0406;
  CHECK(m.enter({0x90}) == code_of(ExitReason::Hlt));
  CHECK(m.cpu().pat == 0x0007'0406'0007'0406);
  CHECK(m[Field::GuestDr7] == 0x401);  // not written
  CHECK(m[Field::GuestEfer] == 0);
  CHECK(m.cpu().efer == (efer::kSce | efer::kNxe | efer::kLma | efer::kLme));
}

// Catches host state that is the guest's.
TEST_CASE("the VM exit loads the host's registers with their fixed parts") {
  GuestMachine m;
  m.set(Control::EntryLoadDebugControls);
  m.set(Control::ExitLoadEfer);
  m.set(Control::ExitLoadPat);
  m[Field::GuestDr7] = 0x401;
  m[Field::GuestDebugCtl] = 2;
  m[Field::HostPat] = 0x0505'0505'0505'0505;
  m[Field::HostEfer] = efer::kLma | efer::kLme;
  m[Field::HostSysenterCs] = 0x44;
  m[Field::HostSysenterEsp] = 0x5555;
  m[Field::HostSysenterEip] = 0x6666;
  m[Field::HostFsBase] = 0x7777;
  m[Field::HostGsBase] = ~u64{0xFF};
  m[Field::HostEsSelector + arch::kDs] = 0;
  m[Field::GuestRflags] = 2 | arch::flag::kIf | arch::flag::kDf;
  CHECK(m.enter({0x90}) == code_of(ExitReason::Hlt));
  const cpu::Cpu& c = m.cpu();
  CHECK(c.cr0 == m[Field::HostCr0]);
  CHECK(c.cr3 == m[Field::HostCr3]);
  CHECK(c.cr4 == m[Field::HostCr4]);
  CHECK(c.dr7 == 0x400);
  CHECK(c.debug_ctl == 0);
  CHECK(c.pat == 0x0505'0505'0505'0505);
  CHECK(c.efer == (efer::kLma | efer::kLme));
  CHECK(c.sysenter_cs == 0x44);
  CHECK(c.sysenter_esp == 0x5555);
  CHECK(c.sysenter_eip == 0x6666);
  CHECK(c.seg[arch::kFs].base == 0x7777);
  CHECK(c.seg[arch::kGs].base == ~u64{0xFF});
  CHECK(!c.seg[arch::kDs].usable());
  CHECK(c.seg[arch::kEs].attributes == 0xC093);
  CHECK(c.seg[arch::kEs].limit == 0xFFFF'FFFF);
  CHECK(c.seg[arch::kCs].attributes == 0xA09B);
  CHECK(c.seg[arch::kCs].selector == kCode64);
  CHECK(c.tr.limit == 0x67);
  CHECK(c.tr.attributes == 0x8B);
  CHECK(!c.ldtr.usable());
  CHECK(c.gdtr.limit == 0xFFFF);
  CHECK(c.idtr.limit == 0xFFFF);
  CHECK(c.rflags() == 2);
  CHECK(c.cpl == 0);
}

// Catches CR0 bits that VM entry and VM exit may not touch.
TEST_CASE("ET, CD and NW of CR0 stay as they are") {
  GuestMachine m;
  m.cpu().cr0 |= cr0::kCd;
  m[Field::GuestCr0] |= cr0::kNw | cr0::kCd;
  m[Field::GuestCr0] &= ~cr0::kCd & ~cr0::kNw;
  m[Field::HostCr0] &= ~cr0::kCd;
  CHECK(m.enter({0x0F, 0x20, 0xC0}) == code_of(ExitReason::Hlt));  // MOV RAX, CR0
  CHECK((m.cpu().gpr[arch::kRax] & (cr0::kCd | cr0::kNw | cr0::kEt)) == (cr0::kCd | cr0::kEt));
  CHECK((m.cpu().cr0 & cr0::kCd) != 0);
}

// Catches an entry that fails but leaves something of the guest, or tells it in the wrong fields.
TEST_CASE("a guest state that is not valid is a failed entry") {
  GuestMachine m;
  m[Field::GuestRflags] = 0;  // bit 1 is fixed
  m[Field::EntryInterruptionInfo] = event_word(0, 0x41);
  m[Field::ExitInterruptionInfo] = 0x55;
  m[Field::GuestRsp] = 0x123;
  CHECK(m.enter({0x90}) == (bit(31) | 33));
  CHECK(m.qualification() == 0);
  CHECK(m.cpu().rip == kHostCode + 1);
  CHECK(m[Field::ExitInterruptionInfo] == 0x55);
  CHECK(m[Field::EntryInterruptionInfo] == event_word(0, 0x41));
  CHECK(m[Field::GuestRsp] == 0x123);
  CHECK(m.vmcs().launched == 0);
}

// Catches checks of controls and host state that do not end as VMfailValid behind the instruction.
TEST_CASE("controls or a host state that are not valid fail the instruction") {
  GuestMachine m;
  m[Field::PinBasedControls] = 0;
  CHECK(m.enter({0x90}) == GuestMachine::kNoExit);
  CHECK(m[Field::InstructionError] == 7);
  CHECK(m.cpu().flags.status() == arch::flag::kZf);
  CHECK(m.cpu().rip == kCode + 4);
  GuestMachine host;
  host[Field::HostCsSelector] = 0;
  CHECK(host.enter({0x90}) == GuestMachine::kNoExit);
  CHECK(host[Field::InstructionError] == 8);
}

// Catches a VMCS in no RAM, or hostile host fields, that upset more than the guest.
TEST_CASE("host fields changed while the guest runs lead into some mode of the processor") {
  GuestMachine m;
  // The guest fills the host-state area with ones: MOV RDI, host CR0; MOV ECX, count; MOV RAX, -1; REP STOSQ.
  const u64 at = kVmcs + 16 + static_cast<u64>(Field::HostCr0) * 8;
  const u32 count = static_cast<u32>(Field::Count) - static_cast<u32>(Field::HostCr0);
  CHECK(m.enter({0xBF, u8(at), u8(at >> 8), u8(at >> 16), u8(at >> 24), 0xB9, u8(count), 0,    0,    0,
                 0x48, 0xC7,   0xC0,        0xFF,         0xFF,         0xFF, 0xFF,      0xF3, 0x48, 0xAB},
                10'000) == code_of(ExitReason::Hlt));
  CHECK(m.cpu().guest == nullptr);
}

namespace {

constexpr u64 kArea = 0x7'B000;
constexpr u32 kKernelGsBase = 0xC000'0102;

void msr_entry(GuestMachine& m, u64 at, u32 number, u64 value) {
  m.poke<u64>(at, number);
  m.poke<u64>(at + 8, value);
}

}  // namespace

// Catches areas that are not processed, or at the wrong moment: stored before, loaded after the world moves.
TEST_CASE("MSR areas are loaded by VM entry, stored and loaded by VM exit") {
  GuestMachine m;
  msr_entry(m, kArea, kKernelGsBase, 0x1234);
  msr_entry(m, kArea + 0x100, kKernelGsBase, 0);
  msr_entry(m, kArea + 0x200, kKernelGsBase, 0x5678);
  m[Field::EntryMsrLoadAddress] = kArea;
  m[Field::ExitMsrStoreAddress] = kArea + 0x100;
  m[Field::ExitMsrLoadAddress] = kArea + 0x200;
  m[Field::EntryMsrLoadCount] = m[Field::ExitMsrStoreCount] = m[Field::ExitMsrLoadCount] = 1;
  CHECK(m.enter({0x0F, 0x01, 0xF8}) == code_of(ExitReason::Hlt));  // SWAPGS
  CHECK(m[Field::GuestEsBase + arch::kGs] == 0x1234);
  CHECK(m.peek<u64>(kArea + 0x108) == 0);
  CHECK(m.cpu().kernel_gs_base == 0x5678);
  m[Field::GuestEsBase + arch::kGs] = 0;
  CHECK(m.again({0x90}) == code_of(ExitReason::Hlt));
  CHECK(m.peek<u64>(kArea + 0x108) == 0x1234);
}

// Catches an MSR that cannot be loaded and is passed over (27.4, 27.8).
TEST_CASE("an MSR that VM entry cannot load is a failed entry with its number") {
  GuestMachine m;
  msr_entry(m, kArea, kKernelGsBase, 0x1234);
  msr_entry(m, kArea + 16, 0x1234'5678, 0);
  msr_entry(m, kArea + 0x200, kKernelGsBase, 0x5678);
  m[Field::EntryMsrLoadAddress] = kArea;
  m[Field::EntryMsrLoadCount] = 2;
  m[Field::ExitMsrLoadAddress] = kArea + 0x200;
  m[Field::ExitMsrLoadCount] = 1;
  CHECK(m.enter({0x90}) == (bit(31) | 34));
  CHECK(m.qualification() == 2);
  CHECK(m.cpu().kernel_gs_base == 0x5678);  // of the exit's area, as after any exit
  CHECK(m.cpu().guest == nullptr);
  CHECK(m.cpu().rip == kHostCode + 1);
  CHECK(m.vmcs().launched == 0);
}

// Catches areas that cost nothing, or the guest.
TEST_CASE("each MSR of the areas costs cycles, all of the world switch") {
  const auto world_switch = [](u64 entry, u64 stored, u64 loaded) {
    timing::Profile p = intel_everything();
    p.vm_entry = 100, p.vm_exit = 1000, p.msr_area_entry = 7;
    GuestMachine m(p);
    for (u64 at = kArea; at < kArea + 0x100; at += 16) msr_entry(m, at, kKernelGsBase, 0);
    for (const Field f : {Field::EntryMsrLoadAddress, Field::ExitMsrStoreAddress, Field::ExitMsrLoadAddress})
      m[f] = kArea;
    m[Field::EntryMsrLoadCount] = entry;
    m[Field::ExitMsrStoreCount] = stored;
    m[Field::ExitMsrLoadCount] = loaded;
    CHECK(m.enter({0x90}) == code_of(ExitReason::Hlt));
    return m.processor->ledger().total(observe::Account::WorldSwitch, m.processor->cycles());
  };
  const u64 none = world_switch(0, 0, 0);
  CHECK(none >= 1100);
  CHECK(world_switch(2, 0, 0) == none + 2 * 7);
  CHECK(world_switch(0, 3, 0) == none + 3 * 7);
  CHECK(world_switch(0, 0, 5) == none + 5 * 7);
}

namespace {

/// A copy of the tables that identity-map RAM, whose kData leads to the next page.
constexpr u64 kOtherTables = 0xC'0000;
void other_tables(GuestMachine& m) {
  for (u64 n = 0; n < 4; ++n) {
    const u64 from = n < 3 ? kTables + n * 0x1000 : m.pte_address(kData) & ~u64{0xFFF};
    std::memcpy(m.bus.ram.data() + kOtherTables + n * 0x1000, m.bus.ram.data() + from, 4096);
  }
  m.poke<u64>(kOtherTables, (kOtherTables + 0x1000) | 7);
  m.poke<u64>(kOtherTables + 0x1000, (kOtherTables + 0x2000) | 7);
  m.poke<u64>(kOtherTables + 0x2000 + (kData >> 21) * 8, (kOtherTables + 0x3000) | 7);
  m.poke<u64>(kOtherTables + 0x3000 + (kData >> 12 & 511) * 8, (kData + 4096) | 7);
}

}  // namespace

// Catches translations of the host that the guest uses, or the other way round (29.4.3.1): without VPIDs both
// have the same tag.
TEST_CASE("neither side sees the other's translations, with and without VPIDs") {
  for (const bool vpids : {false, true}) {
    INFO(vpids);
    GuestMachine m;
    m.set(Control::EnableVpid, vpids);
    m[Field::Vpid] = 1;
    other_tables(m);
    m[Field::GuestCr3] = kOtherTables;
    m.poke<u64>(kData, 0x1111);
    m.poke<u64>(kData + 4096, 0x2222);
    m.guest_code({0xA1, 0x00, 0x00, 0x30, 0, 0, 0, 0, 0, 0x89, 0xC3});  // MOV EAX, [kData]; MOV EBX, EAX
    m.write(kHostCode, std::array<u8, 10>{0xA1, 0x00, 0x00, 0x30, 0, 0, 0, 0, 0, 0xF4});
    m.cpu().rip = kCode;
    m.run({0xA1, 0x00, 0x00, 0x30, 0, 0, 0, 0, 0, 0x89, 0xC1, 0x0F, 0x01,
           0xC2});  // ...; MOV ECX, EAX; VMLAUNCH
    CHECK(m[Field::ExitReason] == code_of(ExitReason::Hlt));
    CHECK(m.cpu().gpr[arch::kRcx] == 0x1111);
    CHECK(m.cpu().gpr[arch::kRbx] == 0x2222);
    CHECK(m.cpu().gpr[arch::kRax] == 0x1111);
  }
}
