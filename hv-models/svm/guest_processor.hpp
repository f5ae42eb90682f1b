// A guest's processor by AMD's secure virtual machines (APM vol. 2, chapter 15): control block, entering, and
// what an exit means. Nothing of it is seen above but neutral words: vmx/ would have a class of the same
// face.
#pragma once

#include "hv-models/hypervisor/exit.hpp"
#include "hv-models/hypervisor/registers.hpp"
#include "hv-models/svm/nested_tables.hpp"
#include "sim/arch/svm.hpp"

namespace hvlab::svm {

using hypervisor::Exit;
using hypervisor::Registers;

/// Whether this machine's processors can do it: empty, or why not.
const char* unavailable();
/// Switches it on, on the calling processor; panics without memory. Once for each.
void enable();

class GuestProcessor {
 public:
  GuestProcessor() = default;
  GuestProcessor(const GuestProcessor&) = delete;
  GuestProcessor& operator=(const GuestProcessor&) = delete;
  ~GuestProcessor();

  /// `id`: arch::mark::vcpu_id(). False without memory. `nested`: the tables that map the machine's memory.
  bool set_up(u64 id, const NestedTables& nested);
  /// As after INIT (SDM vol. 3, table 9-1), waiting for a start-up message.
  void reset();
  /// Starts in real mode at physical `page` * 4096.
  void start_at_page(u8 page);
  /// Starts as a PVH loader does: 32-bit protected mode without paging, EBX = `start_info`.
  void start_protected(u32 entry, u32 start_info);

  /// Runs the guest until something is to be done. Interrupts are off before and after; one of the machine's
  /// own stays pending and is taken when they are on again.
  Exit run();

  Registers& registers() { return registers_; }
  /// The exit's instruction is done.
  void skip(const Exit& exit);

  /// True if an interrupt could be delivered at the next entry.
  bool can_interrupt() const;
  void interrupt(u8 vector);
  /// Leave as soon as can_interrupt().
  void ask_for_window();
  void fault(u8 vector);
  void fault(u8 vector, u32 error);
  /// The highest interrupt priority class that is held back (CR8).
  u8 task_priority() const;
  void set_task_priority(u8 priority);

  /// Whose loops of PAUSE are to be left: after so many in a row that lie at most `cycles` apart; 0: none.
  void leave_pause_loops(u16 count, u16 cycles);
  /// Added to the machine's time-stamp counter.
  void set_tsc_offset(u64 offset) { block_->control.tsc_offset = offset; }
  /// Translations are forgotten before the guest goes on.
  void flush() { flush_ = true; }

  // What memory access and the guest's mode are made of.
  u64 cr0() const { return block_->save.cr0; }
  u64 cr3() const { return block_->save.cr3; }
  u64 cr4() const { return block_->save.cr4; }
  u64 efer() const { return block_->save.efer; }
  unsigned privilege() const { return block_->save.cpl; }
  hypervisor::Segment segment(unsigned number) const;
  bool is_64_bit() const;
  bool is_32_bit() const;
  /// Without the bits that are the hypervisor's.
  u64 guest_efer() const;
  void set_guest_efer(u64 value);
  /// The guest's page-attribute table (MSR 277h).
  u64 pat() const { return block_->save.gpat; }
  void set_pat(u64 value) { block_->save.gpat = value; }

 private:
  void set_segment(arch::svm::SegmentArea& to, u16 selector, u64 base, u32 limit, u16 attributes);
  void set_up_intercepts();
  Exit understand() const;

  arch::svm::Vmcb* block_ = nullptr;
  Registers registers_;
  u64 injected_ = 0;  // what an exit interrupted while it was delivered
  u32 asid_ = 0;
  unsigned last_processor_ = ~0u;
  bool flush_ = true;
  arch::svm::TlbControl flush_kind_ = arch::svm::TlbControl::FlushAll;
};

}  // namespace hvlab::svm
