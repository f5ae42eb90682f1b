#include "sim/mmu/apic_page.hpp"

#include <cstring>

#include "sim/arch/ept.hpp"
#include "sim/base/check.hpp"

namespace hvlab::mmu {

namespace {

using arch::ept::apic_access::Type;

void raise_exit(Cpu& cpu, Type type, u64 offset, u64 address) {
  cpu.fault =
      cpu::Fault{.vector = arch::Exception::PageFault,
                 .address = address,
                 .nested = true,
                 .nested_fault = cpu::NestedFault::ApicAccess,
                 .qualification = static_cast<u64>(type) << arch::ept::apic_access::kTypeShift | offset};
}

Type type_of(const Cpu& cpu, bool write) {
  if (cpu.is_delivering) return Type::Delivery;
  if (write) return Type::Write;
  const bool monitor =
      cpu.current != nullptr && cpu.current->intercept == static_cast<u8>(decode::Intercept::Monitor);
  return monitor ? Type::Monitor : Type::Read;
}

}  // namespace

void apic_access_fault(Cpu& cpu, u64 guest_physical) {
  raise_exit(cpu, cpu.is_delivering ? Type::GuestPhysicalDelivery : Type::GuestPhysical, 0, guest_physical);
}

Outcome apic_fetch_fault(Cpu& cpu, u64 linear) {
  raise_exit(cpu, Type::Fetch, linear & arch::ept::apic_access::kOffset, 0);
  return Outcome::Fault;
}

Outcome ask_apic_access(Cpu& cpu, const cpu::ApicPageAccess& access, bool& is_virtual) {
  const cpu::ApicAnswer answer = cpu.guest->apic_access(cpu, access);
  is_virtual = answer == cpu::ApicAnswer::Virtual;
  HVLAB_CHECK(!is_virtual || access.bytes <= sizeof(u64));  // wider accesses never are (30.4.2)
  if (answer != cpu::ApicAnswer::Exit) return Outcome::Next;
  raise_exit(cpu, type_of(cpu, access.write), access.offset, 0);
  return Outcome::Fault;
}

void apic_perform(Cpu& cpu, const cpu::ApicPageAccess& access, void* bytes) {
  u64 value = 0;
  if (access.write) std::memcpy(&value, bytes, access.bytes);
  cpu.guest->apic_perform(cpu, access, value);
  if (!access.write) std::memcpy(bytes, &value, access.bytes);
}

}  // namespace hvlab::mmu
