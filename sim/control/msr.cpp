#include "sim/control/msr.hpp"

#include <algorithm>

#include "sim/arch/msr.hpp"
#include "sim/control/control_registers.hpp"
#include "sim/cpu/cpuid.hpp"
#include "sim/cpu/performance.hpp"

namespace hvlab::control {

using arch::Feature;
using cpu::State;
namespace msr = arch::msr;

namespace {

// --- where a register exists ---

bool any(const Cpu&) { return true; }
bool never(const Cpu&) { return false; }
bool intel(const Cpu& cpu) { return cpu::vendor(cpu) == cpu::Vendor::Intel; }
bool amd(const Cpu& cpu) { return !intel(cpu); }
template <Feature F>
bool with(const Cpu& cpu) {
  return cpu.has(F);
}
bool has_efer(const Cpu& cpu) {
  return cpu.has(Feature::Lm) || cpu.has(Feature::Nx) || cpu.has(Feature::Syscall);
}

// --- registers without behaviour ---

bool read_zero(Cpu&, u32, u64& value) { return value = 0, true; }
bool deny_read(Cpu&, u32, u64&) { return false; }
bool ignore(Cpu&, u32, u64) { return true; }
bool deny(Cpu&, u32, u64) { return false; }
bool must_be_zero(Cpu&, u32, u64 value) { return value == 0; }

template <u64 State::* Word>
bool read_word(Cpu& cpu, u32, u64& value) {
  return value = cpu.*Word, true;
}
template <u64 State::* Word>
bool write_word(Cpu& cpu, u32, u64 value) {
  return cpu.*Word = value, true;
}
/// The upper half is ignored (SYSENTER_CS), or must be 0.
template <u64 State::* Word>
bool write_low(Cpu& cpu, u32, u64 value) {
  return cpu.*Word = static_cast<u32>(value), true;
}
template <u64 State::* Word>
bool write_low32(Cpu& cpu, u32, u64 value) {
  if ((value >> 32) != 0) return false;
  return cpu.*Word = value, true;
}
template <u64 State::* Word>
bool write_address(Cpu& cpu, u32, u64 value) {
  if (!cpu::canonical(value)) return false;
  return cpu.*Word = value, true;
}

/// SYSENTER_ESP and SYSENTER_EIP: 64 bits where long mode has SYSENTER; AMD's have 32, and ignore the rest.
template <u64 State::* Word>
bool write_entry(Cpu& cpu, u32 address, u64 value) {
  return amd(cpu) ? write_low<Word>(cpu, address, value) : write_address<Word>(cpu, address, value);
}

// --- time, APIC, modes ---

bool read_tsc(Cpu& cpu, u32, u64& value) { return value = time_stamp(cpu), true; }
bool write_tsc(Cpu& cpu, u32, u64 value) {
  // A guest of VMX writes the processor's counter, of which it reads another value.
  const u64 now = cpu.vmx_operation ? host_time_stamp(cpu) : time_stamp(cpu);
  const u64 delta = value - now;
  cpu.tsc_offset += delta;
  cpu.tsc_adjust += delta;
  if (cpu.apic != nullptr) cpu.apic->tsc_changed();
  return true;
}
bool read_apic_base(Cpu& cpu, u32, u64& value) {
  if (cpu.apic == nullptr) return false;
  return value = cpu.apic->base_msr(), true;
}
bool write_apic_base(Cpu& cpu, u32, u64 value) {
  if (cpu.apic == nullptr || (value >> cpu.identity.physical_address_bits) != 0) return false;
  constexpr u64 kX2apic = bit(10);  // reserved where there is none (SDM vol. 3, 11.12.1)
  if ((value & kX2apic) != 0 && !cpu.has(Feature::X2apic)) return false;
  if (!cpu.apic->set_base_msr(value)) return false;
  mmu::flush_every_asid(cpu);  // where the register page lies, or whether there is one, may have changed
  return true;
}
bool read_apic(Cpu& cpu, u32 address, u64& value) {
  return cpu.apic != nullptr && cpu.apic->msr_read(address, value);
}
bool write_apic(Cpu& cpu, u32 address, u64 value) {
  return cpu.apic != nullptr && cpu.apic->msr_write(address, value);
}
bool write_extended_features(Cpu& cpu, u32, u64 value) { return write_efer(cpu, value); }

bool read_segment_base(Cpu& cpu, u32 address, u64& value) {
  return value = cpu.seg[address == msr::kFsBase ? arch::kFs : arch::kGs].base, true;
}
bool write_segment_base(Cpu& cpu, u32 address, u64 value) {
  if (!cpu::canonical(value)) return false;
  return cpu.seg[address == msr::kFsBase ? arch::kFs : arch::kGs].base = value, true;
}

/// IA32_MISC_ENABLE: fast strings, and what this processor reports as not available (BTS, PEBS).
bool write_misc_enable(Cpu& cpu, u32, u64 value) {
  u64 writable = bit(0) | bit(3) | bit(16) | bit(18) | bit(22) | bit(34);
  if (cpu.has(Feature::Xtpr)) writable |= bit(23);  // messages of the task priority, which nobody hears
  cpu.misc_enable = (cpu.misc_enable & ~writable) | (value & writable);
  return true;
}
/// State components that XSAVES saves besides those of XCR0: there are none (processor trace, CET and so on
/// are not modelled).
bool write_supervisor_components(Cpu& cpu, u32, u64 value) {
  constexpr u64 kSupported = 0;
  if ((value & ~kSupported) != 0) return false;
  return cpu.xss = value, true;
}
/// The four branch records (APM vol. 2, 13.1.1.6), read-only. Intel's of this generation lie elsewhere.
bool read_branch_record(Cpu& cpu, u32 address, u64& value) {
  const u64 records[] = {cpu.last_branch_from, cpu.last_branch_to, cpu.last_interrupt_from,
                         cpu.last_interrupt_to};
  return value = intel(cpu) ? 0 : records[address - 0x1DB], true;
}
bool write_branch_record(Cpu& cpu, u32, u64) { return intel(cpu); }
/// LBR and BTF; trace messages and branch stores do not exist.
bool write_debug_ctl(Cpu& cpu, u32, u64 value) {
  const u64 supported = intel(cpu) ? msr::kDebugCtlLbr | msr::kDebugCtlBtf : 0x3F;
  if ((value & ~supported) != 0) return false;
  return cpu.debug_ctl = value, true;
}

// --- Intel's VMX ---

/// Where there is no VMX: locked, and all off.
bool read_feature_control(Cpu& cpu, u32, u64& value) {
  return value = cpu.has(Feature::Vmx) ? cpu.feature_control : arch::vmx::feature_control::kLock, true;
}
/// VMX outside SMX is all that there is to switch on, and the lock is for good.
bool write_feature_control(Cpu& cpu, u32, u64 value) {
  using namespace arch::vmx::feature_control;
  if (!cpu.has(Feature::Vmx) || (cpu.feature_control & kLock) != 0) return false;
  if ((value & ~(kLock | kVmxonOutsideSmx)) != 0) return false;
  return cpu.feature_control = value, true;
}
bool read_vmx_capability(Cpu& cpu, u32 address, u64& value) {
  return arch::vmx::capability_msr(cpu.vmx, address, value);
}

// --- speculation: nothing here is executed before its time, so that the controls have nothing to hold back
// ---

bool has_spec_ctrl(const Cpu& cpu) {
  return cpu.has(Feature::SpecCtrl) || cpu.has(Feature::AmdIbrs) || cpu.has(Feature::AmdStibp) ||
         cpu.has(Feature::AmdSsbd);
}
bool has_pred_cmd(const Cpu& cpu) { return cpu.has(Feature::SpecCtrl) || cpu.has(Feature::AmdIbpb); }
bool write_spec_ctrl(Cpu& cpu, u32, u64 value) {
  u64 supported = 0;
  if (cpu.has(Feature::SpecCtrl) || cpu.has(Feature::AmdIbrs)) supported |= bit(0);
  if (cpu.has(Feature::Stibp) || cpu.has(Feature::AmdStibp)) supported |= bit(1);
  if (cpu.has(Feature::Ssbd) || cpu.has(Feature::AmdSsbd)) supported |= bit(2);
  if ((value & ~supported) != 0) return false;
  return cpu.spec_ctrl = value, true;
}
/// Commands: write-only, bit 0 alone.
bool write_command(Cpu&, u32, u64 value) { return (value & ~u64{1}) == 0; }

// --- microcode ---

bool read_microcode(Cpu& cpu, u32, u64& value) { return value = cpu.microcode_signature, true; }
/// Software writes 0, executes CPUID 1 and reads the signature back; on AMD's the register is read-only.
bool write_microcode(Cpu& cpu, u32, u64) { return intel(cpu); }

bool read_platform_info(Cpu& cpu, u32, u64& value) {
  const u64 ratio = cpu.identity.frequency_hz / 100'000'000;  // in bus clocks of 100 MHz
  return value = (ratio & 0xFF) << 8 | (ratio & 0xFF) << 40, true;
}

/// States of the package, which is never in another than C0: firmware has set that limit, and locked it.
bool has_package_states(const Cpu& cpu) {
  return intel(cpu) && cpu.identity.family == 6 && cpu.identity.model >= 0x1A;
}
bool read_package_states(Cpu&, u32, u64& value) { return value = bit(15), true; }

// --- machine check: no bank ever holds an error ---

constexpr unsigned kBanks = std::size(State{}.mc_ctl);
bool read_mcg_cap(Cpu&, u32, u64& value) { return value = kBanks | bit(8), true; }  // MCG_CTL_P
bool write_mcg_status(Cpu& cpu, u32, u64 value) {
  if ((value & ~u64{7}) != 0) return false;
  return cpu.mcg_status = value, true;
}
/// MCi_CTL is kept; STATUS, ADDR and MISC may only be cleared (SDM vol. 3, 16.3.2.2). On AMD's processors
/// ADDR and MISC take anything, STATUS with HWCR.McStatusWrEn (APM vol. 2, 9.3.2).
bool read_bank(Cpu& cpu, u32 address, u64& value) {
  return value = (address & 3) == 0 ? cpu.mc_ctl[(address - 0x400) / 4] : 0, true;
}
bool write_bank(Cpu& cpu, u32 address, u64 value) {
  if ((address & 3) == 0) return cpu.mc_ctl[(address - 0x400) / 4] = value, true;
  constexpr u64 kStatusWritable = bit(18);
  const bool status = (address & 3) == 1;
  return value == 0 || (amd(cpu) && (!status || (cpu.hwcr & kStatusWritable) != 0));
}

// --- memory types ---

constexpr bool memory_type_valid(u64 type) { return type == 0 || type == 1 || (type >= 4 && type <= 6); }

bool memory_types_valid(u64 value) {
  for (unsigned n = 0; n < 64; n += 8)
    if (!memory_type_valid((value >> n) & 0xFF)) return false;
  return true;
}

bool write_pat(Cpu& cpu, u32, u64 value) {
  if (!msr::pat_valid(value)) return false;
  return cpu.pat = value, true;
}
/// 8 variable ranges, fixed ranges, write-combining.
bool read_mtrr_cap(Cpu&, u32, u64& value) { return value = cpu::Mtrr::kVariable | bit(8) | bit(10), true; }

u64& mtrr_variable(Cpu& cpu, u32 address) {
  const u32 n = (address - msr::kMtrrPhysBase0) / 2;
  return (address & 1) ? cpu.mtrr.mask[n] : cpu.mtrr.base[n];
}
bool read_mtrr_variable(Cpu& cpu, u32 address, u64& value) {
  return value = mtrr_variable(cpu, address), true;
}
bool write_mtrr_variable(Cpu& cpu, u32 address, u64 value) {
  if ((value >> cpu.identity.physical_address_bits) != 0) return false;
  const bool mask = (address & 1) != 0;
  if (mask ? (value & 0x7FF) != 0 : (value & 0xF00) != 0 || !memory_type_valid(value & 0xFF)) return false;
  return mtrr_variable(cpu, address) = value, true;
}

u64& mtrr_fixed(Cpu& cpu, u32 address) {
  const u32 n = address == msr::kMtrrFix64k      ? 0
                : address < msr::kMtrrFix4kFirst ? address - msr::kMtrrFix16k80000 + 1
                                                 : address - msr::kMtrrFix4kFirst + 3;
  return cpu.mtrr.fixed[n];
}
/// AMD's SYSCFG.MtrrFixDramModEn shows bits 4 and 3 of each fixed type, RdMem and WrMem, which are 0 here.
bool read_mtrr_fixed(Cpu& cpu, u32 address, u64& value) { return value = mtrr_fixed(cpu, address), true; }
bool write_mtrr_fixed(Cpu& cpu, u32 address, u64 value) {
  constexpr u64 kMemoryBits = 0x1818'1818'1818'1818;
  if (amd(cpu)) value &= ~kMemoryBits;
  if (!memory_types_valid(value)) return false;
  return mtrr_fixed(cpu, address) = value, true;
}

bool read_mtrr_default(Cpu& cpu, u32, u64& value) { return value = cpu.mtrr.def_type, true; }
bool write_mtrr_default(Cpu& cpu, u32, u64 value) {
  if ((value & ~u64{0xCFF}) != 0 || !memory_type_valid(value & 0xFF)) return false;
  return cpu.mtrr.def_type = value, true;
}

// --- AMD ---

/// MtrrFixDramEn, MtrrFixDramModEn, MtrrVarDramEn, MtrrTom2En, Tom2ForceMemTypeWB: which memory the
/// northbridge decodes, which here the board does.
bool read_syscfg(Cpu&, u32, u64& value) { return value = 0, true; }
bool write_syscfg(Cpu&, u32, u64 value) { return (value & ~u64{0x7C'0000}) == 0; }
/// TscFreqSel stays 1.
bool write_hwcr(Cpu& cpu, u32, u64 value) { return cpu.hwcr = value | bit(24), true; }
/// Settings of units that are not modelled are kept. DE_CFG bit 1: LFENCE serializes dispatch, as it always
/// does here.
u64 fixed_config(u32 address) { return address == 0xC001'1029 ? bit(1) : 0; }
bool read_amd_config(Cpu& cpu, u32 address, u64& value) {
  return value = cpu.amd_config[address & 15] | fixed_config(address), true;
}
bool write_amd_config(Cpu& cpu, u32 address, u64 value) { return cpu.amd_config[address & 15] = value, true; }
/// What CPUID says, to be taken back bit by bit; OSXSAVE and APIC stand for their features here.
bool read_cpuid_mask(Cpu& cpu, u32 address, u64& value) {
  const unsigned n = address - 0xC001'1002;
  constexpr u32 kLeaves[] = {7, 6, 1, 0x8000'0001};
  const cpu::CpuidResult r = cpu::cpuid(cpu, kLeaves[n], 0);
  value = n == 0 ? u64{r.eax} << 32 | r.ebx : n == 1 ? r.ecx : u64{r.ecx} << 32 | r.edx;
  if (n == 2 && cpu.has(Feature::Xsave)) value |= cpu.cpuid_mask[n] & bit(32 + 27);
  if (n >= 2 && cpu.has(Feature::Apic)) value |= cpu.cpuid_mask[n] & bit(9);
  return true;
}
bool write_cpuid_mask(Cpu& cpu, u32 address, u64 value) {
  return cpu.cpuid_mask[address - 0xC001'1002] = value, true;
}
/// P-state 0 only: enabled, frequency = 25 MHz * FID / (DID / 8), with DID = 8.
bool read_pstate(Cpu& cpu, u32 address, u64& value) {
  const u64 fid = std::min<u64>(cpu.identity.frequency_hz / 25'000'000, 0xFF);
  return value = address == 0xC001'0064 ? bit(63) | 8 << 8 | fid : 0, true;
}
/// PERF_CTL0..3 at C0010000h, PERF_CTR0..3 at C0010004h; all six pairs from C0010200h on, control first.
bool read_performance(Cpu& cpu, u32 address, u64& value) {
  const bool legacy = address < 0xC001'0200;
  const u32 at = address & 0xF;
  const u32 n = legacy ? at & 3 : at / 2;
  const bool counter = legacy ? at >= 4 : (at & 1) != 0;
  return value = counter ? cpu::read_counter(cpu, n) : cpu.performance.select[n], true;
}
bool write_performance(Cpu& cpu, u32 address, u64 value) {
  const bool legacy = address < 0xC001'0200;
  const u32 at = address & 0xF;
  const u32 n = legacy ? at & 3 : at / 2;
  if (legacy ? at >= 4 : (at & 1) != 0)
    cpu::write_counter(cpu, n, value);
  else
    cpu::select_event(cpu, n, value);
  return true;
}
/// Without SVM: SVMDIS with LOCK. Under LOCK it and SVMDIS cannot be changed; SVMDIS cannot be set under
/// EFER.SVME.
bool read_vm_cr(Cpu& cpu, u32, u64& value) {
  return value = cpu.has(Feature::Svm) ? cpu.vm_cr : arch::vm_cr::kLock | arch::vm_cr::kSvmDisable, true;
}
bool write_vm_cr(Cpu& cpu, u32, u64 value) {
  using namespace arch::vm_cr;
  if ((value & ~u64{0x1F}) != 0) return false;
  if (!cpu.has(Feature::Svm)) return true;
  if ((cpu.vm_cr & kLock) != 0)
    value = (value & ~(kLock | kSvmDisable)) | (cpu.vm_cr & (kLock | kSvmDisable));
  if ((value & kSvmDisable) != 0 && (cpu.efer & arch::efer::kSvme) != 0) return false;
  return cpu.vm_cr = value, true;
}
bool write_vm_hsave(Cpu& cpu, u32, u64 value) {
  if ((value & 0xFFF) != 0 || (value >> cpu.identity.physical_address_bits) != 0) return false;
  return cpu.vm_hsave_pa = value, true;
}
/// 8.32 bits (15.30.5).
bool write_tsc_ratio(Cpu& cpu, u32, u64 value) {
  if ((value >> 40) != 0) return false;
  return cpu.tsc_ratio = value, true;
}
/// IGNNE# stands for a pin that nothing is connected to.
bool write_ignne(Cpu& cpu, u32, u64 value) { return cpu.ignne = value & 1, true; }
/// Commands to system-management mode, which does not exist; with HWCR.SMMLOCK they are #GP.
bool write_smm_ctl(Cpu& cpu, u32, u64 value) { return (value & ~u64{0x1F}) == 0 && (cpu.hwcr & 1) == 0; }
/// Sets the key while VM_CR is unlocked; afterwards the same key, unless it is 0, unlocks it.
bool write_svm_key(Cpu& cpu, u32, u64 value) {
  if ((cpu.vm_cr & arch::vm_cr::kLock) == 0) return cpu.svm_key = value, true;
  if (value != 0 && value == cpu.svm_key) cpu.vm_cr &= ~arch::vm_cr::kLock;
  return true;
}

#define MSR(first, last, name, exists, read, write, source) \
  MsrRow{first, last, name, exists, read, write, source},
constexpr MsrRow kRows[] = {
#include "sim/control/msr_table.inc"
};
#undef MSR

const MsrRow* find(const Cpu& cpu, u32 address) {
  const auto* row = std::lower_bound(std::begin(kRows), std::end(kRows), address,
                                     [](const MsrRow& r, u32 a) { return r.last < a; });
  return row != std::end(kRows) && row->first <= address && row->exists(cpu) ? row : nullptr;
}

}  // namespace

bool read_msr(Cpu& cpu, u32 address, u64& value) {
  const MsrRow* row = find(cpu, address);
  return row != nullptr && row->read(cpu, address, value);
}

bool write_msr(Cpu& cpu, u32 address, u64 value) {
  const MsrRow* row = find(cpu, address);
  return row != nullptr && row->write(cpu, address, value);
}

std::span<const MsrRow> msr_rows() { return kRows; }

const char* msr_name(const Cpu& cpu, u32 address) {
  const MsrRow* row = find(cpu, address);
  return row != nullptr ? row->name : nullptr;
}

u64 host_time_stamp(const Cpu& cpu) {
  u64 cycle = cpu.cycles();
  if (cpu.latest_cycle != nullptr) cycle = *cpu.latest_cycle = std::max(cycle, *cpu.latest_cycle);
  return cycle + cpu.tsc_offset;
}

u64 time_stamp(const Cpu& cpu) {
  const u64 host = host_time_stamp(cpu);
  if (cpu.guest == nullptr) return host;
  const u64 scaled = cpu.vmx_operation ? scale(host, cpu.guest_tsc_multiplier, u64{1} << 48)
                                       : scale(host, cpu.tsc_ratio, u64{1} << 32);
  return scaled + cpu.guest_tsc_offset;
}

}  // namespace hvlab::control
