// What is kept for a virtual processor besides its VMCS, and what is set in that (SDM vol. 3, chapter 25).
#pragma once

#include "hv-models/hypervisor/virtual_processor.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "sim/arch/vmx.hpp"

namespace hvlab::vmx {

/// An entry of an MSR area (25.7.2).
struct MsrEntry {
  u32 number = 0, reserved = 0;
  u64 value = 0;
};

/// The VMCS can be reached only on the processor that has it as its current one. What is asked for in between
/// stands here and goes to the VMCS before the next entry.
struct Block {
  // Read and written by enter.S.
  u64* registers = nullptr;
  bool launched = false;
  const bool* event_has_arrived = nullptr;

  bool ready = false;                                // its fields have been filled in
  bool written[5] = {};                              // Change: what has to go to the VMCS
  u64 entry_controls = 0;                            // as in the VMCS
  u64 cr0 = 0, cr4 = 0, cr3 = 0, efer = 0, pat = 0;  // of the guest, as the processor works with them
  u32 begin_entry = 0;                               // protected mode begins here ...
  u8 begin_page = 0;                                 // ... or real mode in this page
  bool begin_real = false;
  u64 rip = 0, rsp = 0, rflags = 0;                     // as in the VMCS
  u64 host_cr3 = 0, host_fs = 0;                        // as in the VMCS
  u32 interruptibility = 0, kept_interruptibility = 0;  // as it is to be; as in the VMCS
  u32 event = 0, event_error = 0;                       // to be injected: interruption information
  bool window = false;                                  // leave the guest once it takes interrupts ...
  u8 held_class = 0;                                    // ... or once CR8 lets this class through
  u32 primary = 0;                                      // as in the VMCS
  u8 threshold = 0;                                     // as in the VMCS
  u16 vpid = 0;
  u64 eptp = 0;
  u64 real_tables = 0;             // see real_mode.hpp
  u8* virtual_apic = nullptr;      // a page; null without TPR shadow
  MsrEntry* guest_msrs = nullptr;  // a page: loaded at entry, stored at exit
  MsrEntry* host_msrs = nullptr;   // ... loaded at exit
};
enum class Change : u8 { Beginning, Control, Tables, Efer, Pat };

inline Block& block(const hypervisor::VirtualProcessor& vcpu) { return *static_cast<Block*>(vcpu.control); }
inline bool& changed(Block& b, Change c) { return b.written[static_cast<unsigned>(c)]; }

// The processor (operation.cpp).
bool available();
void enable();
/// What of the host's state is the calling processor's, into the current VMCS; and what its programs change.
void write_host_state();
void follow_host_state(Block& b);

bool create(hypervisor::VirtualProcessor& vcpu);
void destroy(hypervisor::VirtualProcessor& vcpu);
void set_protected_mode(hypervisor::VirtualProcessor& vcpu, u32 entry, u32 ebx);
void set_real_mode(hypervisor::VirtualProcessor& vcpu, u8 page);

void run(hypervisor::VirtualProcessor& vcpu, hypervisor::Exit& exit);
/// Makes a neutral exit of what the VMCS says (exits.cpp).
void describe_exit(hypervisor::VirtualProcessor& vcpu, hypervisor::Exit& exit);
/// Registers that only some exits are handled by.
void read_rest(hypervisor::VirtualProcessor& vcpu);

// Events (events.cpp).
bool can_take_interrupt(const hypervisor::VirtualProcessor& vcpu);
void inject_interrupt(hypervisor::VirtualProcessor& vcpu, u8 vector);
void inject_nmi(hypervisor::VirtualProcessor& vcpu);
void inject_exception(hypervisor::VirtualProcessor& vcpu, u8 vector, bool has_error, u32 error);
void ask_for_window(hypervisor::VirtualProcessor& vcpu, u8 vector);
int exception_in_delivery(const hypervisor::VirtualProcessor& vcpu);
void end_shadow(hypervisor::VirtualProcessor& vcpu);
/// An event that was on its way into the guest when it was left goes in again.
void inject_again(hypervisor::VirtualProcessor& vcpu);
void hold_events();
/// Whether event_arrived() has been called on the calling processor since hold_events().
const bool* arrival_flag();
void event_arrived(runtime::TrapFrame& frame);

// Second-stage tables.
/// The EPT pointer (25.6.11): write-back, four levels.
constexpr u64 eptp_of(u64 root) { return root | 6 | 3 << 3; }

}  // namespace hvlab::vmx
