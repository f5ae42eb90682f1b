// A processor in VMX operation and a VMCS that passes every check of VM entry with nearly every control set,
// so that a test changes one thing and sees one rule object.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "machine_code.hpp"
#include "sim/vmx/checks.hpp"

namespace hvlab::test {

using arch::vmx::Control;
using arch::vmx::Field;
using vmx::Verdict;
using arch::vmx::operator+;

inline constexpr u64 kWidth = 40;  // physical-address bits
inline constexpr u64 kApicPage = 0x1000, kShadowVmcs = 0x2000, kOwnVmcs = 0x3000, kPdptes = 0x4020;

class EntryMachine {
 public:
  FlatBus bus{0x8000};
  std::unique_ptr<cpu::Cpu> cpu = std::make_unique<cpu::Cpu>();
  arch::vmx::Vmcs vmcs{};

  EntryMachine() {
    processor();
    controls();
    host();
    guest();
    poke<u32>(kShadowVmcs, cpu->vmx.revision | arch::vmx::kShadowIndicator);
  }

  u64& operator[](Field f) { return vmcs[f]; }
  void set(Control c, bool on = true) {
    constexpr Field kWordField[] = {Field::PinBasedControls, Field::PrimaryControls, Field::ExitControls,
                                    Field::EntryControls, Field::SecondaryControls};
    u64& word = vmcs[kWordField[static_cast<size_t>(arch::vmx::word_of(c))]];
    word = on ? word | arch::vmx::bit_of(c) : word & ~u64{arch::vmx::bit_of(c)};
  }
  void clear(std::initializer_list<Control> list) {
    for (const Control c : list) set(c, false);
  }
  /// The processor does not have control `c`.
  void lacks(Control c) {
    cpu->vmx.allowed1[static_cast<size_t>(arch::vmx::word_of(c))] &= ~arch::vmx::bit_of(c);
  }
  void inject(u32 type, u32 vector, u32 more = 0) {
    vmcs[Field::EntryInterruptionInfo] = arch::vmx::interruption::kValid | type << 8 | vector | more;
  }
  u64& rights(unsigned segment) { return vmcs[Field::GuestEsAccessRights + segment]; }
  u64& selector(unsigned segment) { return vmcs[Field::GuestEsSelector + segment]; }
  u64& limit(unsigned segment) { return vmcs[Field::GuestEsLimit + segment]; }
  u64& base(unsigned segment) { return vmcs[Field::GuestEsBase + segment]; }
  template <class T>
  void poke(u64 address, T value) {
    std::memcpy(bus.ram.data() + address, &value, sizeof value);
  }

  arch::vmx::Controls words() const { return vmx::controls_of(vmcs); }
  /// `ask` with what the checks look at.
  template <class Ask>
  auto with_state(Ask ask) const {
    const arch::vmx::Controls c = words();
    return ask(vmx::EntryState{*cpu, vmcs, c, kOwnVmcs});
  }
  /// The verdict of all checks, as VM entry comes to it.
  Verdict verdict() const {
    return with_state([](const vmx::EntryState& e) {
      const Verdict first = vmx::check_controls_and_host(e);
      return first.pass() ? vmx::check_guest(e) : first;
    });
  }

  // --- other guests than the 64-bit one ---

  /// 32-bit protected mode with 32-bit paging.
  void protected_guest() {
    set(Control::Ia32eModeGuest, false);
    vmcs[Field::GuestEfer] = 0;
    vmcs[Field::GuestCr4] &= ~(arch::cr4::kPae | arch::cr4::kPcide);
    vmcs[Field::GuestRip] = 0x1000;
    rights(arch::kCs) = 0xC09B;
  }
  /// ... with PAE paging.
  void pae_guest() {
    protected_guest();
    vmcs[Field::GuestCr4] |= arch::cr4::kPae;
  }
  void virtual_8086_guest() {
    protected_guest();
    vmcs[Field::GuestRflags] |= arch::flag::kVm;
    for (unsigned n = arch::kEs; n <= arch::kGs; ++n)
      selector(n) = 0x1234, base(n) = 0x12340, limit(n) = 0xFFFF, rights(n) = 0xF3;
  }
  /// A real-mode guest, which must be an unrestricted one.
  void real_guest() {
    protected_guest();
    set(Control::UnrestrictedGuest);
    vmcs[Field::GuestCr0] &= ~(arch::cr0::kPe | arch::cr0::kPg);
    rights(arch::kCs) = 0x93;
    limit(arch::kCs) = 0xFFFF;
  }
  void user_guest() {
    for (unsigned n = arch::kEs; n <= arch::kGs; ++n) selector(n) |= 3, rights(n) |= 0x60;
  }

 private:
  void processor() {
    cpu::Cpu& c = *cpu;
    c.bus = &bus;
    for (size_t n = 0; n < static_cast<size_t>(arch::Feature::Count); ++n) c.features.set(n);
    c.identity.physical_address_bits = kWidth;
    c.efer = arch::efer::kLme | arch::efer::kLma;
    c.vmx_operation = true;
    arch::vmx::Capabilities& v = c.vmx;
    v.revision = 0x1234;
    v.true_controls = true;
    std::vector<Control> all;
    for (size_t n = 0; n < arch::vmx::kControls; ++n) all.push_back(static_cast<Control>(n));
    arch::vmx::allow_controls(v, all.data(), all.size());
    v.misc = arch::vmx::misc::kHlt | arch::vmx::misc::kShutdown | arch::vmx::misc::kWaitForSipi |
             arch::vmx::misc::kShortInjection | u64{4} << arch::vmx::misc::kCr3TargetsShift;
    namespace ept_vpid = arch::vmx::ept_vpid;
    v.ept_vpid = ept_vpid::kWalk4 | ept_vpid::kUncacheable | ept_vpid::kWriteBack | ept_vpid::kAccessedDirty;
    v.vm_functions = 1;
    v.cr4_fixed1 = 0x37'27FF;
  }
  void controls() {
    using enum Control;
    for (size_t n = 0; n < arch::vmx::kControls; ++n) set(static_cast<Control>(n));
    clear({VirtualizeX2apicMode, UnrestrictedGuest, EntryToSmm, DeactivateDualMonitor});
    vmcs[Field::PinBasedControls] |= cpu->vmx.allowed0[0];
    vmcs[Field::PrimaryControls] |= cpu->vmx.allowed0[1];
    vmcs[Field::ExitControls] |= cpu->vmx.allowed0[2];
    vmcs[Field::EntryControls] |= cpu->vmx.allowed0[3];
    u64 page = 0x10'0000;
    for (const Field f : {Field::IoBitmapA, Field::IoBitmapB, Field::MsrBitmaps, Field::ApicAccessAddress,
                          Field::PostedInterruptDescriptor, Field::PmlAddress, Field::EptpListAddress,
                          Field::VmreadBitmap, Field::VmwriteBitmap, Field::VeInformationAddress,
                          Field::ExitMsrStoreAddress, Field::ExitMsrLoadAddress, Field::EntryMsrLoadAddress})
      vmcs[f] = page, page += 0x1000;
    vmcs[Field::VirtualApicAddress] = kApicPage;
    vmcs[Field::PostedInterruptVector] = 0xF2;
    vmcs[Field::Vpid] = 1;
    vmcs[Field::Eptp] = 0x20'0000 | 1 << 6 | 3 << 3 | 6;
    vmcs[Field::VmFunctionControls] = 1;
    vmcs[Field::TscMultiplier] = bit(48);
    for (const Field f : {Field::ExitMsrStoreCount, Field::ExitMsrLoadCount, Field::EntryMsrLoadCount})
      vmcs[f] = 2;
  }
  void host() {
    vmcs[Field::HostCr0] = 0x8005'0033;
    vmcs[Field::HostCr3] = 0x30'0000;
    vmcs[Field::HostCr4] = arch::cr4::kPae | arch::cr4::kVmxe | arch::cr4::kPcide;
    vmcs[Field::HostPat] = 0x0007'0406'0007'0406;
    vmcs[Field::HostEfer] = arch::efer::kSce | arch::efer::kLme | arch::efer::kLma | arch::efer::kNxe;
    for (unsigned n = 0; n < 7; ++n) vmcs[Field::HostEsSelector + n] = 0x10;
    vmcs[Field::HostRip] = 0xFFFF'8000'0000'1000;
  }
  void guest() {
    vmcs[Field::GuestCr0] = 0x8005'0033;
    vmcs[Field::GuestCr3] = kPdptes;
    vmcs[Field::GuestCr4] = arch::cr4::kPae | arch::cr4::kVmxe | arch::cr4::kPcide;
    vmcs[Field::GuestPat] = 0x0007'0406'0007'0406;
    vmcs[Field::GuestEfer] = vmcs[Field::HostEfer];
    vmcs[Field::GuestDr7] = 0x400;
    vmcs[Field::GuestRip] = 0xFFFF'8000'0000'1000;
    vmcs[Field::GuestRflags] = 0x202;
    vmcs[Field::VmcsLinkPointer] = kShadowVmcs;
    for (unsigned n = arch::kEs; n <= arch::kGs; ++n)
      selector(n) = 0x10, limit(n) = 0xFFFF'FFFF, rights(n) = n == arch::kCs ? 0xA09B : 0xC093;
    selector(vmx::kLdtr) = 0x30, limit(vmx::kLdtr) = 0x67, rights(vmx::kLdtr) = 0x82;
    selector(vmx::kTr) = 0x40, limit(vmx::kTr) = 0x67, rights(vmx::kTr) = 0x8B;
  }
};

using Change = void (*)(EntryMachine&);
inline void nothing(EntryMachine&) {}

/// One rule of the manual: a state that only just holds and one that does not.
struct Row {
  std::string_view rule;
  Change good, bad;
  bool hidden = false;  // another rule objects first, whatever one does
};
/// A state at the edge of a rule, on one side or the other.
struct Edge {
  const char* name;
  Change change;
  bool passes;
};

/// Tries every row, and that the rows are the section's list, in its order.
template <size_t N>
void try_section(std::string_view section, std::span<const vmx::Check> checks, const Row (&rows)[N],
                 Verdict::Kind kind, arch::vmx::Error error) {
  REQUIRE(checks.size() == N);
  for (size_t n = 0; n < N; ++n) {
    const Row& row = rows[n];
    INFO(section << ": " << row.rule);
    REQUIRE(checks[n].rule == row.rule);
    EntryMachine good;
    row.good(good);
    INFO(std::string(good.verdict().rule));
    CHECK(good.verdict().pass());
    EntryMachine bad;
    row.bad(bad);
    CHECK(!bad.with_state(checks[n].holds));
    const Verdict v = bad.verdict();
    CHECK(!v.pass());
    if (row.hidden) continue;
    CHECK(v.kind == kind);
    CHECK(v.error == error);
    CHECK(v.section == section);
    CHECK(v.rule == row.rule);
    CHECK(v.qualification == checks[n].qualification);
  }
}

template <size_t N>
void try_edges(const Edge (&edges)[N]) {
  for (const Edge& edge : edges) {
    INFO(edge.name);
    EntryMachine m;
    edge.change(m);
    INFO(std::string(m.verdict().rule));
    CHECK(m.verdict().pass() == edge.passes);
  }
}

}  // namespace hvlab::test
