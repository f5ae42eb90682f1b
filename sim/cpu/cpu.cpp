#include "sim/cpu/domains.hpp"
#include "sim/cpu/performance.hpp"

namespace hvlab::cpu {

using namespace arch;

namespace {

Mode mode_of(const Cpu& cpu) {
  if (!cpu.protected_mode()) return Mode::Real;
  if (cpu.rflag(flag::kVm)) return Mode::Virtual8086;
  if (!cpu.long_active()) return Mode::Protected;
  return (cpu.seg[kCs].attributes & attribute::kLong) ? Mode::Long : Mode::Compatibility;
}

u8 denied_of(const Cpu& cpu) {
  using namespace decode::need;
  u8 denied = 0;
  if (cpu.cpl != 0) denied |= kCpl0;
  if (cpu.mode == Mode::Real || cpu.mode == Mode::Virtual8086) denied |= kProtected;
  const bool em = (cpu.cr0 & cr0::kEm) != 0, ts = (cpu.cr0 & cr0::kTs) != 0, mp = (cpu.cr0 & cr0::kMp) != 0;
  if (em || ts) denied |= kX87 | kMmx | kSse | kFxsave;
  if (!(cpu.cr4 & cr4::kOsfxsr)) denied |= kSse;
  if (mp && ts) denied |= kWait;
  return denied;
}

BankIndex data_bank(const Cpu& cpu) {
  const bool checks_alignment = cpu.cpl == 3 && (cpu.cr0 & cr0::kAm) && cpu.rflag(flag::kAc);
  // Data and I/O breakpoints have a non-zero R/W field (SDM vol. 3, 18.2.4).
  bool watches = false;
  for (unsigned n = 0; n < 4; ++n)
    if (bits(cpu.dr7, 2 * n + 1, 2 * n) != 0 && bits(cpu.dr7, 17 + 4 * n, 16 + 4 * n) != 0) watches = true;
  if (checks_alignment || watches) return kBankNever;
  if (cpu.cpl == 3) return kBankUser;
  return (cpu.cr4 & cr4::kSmap) && cpu.rflag(flag::kAc) ? kBankSupervisorAc : kBankSupervisor;
}

observe::Account account_of(Cpu& cpu) {
  using observe::Account;
  if (cpu.guest != nullptr && cpu.management)
    return cpu.cpl == 3 ? Account::ManagementVmUser : Account::ManagementVmKernel;
  if (cpu.guest != nullptr) return cpu.cpl == 3 ? Account::GuestUser : Account::GuestKernel;
  if (cpu.domain != nullptr) return account_of_domain(*cpu.domain);
  if (cpu.cpl == 3) {
    cpu.hypervisor = false;  // what the kernel does next, user mode asks for
    return cpu.vmm.user_mode(cpu.cr3) ? Account::VmmProcess : Account::HostUser;
  }
  return cpu.hypervisor || cpu.vmm.bare_hypervisor() ? Account::Hypervisor : Account::HostKernel;
}

void account_for_ring(Cpu& cpu) {
  const bool crossed = cpu.guest == nullptr && cpu.vmm.domains() != nullptr && cross_domains(cpu);
  const observe::Account account = account_of(cpu);
  if (cpu.ledger != nullptr && cpu.ledger->current() != account) cpu.ledger->open(account, cpu.cycles());
  if (crossed || cpu.cpl == cpu.reported_cpl) return;
  cpu.report(observe::EventKind::RingChange, cpu.reported_cpl, cpu.cpl);
  cpu.reported_cpl = cpu.cpl;
}

}  // namespace

void Cpu::refresh() {
  mode = mode_of(*this);
  if (mode == Mode::Real) cpl = 0;
  if (mode == Mode::Virtual8086) cpl = 3;
  denied = denied_of(*this);
  SoftBank* const fetch = banks[cpl == 3 ? kBankUser : kBankSupervisor];
  if (fetch != fetch_bank) fetch_page = SoftEntry::kNoTag;
  fetch_bank = fetch;
  bank = banks[data_bank(*this)];
  if (performance.enabled != 0) [[unlikely]]
    note_context(*this);
  account_for_ring(*this);
}

void Cpu::report(observe::EventKind kind, u64 a, u64 b) const {
  if (observer == nullptr) return;
  const Picoseconds time = scale(cycles(), kSecond, identity.frequency_hz);
  observer->on_event(
      {.time = time, .a = a, .b = b, .rip = rip, .kind = kind, .core = index, .device = 0, .sequence = 0});
}

}  // namespace hvlab::cpu
