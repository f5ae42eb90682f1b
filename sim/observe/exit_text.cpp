// What an exit's information says, in words.
#include <fmt/format.h>

#include "sim/arch/vmx_exit.hpp"
#include "sim/arch/xen.hpp"
#include "sim/base/bits.hpp"
#include "sim/observe/exit.hpp"

namespace hvlab::observe {

namespace {

std::string port_text(const PortAccess& access) {
  std::string text = fmt::format("port {:x}h {}, {} {}", access.port, access.input ? "in" : "out",
                                 access.bytes, access.bytes == 1 ? "byte" : "bytes");
  if (access.string) text += access.repeated ? ", rep string" : ", string";
  return text;
}

std::string fault_text(const NestedFault& fault, bool vmx) {
  std::string text = fmt::format("guest-physical {:x}h", fault.guest_physical);
  if (vmx && fault.marked) return text + ", marked";
  text += fault.fetch ? ", fetch" : fault.write ? ", write" : ", read";
  text += fault.marked ? ", marked" : fault.present ? ", not allowed" : ", not mapped";
  if (fault.tables) text += ", for a page table";
  return text;
}

std::string register_text(ExitClass of, const RegisterAccess& access) {
  const char* what = access.write ? "write" : "read";
  if (!access.number) return what;
  return fmt::format("{}{} {}", of == ExitClass::Dr ? "DR" : "CR", *access.number, what);
}

std::string pv_text(u64 reason, u64 info1, u64 info2) {
  using E = arch::xen::Exit;
  switch (arch::xen::exit_row(reason).value_or(E::Exception0)) {
    case E::Hypercall: return fmt::format("{} ({})", arch::xen::hypercall_name(info1), info1);
    case E::Block:
    case E::Yield: return "sched_op";
    case E::SystemCall: return fmt::format("number {}", info1);
    case E::Interrupt:
    case E::SoftwareInterrupt: return fmt::format("vector {:x}h", info1);
    case E::PageFault: return fmt::format("address {:x}h, error {:x}h", info2, info1);
    default: return info1 == 0 ? "" : fmt::format("error {:x}h", info1);
  }
}

}  // namespace

std::string exit_text(u64 reason, u64 info1, u64 info2) {
  if (arch::xen::is_exit_code(reason)) return pv_text(reason, info1, info2);
  const bool vmx = arch::vmx::is_exit_code(reason);
  if (const auto port = port_access(reason, info1, info2)) return port_text(*port);
  if (const auto fault = nested_fault(reason, info1, info2)) return fault_text(*fault, vmx);
  if (const auto access = register_access(reason, info1)) return register_text(exit_class(reason), *access);
  if (const auto vector = vmx ? exception_vector(reason, info2) : std::nullopt) {
    const std::string text = fmt::format("vector {}", *vector);
    return *vector == 14 ? text + fmt::format(", address {:x}h", info1) : text;
  }
  if (info1 == 0 && info2 == 0) return "";
  return fmt::format("{:x}h {:x}h", info1, info2);
}

}  // namespace hvlab::observe
