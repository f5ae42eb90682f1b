#include "sim/execute/reset.hpp"

#include <algorithm>
#include <cstring>

#include "sim/base/check.hpp"
#include "sim/control/control_registers.hpp"
#include "sim/mmu/access.hpp"

namespace hvlab::execute {

using namespace arch;
using cpu::Activity;
using cpu::Cpu;

namespace {

cpu::SegmentRegister real_segment(u16 selector, u64 base, u32 type) {
  return {.base = base,
          .limit = 0xFFFF,
          .attributes = attribute::kPresent | attribute::kNonSystem | attribute::kAccessed | type,
          .selector = selector};
}

/// What INIT and power-up have in common.
void reset_common(Cpu& cpu) {
  const u64 kept = cpu.cr0 & (cr0::kCd | cr0::kNw);
  for (u64& r : cpu.gpr) r = 0;
  cpu.gpr[kRdx] = (cpu.identity.stepping & 15) | ((cpu.identity.model & 15) << 4) |
                  (std::min(cpu.identity.family, 15u) << 8) | ((cpu.identity.model >> 4) << 16) |
                  ((cpu.identity.family > 15 ? cpu.identity.family - 15 : 0) << 20);
  cpu.set_rflags(0);
  cpu.rip = 0xFFF0;
  for (cpu::SegmentRegister& s : cpu.seg) s = real_segment(0, 0, attribute::kWritable);
  cpu.seg[kCs] = real_segment(0xF000, 0xFFFF'0000, attribute::kCode | attribute::kReadable);
  cpu.ldtr = {.base = 0, .limit = 0xFFFF, .attributes = attribute::kPresent | 2, .selector = 0};
  cpu.tr = {.base = 0, .limit = 0xFFFF, .attributes = attribute::kPresent | 11, .selector = 0};
  cpu.gdtr = cpu.idtr = {};
  cpu.cr0 = cr0::kEt | kept;
  cpu.cr2 = cpu.cr3 = cpu.cr4 = cpu.efer = 0;
  for (u64& d : cpu.dr) d = 0;
  cpu.dr6 = dr6::kFixed1;
  cpu.dr7 = dr7::kFixed1;
  cpu.cpl = 0;
  cpu.pending_debug = 0;
  cpu.nmi_pending = cpu.nmi_latched = cpu.smi_pending = cpu.nmi_blocked = cpu.sti_shadow = cpu.mov_ss_shadow =
      cpu.monitor_armed = false;
  cpu.gif = true;
  cpu.asid = 0;
  cpu.guest = nullptr;
  cpu.intercepted = cpu.undefined = cpu.guest_tsc_offset = 0;
  cpu.host_masks = cpu.virtual_interrupt = cpu.hypervisor = cpu.is_delivering = false;
  cpu.vmx_operation = false;  // which INIT does not reach: see take_event
  cpu.second_stage = {};
  mmu::flush_every_asid(cpu);
  mmu::select_address_space(cpu);
  cpu.activity = cpu.index == 0 ? Activity::Active : Activity::WaitForSipi;
}

template <size_t N>
void copy_text(char (&to)[N], const std::string& from) {
  const size_t n = std::min(from.size(), N - 1);
  std::memcpy(to, from.data(), n);
  to[n] = '\0';
}

}  // namespace

void configure(Cpu& cpu, const Processor::Setup& setup) {
  const timing::Profile& p = *setup.profile;
  cpu.index = setup.index;
  cpu.count = setup.count;
  cpu.bus = setup.bus;
  cpu.apic = setup.apic;
  cpu.observer = setup.observer;
  cpu.latest_cycle = setup.latest_cycle;
  cpu.vmm = observe::VmmView(setup.vmm_spaces);
  cpu.random_state = setup.seed ^ (u64{setup.index} << 56);
  cpu.costs = {p.page_walk_reference,
               p.exception_delivery,
               p.interrupt_delivery,
               p.port_access,
               p.mmio_access,
               p.apic_access,
               p.vm_entry,
               p.vm_exit,
               p.msr_area_entry,
               p.cost[static_cast<size_t>(decode::CostClass::StringUnit)]};
  copy_text(cpu.identity.vendor, p.vendor);
  copy_text(cpu.identity.brand, p.brand);
  cpu.identity.family = p.family;
  cpu.identity.model = p.model;
  cpu.identity.stepping = p.stepping;
  // Intel's is in the upper half (SDM vol. 3, 10.11.7.1), AMD's in the lower (PATCH_LEVEL).
  cpu.microcode_signature = p.vendor == "GenuineIntel" ? u64{p.microcode} << 32 : p.microcode;
  cpu.identity.physical_address_bits = p.physical_address_bits;
  cpu.identity.frequency_hz = p.frequency_hz;
  cpu.identity.crystal_hz = p.apic_timer_hz;
  cpu.leaves = p.leaves;
  cpu.features.set(static_cast<size_t>(Feature::Base));
  for (const std::string& name : p.features)
    if (const auto feature = feature_by_name(name)) cpu.features.set(static_cast<size_t>(*feature));
  // A processor has one kind of virtualization: see Cpu::virtualization.
  HVLAB_CHECK(!cpu.has(Feature::Svm) || !cpu.has(Feature::Vmx));
  cpu.vmx = p.vmx;
  cpu.vmx.cr4_fixed1 = control::cr4_supported(cpu);
}

void power_up(Cpu& cpu) {
  cpu.cr0 = cr0::kCd | cr0::kNw;
  reset_common(cpu);
}

void init_reset(Cpu& cpu) {
  reset_common(cpu);
  if (cpu.apic != nullptr) cpu.apic->reset_by_init();
  if (!cpu.sipi_pending) return;
  cpu.sipi_pending = false;
  if (cpu.activity == Activity::WaitForSipi) start_up(cpu, cpu.sipi_vector);
}

void start_up(Cpu& cpu, u8 vector) {
  cpu.seg[kCs].selector = static_cast<u16>(vector << 8);
  cpu.seg[kCs].base = u64{vector} << 12;
  cpu.rip = 0;
  cpu.activity = Activity::Active;
  cpu.refresh();
}

}  // namespace hvlab::execute
