#include "hv-models/vmx/state.hpp"

#include <initializer_list>
#include "hv-models/hypervisor/identifiers.hpp"
#include "hv-models/hypervisor/permission_maps.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/vmx/capabilities.hpp"
#include "hv-models/vmx/instructions.hpp"
#include "hv-models/vmx/real_mode.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/msr.hpp"

#include "sim/arch/registers.hpp"

namespace hvlab::vmx {

using namespace arch::vmx;
using hypervisor::VirtualMachine;
using hypervisor::VirtualProcessor;

namespace {

// Access rights of flat segments (25.4.1).
constexpr u32 kCode32 = 0xc09b, kData32 = 0xc093, kCode16 = 0x009b, kData16 = 0x0093, kTask = 0x008b,
              kUnusable = 1u << 16;
constexpr u64 kResetPat = 0x0007'0406'0007'0406;

constexpr u32 kMovedMsrs[] = {arch::msr::kStar, arch::msr::kLstar, arch::msr::kCstar, arch::msr::kFmask,
                              arch::msr::kKernelGsBase};
static_assert(kMovedMsrs[kHostKernelGs] == arch::msr::kKernelGsBase);
constexpr unsigned kMoved = sizeof kMovedMsrs / sizeof *kMovedMsrs;

bool moves_efer_itself() {
  return can(Control::EntryLoadEfer) && can(Control::ExitLoadEfer) && can(Control::ExitSaveEfer);
}
bool moves_pat_itself() {
  return can(Control::EntryLoadPat) && can(Control::ExitLoadPat) && can(Control::ExitSavePat);
}
unsigned area_count() { return moves_efer_itself() ? kMoved : kMoved + 1; }

u32 word(Word w, std::initializer_list<Control> wanted, std::initializer_list<Control> welcome = {}) {
  u32 value = 0;
  for (const Control c : wanted) value |= bit_of(c);
  for (const Control c : welcome)
    if (can(c)) value |= bit_of(c);
  return settings(w, value);
}

u32 pin_based(const VirtualMachine& machine) {
  using enum Control;
  return machine.direct ? word(Word::PinBased, {NmiExiting}, {VirtualNmis})
                        : word(Word::PinBased, {ExternalInterruptExiting, NmiExiting}, {VirtualNmis});
}

u32 primary(const VirtualProcessor& vcpu) {
  using enum Control;
  u32 value = word(Word::Primary, {UseIoBitmaps, UseMsrBitmaps, MonitorExiting, MwaitExiting},
                   {ActivateSecondaryControls});
  if (!vcpu.machine->direct) value |= bit_of(HltExiting) | bit_of(RdpmcExiting);
  if (block(vcpu).virtual_apic != nullptr) value |= bit_of(UseTprShadow);
  const u32 control = bit_of(Cr3LoadExiting) | bit_of(Cr3StoreExiting) | bit_of(InvlpgExiting);
  return vcpu.shadow != nullptr ? value | control : value & ~control;
}

u32 secondary(const VirtualProcessor& vcpu) {
  using enum Control;
  u32 value = word(Word::Secondary, {}, {EnableRdtscp, EnableInvpcid});
  if (block(vcpu).vpid != 0) value |= bit_of(EnableVpid);
  if (vcpu.machine->tables != 0) value |= bit_of(EnableEpt) | bit_of(UnrestrictedGuest);
  if (!vcpu.machine->direct) value |= word(Word::Secondary, {}, {WbinvdExiting, PauseLoopExiting});
  return value;
}

u32 exit_controls() {
  using enum Control;
  return word(Word::Exit, {HostAddressSpaceSize}, {ExitSaveEfer, ExitLoadEfer, ExitSavePat, ExitLoadPat});
}
u32 entry_controls() {
  using enum Control;
  return word(Word::Entry, {}, {EntryLoadEfer, EntryLoadPat});
}

void fill_area(MsrEntry* area) {
  for (unsigned i = 0; i < kMoved; ++i) area[i].number = kMovedMsrs[i];
  area[kMoved].number = arch::msr::kEfer;
}

void write_segments(u32 code, u32 data, u32 limit) {
  for (unsigned n = 0; n < 6; ++n) {
    write(Field::GuestEsSelector + n, 0);
    write(Field::GuestEsLimit + n, limit);
    write(Field::GuestEsBase + n, 0);
    write(Field::GuestEsAccessRights + n, n == arch::kCs ? code : data);
  }
}

// 8.4.4.1 of SDM vol. 3 for real mode: after INIT, at the page that the start-up message names.
void write_beginning(VirtualProcessor& vcpu) {
  Block& b = block(vcpu);
  if (b.begin_real) {
    write_segments(kCode16, kData16, 0xffff);
    write(Field::GuestCsSelector, static_cast<u16>(b.begin_page << 8));
    write(Field::GuestCsBase, u64{b.begin_page} << 12);
  } else {
    write_segments(kCode32, kData32, ~u32{0});
  }
  write(Field::GuestTrLimit, 0xffff);
  write(Field::GuestTrAccessRights, kTask);
  write(Field::GuestLdtrAccessRights, kUnusable);
  for (const Field f :
       {Field::GuestGdtrBase, Field::GuestIdtrBase, Field::GuestTrBase, Field::GuestTrSelector,
        Field::GuestLdtrSelector, Field::GuestCr3, Field::GuestPendingDebug, Field::GuestActivity,
        Field::GuestDebugCtl, Field::GuestSysenterCs, Field::GuestSysenterEsp, Field::GuestSysenterEip})
    write(f, 0);
  write(Field::GuestGdtrLimit, 0xffff);
  write(Field::GuestIdtrLimit, 0xffff);
  write(Field::GuestDr7, arch::dr7::kFixed1);
  b.kept_interruptibility = ~u32{0};
  b.interruptibility = 0;
  b.rip = ~vcpu.registers.rip, b.rsp = ~vcpu.registers.gpr[arch::kRsp], b.rflags = ~vcpu.registers.rflags;
}

// What a guest may never have in CR0 and CR4 otherwise: see handle_control().
u64 own_cr0_bits() { return arch::cr0::kNe; }
u64 fixed_cr0(const VirtualProcessor& vcpu, bool unpaged) {
  constexpr u64 kProtection = arch::cr0::kPe | arch::cr0::kPg;
  const u64 fixed = capabilities().cr0_fixed0;
  return vcpu.machine->tables != 0 || unpaged ? fixed & ~kProtection : fixed;
}

void write_control_registers(VirtualProcessor& vcpu) {
  Block& b = block(vcpu);
  const hypervisor::Registers& r = vcpu.registers;
  const bool shadowed = vcpu.shadow != nullptr;
  const bool unpaged = shadowed && follow_real_mode(vcpu);
  const u64 value = unpaged ? r.cr0 : b.cr0;
  write(Field::GuestCr0, value | fixed_cr0(vcpu, unpaged));
  write(Field::GuestCr4, b.cr4 | capabilities().cr4_fixed0);
  // With shadow paging no bit is the guest's: it reads what it has written, and every change leaves it.
  write(Field::Cr0Mask, shadowed ? ~u64{0} : own_cr0_bits());
  write(Field::Cr4Mask, shadowed ? ~u64{0} : capabilities().cr4_fixed0);
  write(Field::Cr0Shadow, shadowed ? r.cr0 : b.cr0);
  write(Field::Cr4Shadow, shadowed ? r.cr4 : b.cr4);
}

void write_efer_now(VirtualProcessor& vcpu) {
  Block& b = block(vcpu);
  const u64 mode = bit_of(Control::Ia32eModeGuest);
  const u64 controls = (b.entry_controls & ~mode) | ((b.efer & arch::efer::kLma) != 0 ? mode : 0);
  write(Field::EntryControls, b.entry_controls = controls);
  if (moves_efer_itself())
    write(Field::GuestEfer, b.efer);
  else
    b.guest_msrs[kMoved].value = b.efer;
}

}  // namespace

bool allocate_pages_of(Block& b, const VirtualMachine& machine) {
  b.guest_msrs = static_cast<MsrEntry*>(runtime::allocate_zeroed_page());
  b.host_msrs = static_cast<MsrEntry*>(runtime::allocate_zeroed_page());
  const bool shadows_priority = !machine.direct && can(Control::UseTprShadow);
  if (shadows_priority) b.virtual_apic = static_cast<u8*>(runtime::allocate_zeroed_page());
  // Translations of a machine's processors differ (INVLPG, CR3), so each has an identifier of its own.
  if (can(Control::EnableVpid)) b.vpid = hypervisor::take_identifier(0x1'0000);
  if (machine.tables != 0) b.eptp = eptp_of(machine.tables);
  return b.guest_msrs != nullptr && b.host_msrs != nullptr &&
         (!shadows_priority || b.virtual_apic != nullptr) && (!can(Control::EnableVpid) || b.vpid != 0);
}

void free_pages_of(Block& b) {
  hypervisor::give_back_identifier(b.vpid);
  for (void* page : {static_cast<void*>(b.guest_msrs), static_cast<void*>(b.host_msrs),
                     static_cast<void*>(b.virtual_apic)})
    if (page != nullptr) runtime::free_pages(page);
}

void write_controls(VirtualProcessor& vcpu) {
  Block& b = block(vcpu);
  const VirtualMachine& machine = *vcpu.machine;
  b.ready = true;
  b.entry_controls = entry_controls();
  write(Field::PinBasedControls, pin_based(machine));
  write(Field::PrimaryControls, b.primary = primary(vcpu));
  if (can(Control::ActivateSecondaryControls)) write(Field::SecondaryControls, secondary(vcpu));
  write(Field::ExitControls, exit_controls());
  write(Field::EntryControls, b.entry_controls);
  write(Field::ExceptionBitmap,
        vcpu.shadow != nullptr ? bit(static_cast<unsigned>(arch::Exception::PageFault)) : 0);
  const u64 ports = hypervisor::port_map_of(machine);
  write(Field::IoBitmapA, ports);
  write(Field::IoBitmapB, ports + 4096);
  write(Field::MsrBitmaps, hypervisor::msr_map_of(machine));
  write(Field::VmcsLinkPointer, kNoVmcs);
  fill_area(b.guest_msrs);
  fill_area(b.host_msrs);
  write(Field::EntryMsrLoadAddress, runtime::physical(b.guest_msrs));
  write(Field::ExitMsrStoreAddress, runtime::physical(b.guest_msrs));
  write(Field::ExitMsrLoadAddress, runtime::physical(b.host_msrs));
  for (const Field f : {Field::EntryMsrLoadCount, Field::ExitMsrStoreCount, Field::ExitMsrLoadCount})
    write(f, area_count());
  if (b.virtual_apic != nullptr) write(Field::VirtualApicAddress, runtime::physical(b.virtual_apic));
  if (b.vpid != 0) write(Field::Vpid, b.vpid);
  if (b.eptp != 0) write(Field::Eptp, b.eptp);
  constexpr u64 kGap = 128, kWindow = 4096;  // cycles between PAUSEs of one loop; of the whole loop
  if (!machine.direct && can(Control::PauseLoopExiting)) {
    write(Field::PleGap, kGap);
    write(Field::PleWindow, kWindow);
  }
}

void take_host(Block& b) {
  write_host_state();
  for (unsigned i = 0; i < area_count(); ++i) b.host_msrs[i].value = runtime::read_msr(b.host_msrs[i].number);
}

void write_changes(VirtualProcessor& vcpu) {
  Block& b = block(vcpu);
  const auto take = [&](Change c) {
    bool& set = changed(b, c);
    return set ? (set = false, true) : false;
  };
  if (take(Change::Beginning)) write_beginning(vcpu);
  // With shadow paging the guest's own registers are what it reads.
  const bool control = take(Change::Control);
  if (control || vcpu.shadow != nullptr) write_control_registers(vcpu);
  if (take(Change::Tables)) write(Field::GuestCr3, b.cr3);
  if (take(Change::Efer)) write_efer_now(vcpu);
  if (take(Change::Pat) && moves_pat_itself()) write(Field::GuestPat, b.pat);
}

namespace {

void begin(VirtualProcessor& vcpu, u64 cr0) {
  Block& b = block(vcpu);
  b.cr0 = cr0;
  b.cr4 = b.efer = b.cr3 = 0;
  b.pat = kResetPat;
  b.event = 0;
  for (bool& each : b.written) each = true;
  changed(b, Change::Tables) = false;  // write_beginning() does it
  vcpu.registers = {};
  vcpu.registers.cr0 = cr0;
}

}  // namespace

void set_protected_mode(VirtualProcessor& vcpu, u32 entry, u32 ebx) {
  begin(vcpu, arch::cr0::kPe | arch::cr0::kEt);
  block(vcpu).begin_real = false;
  vcpu.registers.rip = entry;
  vcpu.registers.gpr[arch::kRbx] = ebx;
}

void set_real_mode(VirtualProcessor& vcpu, u8 page) {
  begin(vcpu, arch::cr0::kEt);
  block(vcpu).begin_real = true;
  block(vcpu).begin_page = page;
}

}  // namespace hvlab::vmx
