#include "sim/vmx/information.hpp"

namespace hvlab::vmx {

using namespace arch::vmx;
using cpu::Cpu;
using cpu::Delivery;
using cpu::Source;
using interruption::Type;

namespace {

struct Pair {
  Source source;
  Type type;
};
constexpr Pair kTypes[] = {{Source::Exception, Type::HardwareException},
                           {Source::Interrupt, Type::External},
                           {Source::Nmi, Type::Nmi},
                           {Source::SoftwareInterrupt, Type::Software},
                           {Source::SoftwareException, Type::SoftwareException},
                           {Source::PrivilegedSoftwareException, Type::PrivilegedSoftware}};

}  // namespace

/// In real-address mode there are no error codes.
Interruption interruption_of(const Cpu& cpu, const Delivery& event) {
  Interruption out{.info = interruption::kValid | event.vector};
  for (const Pair& pair : kTypes)
    if (pair.source == event.source) out.info |= static_cast<u32>(pair.type) << interruption::kTypeShift;
  if (event.has_error && cpu.protected_mode()) {
    out.info |= interruption::kErrorValid;
    out.error = event.error;
  }
  return out;
}

Delivery injected(const Cpu&, u32 info, u32 error, u32 length) {
  Delivery event{.vector = static_cast<u8>(info), .injected = true};
  const Type type = interruption::type_of(info);
  for (const Pair& pair : kTypes)
    if (pair.type == type) event.source = pair.source;
  event.has_error = (info & interruption::kErrorValid) != 0;
  event.error = error;
  // The return address of what software asks for is behind its instruction.
  if (type == Type::Software || type == Type::PrivilegedSoftware || type == Type::SoftwareException)
    event.length = length;
  return event;
}

}  // namespace hvlab::vmx
