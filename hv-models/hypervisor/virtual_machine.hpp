// A virtual machine: memory, virtual processors, interrupt controllers, and a door to its devices.
#pragma once

#include "hv-models/hypervisor/configuration.hpp"
#include "hv-models/hypervisor/device_door.hpp"
#include "hv-models/hypervisor/firmware.hpp"
#include "hv-models/hypervisor/guest_memory.hpp"
#include "hv-models/hypervisor/io_apic.hpp"
#include "hv-models/hypervisor/virtual_processor.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::hypervisor {

/// What the model on top of the core is asked, or told.
struct ModelHooks {
  /// `vcpu` has something to do: wake it, or have it leave the guest if it runs.
  void (*kick)(VirtualProcessor& vcpu);
  /// The machine is over: it was switched off (status 0), reset, or did what cannot be done. Called once, no
  /// lock held.
  void (*ended)(VirtualMachine& machine, int status);
  /// A hypercall that the core does not know; kUnknownCall if nobody does.
  i64 (*hypercall)(VirtualProcessor& vcpu, u64 number, u64 first, u64 second, u64 third);
  /// A level-triggered interrupt of the I/O APIC has ended; machine lock held. May be null.
  void (*interrupt_ended)(VirtualMachine& machine) = nullptr;
  /// An access to memory that is not mapped: true if it is now. May be null: all memory is mapped from the
  /// beginning.
  bool (*map_memory)(VirtualProcessor& vcpu, const Exit& exit) = nullptr;
  /// After each exit that was handled, no lock held. May be null.
  void (*afterwards)(VirtualProcessor& vcpu) = nullptr;
  /// Machines with processors of their own: an interrupt for `vcpu`, whose local APIC is the machine's.
  void (*interrupt)(VirtualProcessor& vcpu, u8 vector) = nullptr;
  /// CPUID 4000_0001h, EAX.
  u32 (*features)(const VirtualMachine& machine);
};

struct VirtualMachine {
  unsigned number = 0;  // from 1
  const char* name = "";
  MachineConfiguration configuration;
  GuestMemory memory;
  /// What its kernel is told is memory to use; none: all.
  GuestRange ram[kMostRanges] = {};
  unsigned ram_count = 0;
  u64 tables = 0;        // of the second stage; 0 with shadow paging
  bool changes = false;  // others may take pages out of them while it runs (forget_translations())
  VirtualProcessor vcpus[kMostVirtualProcessors];
  unsigned count = 0;
  IoApic io_apic;
  DeviceDoor door = {};
  const ModelHooks* hooks = nullptr;
  bool over = false;
  /// Its processors are the machine's own: interrupts, local APIC and HLT are no business of the
  /// hypervisor's.
  bool direct = false;
  u64 ports = 0;            // its own map of ports; 0: what all others have
  bool privileged = false;  // the management machine of the driver-domain model
  /// Guards interrupt controllers, door and what the devices behind it know.
  runtime::SpinLock lock;
};

/// Memory, tables, processors as the configuration says; false without memory.
bool create(VirtualMachine& machine, unsigned number, const MachineConfiguration& configuration,
            const DeviceDoor& door, const ModelHooks& hooks);
/// Puts a kernel (an ELF file with a PVH entry) with its module and command line into the machine's memory,
/// with the tables that firmware would have left, and the first processor at the kernel's entry. False, with
/// a message, if it is no such file or does not fit.
bool load(VirtualMachine& machine, const u8* kernel, u64 kernel_bytes, const u8* module, u64 module_bytes,
          const char*& message);
void destroy(VirtualMachine& machine);

/// A device's wire to I/O APIC pin `pin`. Machine lock held.
void set_line(VirtualMachine& machine, unsigned pin, bool level);

}  // namespace hvlab::hypervisor
