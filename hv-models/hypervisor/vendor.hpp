// What Intel's and AMD's virtualization have in common, as a table of functions: svm/vendor.cpp has AMD's,
// vmx/vendor.cpp Intel's.
#pragma once

#include "hv-models/hypervisor/virtual_processor.hpp"
#include "hv-models/runtime/interrupts.hpp"

namespace hvlab::hypervisor {

struct Vendor {
  const char* name;
  bool (*available)();
  /// On each processor, before anything else here.
  void (*enable)();

  /// Entries of second-stage tables (second_stage.hpp): any of these bits in one that is used; those of one
  /// that names a table; and one that names a page, with rights. Bit 7 is a large page's.
  u64 present_bits, table_bits;
  u64 (*leaf)(u64 physical, u8 rights);

  /// Permission maps (permission_maps.hpp): 4096 bytes to the power of two; and an MSR's reads and writes in
  /// one.
  unsigned port_map_order, msr_map_order;
  void (*let_msr_through)(u8* map, u32 msr);

  /// A control block; false without memory. Then one of the two states to begin with.
  bool (*create)(VirtualProcessor& vcpu);
  void (*destroy)(VirtualProcessor& vcpu);
  /// 32-bit protected mode without paging, flat segments, EBX as given: the PVH entry.
  void (*set_protected_mode)(VirtualProcessor& vcpu, u32 entry, u32 ebx);
  /// Real mode at page * 4096, as after a start-up message.
  void (*set_real_mode)(VirtualProcessor& vcpu, u8 page);

  /// Runs the guest until something happens. Interrupts are off before and after; what interrupted it is
  /// taken when they are switched on.
  void (*run)(VirtualProcessor& vcpu, Exit& exit);

  /// From here until the guest has been left, whatever comes waits, NMIs too: what is looked at before an
  /// entry stays as it was.
  void (*hold_events)();
  /// To be called by handlers of NMIs that are to end the guest: between hold_events() and the entry this
  /// keeps the guest from being entered. Changes RIP of `frame`.
  void (*event_arrived)(runtime::TrapFrame& frame);

  bool (*can_take_interrupt)(const VirtualProcessor& vcpu);
  void (*inject_interrupt)(VirtualProcessor& vcpu, u8 vector);
  void (*inject_nmi)(VirtualProcessor& vcpu);
  void (*inject_exception)(VirtualProcessor& vcpu, u8 vector, bool has_error, u32 error);
  /// Leave the guest (ExitKind::Window) once it could take an interrupt; of one that CR8 holds back, by
  /// `vector`, once it does not any more; else `vector` is 0.
  void (*ask_for_window)(VirtualProcessor& vcpu, u8 vector);
  /// The instruction is done: no shadow of STI or MOV SS any more.
  void (*end_shadow)(VirtualProcessor& vcpu);
  /// Up to 15 bytes of the instruction that accessed memory, if the processor has kept them; else 0.
  unsigned (*instruction_bytes)(const VirtualProcessor& vcpu, u8 (&bytes)[15]);
  /// The PAT that second-stage paging works with (IA32_PAT).
  u64 (*read_pat)(const VirtualProcessor& vcpu);
  void (*write_pat)(VirtualProcessor& vcpu, u64 value);
  /// EFER, as checked.
  void (*write_efer)(VirtualProcessor& vcpu, u64 value);

  // Shadow paging.
  /// Leave the guest at #PF, CR0, CR3, CR4, INVLPG. From now on cr0, cr3, cr4 and efer of Registers are the
  /// guest's alone, and the processor's are what the next two say.
  void (*intercept_control)(VirtualProcessor& vcpu);
  void (*use_control)(VirtualProcessor& vcpu, u64 cr0, u64 cr4, u64 efer);
  void (*use_tables)(VirtualProcessor& vcpu, u64 cr3);
  /// The processor that calls forgets one page of it.
  void (*flush_page)(VirtualProcessor& vcpu, u64 linear);
  /// The exception that was being delivered when the guest was left, and will be again; -1 if there is none.
  int (*exception_in_delivery)(const VirtualProcessor& vcpu);
};

/// The machine's; panics if it has none.
const Vendor& vendor();
/// Null where there is no virtualization that we know.
const Vendor* find_vendor();

}  // namespace hvlab::hypervisor
