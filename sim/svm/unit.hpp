// SVM of one processor: VMRUN, #VMEXIT, and what the processor asks of it while a guest runs (APM vol. 2,
// chapter 15).
#pragma once

#include "sim/arch/svm.hpp"
#include "sim/control/events.hpp"
#include "sim/cpu/cpu.hpp"

namespace hvlab::svm {

using arch::svm::Exit;
using cpu::Cpu;
using cpu::Delivery;
using decode::Intercept;
using decode::Op;
using decode::Outcome;

/// What is known of the guest in progress besides the processor's own state: plain, copyable.
struct Guest {
  u64 block = 0;                     // physical address of its control block
  arch::svm::ControlArea control{};  // as read by VMRUN; `interrupt` (V_TPR, V_IRQ, V_GIF) is alive
  u64 host_pat = 0;
  u64 entered = 0;     // cycle of the last VMRUN
  u64 last_pause = 0;  // cycle of the last PAUSE
  u16 pauses_left = 0;
};

class Unit final : public cpu::Interceptor {
 public:
  /// VMRUN with the control block at physical `address`; the checks of the instruction itself are done. The
  /// processor goes on in the guest, or after VMRUN with exit code VMEXIT_INVALID, or wherever an injected
  /// event leads.
  void run(Cpu& cpu, u64 address);

  /// #VMEXIT: the guest's state goes to its control block, the host's comes from the save area; GIF is
  /// cleared. `next_rip`: of the instruction that was intercepted, or 0.
  void leave(Cpu& cpu, Exit code, u64 info1 = 0, u64 info2 = 0, u64 next_rip = 0);

  /// STGI and CLGI where the guest has a virtual GIF. False: it has none.
  bool set_virtual_gif(Cpu& cpu, bool value);

  const Guest& guest() const { return guest_; }
  /// Activity::Shutdown is that of a #VMEXIT whose host state was not valid (15.6).
  bool host_refused() const { return host_refused_; }

  // cpu::Interceptor (intercepts.cpp)
  Outcome instruction(Cpu& cpu, Intercept what, u64 information) override;
  Outcome control_read(Cpu& cpu, unsigned number) override;
  Outcome control_write(Cpu& cpu, unsigned number, u64 value) override;
  Outcome debug_access(Cpu& cpu, unsigned number, bool write) override;
  Outcome port(Cpu& cpu, const cpu::PortAccess& access) override;
  Outcome msr(Cpu& cpu, u32 number, bool write) override;
  Outcome task_switch(Cpu& cpu, const cpu::TaskSwitchAccess& access) override;
  bool exception(Cpu& cpu, const Delivery& event) override;
  bool shutdown(Cpu& cpu) override;
  bool boundary(Cpu& cpu, cpu::Boundary what) override;
  void virtual_interrupt(Cpu& cpu) override;
  bool read_task_priority(const Cpu& cpu, u64& value) override;
  bool write_task_priority(Cpu& cpu, u64 value) override;

 private:
  bool intercepted(u64 code) const { return test_bit(guest_.control.intercept[code / 32], code % 32); }
  bool intercepted(Exit code) const { return intercepted(static_cast<u64>(code)); }
  Outcome leave_at(Cpu& cpu, u64 code, u64 info1 = 0);  // an instruction, with its next RIP
  bool pause_exits(Cpu& cpu);
  void update_virtual_interrupt(Cpu& cpu);
  void save_host(Cpu& cpu, u64 next);
  void refuse(Cpu& cpu, u64 next);
  void enter(Cpu& cpu, const arch::svm::Vmcb& block);
  void inject(Cpu& cpu);
  void load_host(Cpu& cpu);
  void return_to_host(Cpu& cpu);  // what every exit does to the host that comes back
  bool virtual_branch_records(const Cpu& cpu) const {
    return cpu.has(arch::Feature::Lbrv) && (guest_.control.lbr_control & arch::svm::kLbrVirtualization) != 0;
  }
  u64 intercept_mask() const;
  void write_exit(Cpu& cpu, arch::svm::ControlArea& control, Exit code, u64 info1, u64 info2, u64 next_rip);

  void refuse_host(Cpu& cpu);

  Guest guest_;
  bool host_refused_ = false;
  arch::svm::Vmcb nowhere_;  // stands for blocks that are not in RAM
  friend arch::svm::Vmcb& block_at(Unit& unit, Cpu& cpu, u64 address);
};

/// The SVM unit of a processor that has one.
inline Unit& unit_of(Cpu& cpu) { return static_cast<Unit&>(*cpu.virtualization); }

/// The control block (or the host's save area) at `address`, in RAM; what is not RAM reads as all ones.
arch::svm::Vmcb& block_at(Unit& unit, Cpu& cpu, u64 address);
/// To be called after writing to it.
void block_written(Cpu& cpu, u64 address);

}  // namespace hvlab::svm
