// Accesses to physical memory where there is none: the APICs, and devices'. The processor only says where;
// what was to be done there is in the instruction.
#include "hv-models/hypervisor/guest_walk.hpp"
#include "hv-models/hypervisor/handlers.hpp"
#include "hv-models/hypervisor/instruction.hpp"
#include "hv-models/hypervisor/messages.hpp"
#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/runtime/clock.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/registers.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::hypervisor {
namespace {

using runtime::Hold;
using Operation = MemoryInstruction::Operation;

bool access_local_apic(VirtualProcessor& vcpu, Access& access) {
  const u64 offset = access.address - arch::apic::kDefaultBase;
  if (offset >= 4096 || vcpu.apic.is_x2apic() || (vcpu.apic.base() & arch::apic::kBaseEnable) == 0)
    return false;
  const Hold hold(vcpu.machine->lock);
  const u64 now = runtime::clock::now();
  // Registers are 32 bits wide at multiples of 16 (SDM vol. 3, 11.4.1).
  if (!access.write) {
    access.value =
        offset % 16 < 4 ? vcpu.apic.read(static_cast<u32>(offset & ~u64{15}), now) >> 8 * (offset % 4) : 0;
    return true;
  }
  ApicMessage message;
  int ended = LocalApic::kNone;
  if (offset % 16 == 0)
    vcpu.apic.write(static_cast<u32>(offset), static_cast<u32>(access.value), now, message, ended);
  send(*vcpu.machine, &vcpu, message);
  end_of_interrupt(*vcpu.machine, ended);
  return true;
}

bool access_io_apic(VirtualProcessor& vcpu, Access& access) {
  VirtualMachine& machine = *vcpu.machine;
  const u64 offset = access.address - IoApic::kBase;
  if (offset >= IoApic::kBytes) return false;
  const Hold hold(machine.lock);
  if (access.write) {
    machine.io_apic.write(static_cast<u32>(offset), static_cast<u32>(access.value));
    if (machine.hooks->interrupt_ended != nullptr) machine.hooks->interrupt_ended(machine);
    send_pending(machine);
  } else {
    access.value = machine.io_apic.read(static_cast<u32>(offset));
  }
  return true;
}

/// False: wait.
bool access_memory(VirtualProcessor& vcpu, u64 address, unsigned bytes, bool write, u64& value) {
  Access access{Space::Memory, write, static_cast<u8>(bytes), address, value & low_mask(8 * bytes)};
  if (!access_local_apic(vcpu, access) && !access_io_apic(vcpu, access) && !access_device(vcpu, access))
    return false;
  value = access.value & low_mask(8 * bytes);
  return true;
}

u64 operand(const VirtualProcessor& vcpu, const MemoryInstruction& i) {
  if (i.has_immediate) return i.immediate & low_mask(8 * i.bytes);
  return vcpu.registers.gpr[i.gpr] >> (i.high_byte ? 8 : 0) & low_mask(8 * i.bytes);
}

void set_gpr(VirtualProcessor& vcpu, const MemoryInstruction& i, u64 value, unsigned bytes) {
  u64& reg = vcpu.registers.gpr[i.gpr];
  const unsigned shift = i.high_byte ? 8 : 0;
  if (bytes == 8) {
    reg = value;
  } else if (bytes == 4) {
    reg = static_cast<u32>(value);
  } else {
    reg = (reg & ~(low_mask(8 * bytes) << shift)) | (value & low_mask(8 * bytes)) << shift;
  }
}

u64 extend(u64 value, const MemoryInstruction& i) {
  const unsigned shift = 64 - 8 * i.bytes;
  return i.sign ? static_cast<u64>(static_cast<i64>(value << shift) >> shift) : value;
}

// One element of STOS a time: true when it is all done.
bool fill(VirtualProcessor& vcpu, const MemoryInstruction& i) {
  Registers& r = vcpu.registers;
  const u64 mask = low_mask(8 * i.address_bytes);
  u64& index = r.gpr[arch::kRdi];
  const u64 step = (r.rflags & arch::flag::kDf) != 0 ? u64{0} - i.bytes : i.bytes;
  index = (index & ~mask) | ((index + step) & mask);
  if (!i.repeated) return true;
  u64& count = r.gpr[arch::kRcx];
  count = (count & ~mask) | ((count - 1) & mask);
  return (count & mask) == 0;
}

/// False: wait.
bool perform(VirtualProcessor& vcpu, const MemoryInstruction& i, u64 address) {
  u64 value = 0, other = operand(vcpu, i);
  const bool reads = i.operation != Operation::Store && i.operation != Operation::Fill;
  if (reads && !access_memory(vcpu, address, i.bytes, false, value)) return false;
  u64 flags = vcpu.registers.rflags;
  u64 result = other;
  if (i.operation == Operation::Modify) result = compute(i.alu, value, other, i.bytes, flags);
  if (i.operation == Operation::Compare)
    compute(MemoryInstruction::Alu::Cmp, i.reversed ? other : value, i.reversed ? value : other, i.bytes,
            flags);
  if (i.operation == Operation::Test) test_flags(value, other, i.bytes, flags);
  const bool writes = i.operation == Operation::Store || i.operation == Operation::Modify ||
                      i.operation == Operation::Exchange || i.operation == Operation::Fill;
  if (writes && !access_memory(vcpu, address, i.bytes, true, result)) return false;
  if (i.operation == Operation::Load) set_gpr(vcpu, i, extend(value, i), i.register_bytes);
  if (i.operation == Operation::Exchange) set_gpr(vcpu, i, value, i.bytes);
  vcpu.registers.rflags = flags;
  return true;
}

bool decode_at_rip(const VirtualProcessor& vcpu, MemoryInstruction& instruction) {
  u8 bytes[15];
  const unsigned count = fetch_instruction(vcpu, bytes);
  return decode(bytes, count, code_bytes(vcpu.registers), instruction);
}

}  // namespace

unsigned code_bytes(const Registers& r) { return r.long_code ? 8 : r.wide_code ? 4 : 2; }

unsigned fetch_instruction(const VirtualProcessor& vcpu, u8 (&bytes)[15]) {
  unsigned count = vendor().instruction_bytes(vcpu, bytes);
  if (count != 0) return count;
  const u64 linear = vcpu.registers.segment_base[arch::kCs] + vcpu.registers.rip;
  while (count < sizeof bytes && read_linear(vcpu, linear + count, bytes + count, 1)) ++count;
  return count;
}

Outcome handle_device_access(VirtualProcessor& vcpu, const Exit& exit) {
  MemoryInstruction instruction;
  if ((exit.error & arch::pf::kFetch) != 0)
    return give_up(vcpu, exit, "fetches instructions where there is no memory");
  if (!decode_at_rip(vcpu, instruction))
    return give_up(vcpu, exit, "reaches a device by an instruction that nobody decodes");
  if (!perform(vcpu, instruction, exit.address)) return Outcome::Waiting;
  if (instruction.operation == Operation::Fill && !fill(vcpu, instruction)) return Outcome::Continue;
  return go_on(vcpu, instruction.length);
}

Outcome handle_memory(VirtualProcessor& vcpu, const Exit& exit) {
  const VirtualMachine& machine = *vcpu.machine;
  // Memory that the model maps only when it is used.
  if (machine.hooks->map_memory != nullptr && machine.hooks->map_memory(vcpu, exit)) return Outcome::Continue;
  return handle_device_access(vcpu, exit);
}

}  // namespace hvlab::hypervisor
