#include "sim/observe/exit.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "sim/arch/exceptions.hpp"
#include "sim/arch/svm.hpp"
#include "sim/arch/vmx.hpp"
#include "sim/arch/vmx_exit.hpp"
#include "sim/arch/xen.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::observe {

namespace svm = arch::svm;
namespace vmx = arch::vmx;
namespace xen = arch::xen;

namespace {

constexpr const char* kNames[] = {
#define EXIT_CLASS(id, name) name,
#include "sim/observe/exit_classes.inc"
#undef EXIT_CLASS
};
static_assert(std::size(kNames) == static_cast<size_t>(ExitClass::Count));

ExitClass svm_class(u64 code) {
  const auto row = svm::exit_row(code);
  if (!row) return ExitClass::Unknown;
  switch (*row) {
#define SVM_EXIT(code, id, name, exit_class, source) \
  case svm::Exit::id: return ExitClass::exit_class;
#include "sim/arch/svm_exits.inc"
#undef SVM_EXIT
  }
  return ExitClass::Unknown;
}

ExitClass vmx_class(vmx::ExitReason reason) {
  switch (reason) {
#define EXIT(id, number, name, exit_class, section) \
  case vmx::ExitReason::id: return ExitClass::exit_class;
#include "sim/arch/vmx_exits.inc"
#undef EXIT
  }
  return ExitClass::Unknown;
}

ExitClass pv_class(u64 code) {
  const auto row = xen::exit_row(code);
  if (!row) return ExitClass::Unknown;
  switch (*row) {
#define PV_EXIT(number, id, name, exit_class, what) \
  case xen::Exit::id: return ExitClass::exit_class;
#include "sim/arch/pv_exits.inc"
#undef PV_EXIT
  }
  return ExitClass::Unknown;
}

namespace interruption = vmx::interruption;

bool is_vmx(u64 reason, vmx::ExitReason which) {
  return vmx::is_exit_code(reason) && vmx::basic_reason(reason) == which;
}
bool is_svm(u64 reason, svm::Exit which) { return reason == static_cast<u64>(which); }

bool is_vmx_nmi(u64 reason, u64 info2) {
  return is_vmx(reason, vmx::ExitReason::ExceptionOrNmi) && (info2 & interruption::kValid) != 0 &&
         interruption::type_of(static_cast<u32>(info2)) == interruption::Type::Nmi;
}

PortAccess svm_port(u64 info) {
  namespace io = svm::ioio;
  const u64 address = bits(info, io::kAddressShift + 2, io::kAddressShift);  // one of three bits is set
  return {.port = static_cast<u16>(info >> io::kPortShift),
          .bytes = static_cast<u8>(bits(info, io::kSizeShift + 2, io::kSizeShift)),
          .input = (info & io::kInput) != 0,
          .string = (info & io::kString) != 0,
          .repeated = (info & io::kRepeated) != 0,
          .address_bytes = static_cast<u8>(address == 1   ? 2
                                           : address == 2 ? 4
                                                          : 8),
          .segment = static_cast<u8>(bits(info, io::kSegmentShift + 2, io::kSegmentShift))};
}

/// The qualification's table 28-5; what a string instruction addresses is in the instruction information
/// (28.2.5).
PortAccess vmx_port(u64 qualification, u64 instruction) {
  PortAccess access{.port = static_cast<u16>(qualification >> 16),
                    .bytes = static_cast<u8>(bits(qualification, 2, 0) + 1),
                    .input = test_bit(qualification, 3),
                    .string = test_bit(qualification, 4),
                    .repeated = test_bit(qualification, 5)};
  if (!access.string) return access;
  access.address_bytes = static_cast<u8>(2U << std::min<u64>(bits(instruction, 9, 7), 2));
  access.segment = static_cast<u8>(bits(instruction, 17, 15));
  return access;
}

NestedFault svm_fault(u64 info1, u64 info2) {
  return {.guest_physical = info2,
          .marked = (info1 & arch::pf::kReserved) != 0,
          .write = (info1 & arch::pf::kWrite) != 0,
          .fetch = (info1 & arch::pf::kFetch) != 0,
          .present = (info1 & arch::pf::kPresent) != 0,
          .tables = (info1 & svm::npf::kTables) != 0};
}

/// Bits 3 to 6: what the entries allow; 7: there was a linear address, 8: the access was to what it means.
NestedFault vmx_fault(u64 qualification, u64 guest_physical) {
  return {.guest_physical = guest_physical,
          .write = test_bit(qualification, 1),
          .fetch = test_bit(qualification, 2),
          .present = bits(qualification, 6, 3) != 0,
          .tables = test_bit(qualification, 7) && !test_bit(qualification, 8)};
}

std::optional<RegisterAccess> svm_register(u64 code, u64 info1) {
  const auto row = svm::exit_row(code);
  if (!row) return std::nullopt;
  const auto number = [&](svm::Exit first) { return static_cast<u8>(code - static_cast<u64>(first)); };
  switch (*row) {
    case svm::Exit::ReadCr0:
    case svm::Exit::ReadDr0: return RegisterAccess{number(*row), false};
    case svm::Exit::WriteCr0:
    case svm::Exit::WriteDr0:
    case svm::Exit::WriteCr0Trap: return RegisterAccess{number(*row), true};
    case svm::Exit::SelectiveCr0Write: return RegisterAccess{u8{0}, true};
    case svm::Exit::Msr: return RegisterAccess{std::nullopt, (info1 & 1) != 0};
    case svm::Exit::WriteEferTrap: return RegisterAccess{std::nullopt, true};
    default: return std::nullopt;
  }
}

/// Tables 28-3 and 28-4.
std::optional<RegisterAccess> vmx_register(vmx::ExitReason reason, u64 qualification) {
  constexpr u64 kFromCr = 1;  // of 0 to it, 1 from it, 2 CLTS, 3 LMSW
  switch (reason) {
    case vmx::ExitReason::CrAccess:
      return RegisterAccess{static_cast<u8>(bits(qualification, 3, 0)), bits(qualification, 5, 4) != kFromCr};
    case vmx::ExitReason::MovDr:
      return RegisterAccess{static_cast<u8>(bits(qualification, 2, 0)), !test_bit(qualification, 4)};
    case vmx::ExitReason::Rdmsr:
    case vmx::ExitReason::Rdmsrlist: return RegisterAccess{std::nullopt, false};
    case vmx::ExitReason::Wrmsr:
    case vmx::ExitReason::Wrmsrlist: return RegisterAccess{std::nullopt, true};
    default: return std::nullopt;
  }
}

}  // namespace

const char* name(ExitClass exit_class) { return kNames[static_cast<size_t>(exit_class)]; }

ExitClass exit_class(u64 reason) {
  if (xen::is_exit_code(reason)) return pv_class(reason);
  return vmx::is_exit_code(reason) ? vmx_class(vmx::basic_reason(reason)) : svm_class(reason);
}

ExitClass exit_class(u64 reason, u64 info1, u64 info2) {
  const ExitClass plain = exit_class(reason);
  if (plain == ExitClass::Exception) {
    if (is_vmx_nmi(reason, info2)) return ExitClass::Nmi;
    return exception_vector(reason, info2) == static_cast<u8>(arch::Exception::PageFault)
               ? ExitClass::PageFault
               : plain;
  }
  if (plain != ExitClass::NestedPageFault) return plain;
  const auto fault = nested_fault(reason, info1, info2);
  return fault && fault->marked ? ExitClass::Mmio : plain;
}

std::string exit_label(u64 code) {
  if (vmx::is_exit_code(code)) {
    const std::string_view name = vmx::exit_name(vmx::basic_reason(code)).name;
    return name == "?" ? std::to_string(code & 0xFFFF) : std::string(name);
  }
  if (const auto row = xen::exit_row(code)) {
    const std::string name(xen::exit_name(*row));
    return row == xen::Exit::Exception0 ? name + std::to_string(xen::exit_number(code)) : name;
  }
  const std::string name(svm::exit_name(code).name);
  const bool numbered = code < 0x60 || (code >= 0x90 && code < 0xA0);
  if (!numbered) return name == "?" ? std::to_string(code) : name;
  if (code >= 0x90) return "write-cr" + std::to_string(code - 0x90) + "-trap";
  return name + std::to_string(code < 0x40 ? code % 16 : code - 0x40);
}

namespace {

using Labels = std::unordered_map<std::string, u64>;

Labels all_labels() {
  Labels labels;
  for (u64 code = 0; code < 0x100; ++code) {
    if (svm::exit_row(code)) labels.emplace(exit_label(code), code);
    const u64 vmx_code = vmx::exit_code(static_cast<u32>(code));
    if (exit_class(vmx_code) != ExitClass::Unknown) labels.emplace(exit_label(vmx_code), vmx_code);
    if (xen::exit_row(xen::exit_code(code)))
      labels.emplace(exit_label(xen::exit_code(code)), xen::exit_code(code));
  }
  for (const svm::Exit code : {svm::Exit::NestedPageFault, svm::Exit::Invalid})
    labels.emplace(exit_label(static_cast<u64>(code)), static_cast<u64>(code));
  return labels;
}

}  // namespace

std::optional<u64> reason_of_label(const std::string& label) {
  static const Labels kLabels = all_labels();
  const auto found = kLabels.find(label);
  return found == kLabels.end() ? std::nullopt : std::optional(found->second);
}

const char* class_of_label(const std::string& label) {
  const auto reason = reason_of_label(label);
  return name(reason ? exit_class(*reason) : ExitClass::Unknown);
}

bool is_vmx_label(const std::string& label) {
  const auto reason = reason_of_label(label);
  return reason && vmx::is_exit_code(*reason);
}

bool comes_from_outside(u64 reason, u64 info2) {
  using R = vmx::ExitReason;
  static constexpr std::array kVmx = {
      R::ExternalInterrupt, R::InitSignal, R::StartupIpi,      R::IoSmi,           R::OtherSmi,
      R::InterruptWindow,   R::NmiWindow,  R::MonitorTrapFlag, R::PreemptionTimer, R::Notify};
  using E = svm::Exit;
  static constexpr std::array kSvm = {E::Intr, E::Nmi, E::Smi, E::Init, E::VirtualInterrupt};
  if (xen::is_exit_code(reason))
    return reason == xen::exit_code(xen::Exit::Interrupt) || reason == xen::exit_code(xen::Exit::Nmi);
  if (!vmx::is_exit_code(reason))
    return std::ranges::find(kSvm, static_cast<svm::Exit>(reason)) != kSvm.end();
  return is_vmx_nmi(reason, info2) || std::ranges::find(kVmx, vmx::basic_reason(reason)) != kVmx.end();
}

bool runs_guest(u64 reason) {
  return is_svm(reason, svm::Exit::Vmrun) || is_vmx(reason, vmx::ExitReason::Vmlaunch) ||
         is_vmx(reason, vmx::ExitReason::Vmresume);
}

std::optional<u8> acknowledged_interrupt(u64 reason, u64 info2) {
  if (!is_vmx(reason, vmx::ExitReason::ExternalInterrupt) || (info2 & interruption::kValid) == 0)
    return std::nullopt;
  return static_cast<u8>(info2);
}

std::optional<PortAccess> port_access(u64 reason, u64 info1, u64 info2) {
  if (is_svm(reason, svm::Exit::IoIo)) return svm_port(info1);
  if (is_vmx(reason, vmx::ExitReason::IoInstruction)) return vmx_port(info1, info2);
  return std::nullopt;
}

std::optional<NestedFault> nested_fault(u64 reason, u64 info1, u64 info2) {
  if (is_svm(reason, svm::Exit::NestedPageFault)) return svm_fault(info1, info2);
  if (is_vmx(reason, vmx::ExitReason::EptViolation)) return vmx_fault(info1, info2);
  if (is_vmx(reason, vmx::ExitReason::EptMisconfiguration))
    return NestedFault{.guest_physical = info2, .marked = true};
  return std::nullopt;
}

std::optional<RegisterAccess> register_access(u64 reason, u64 info1) {
  return vmx::is_exit_code(reason) ? vmx_register(vmx::basic_reason(reason), info1)
                                   : svm_register(reason, info1);
}

std::optional<u8> exception_vector(u64 reason, u64 info2) {
  if (xen::is_exit_code(reason)) {
    const u64 number = xen::exit_number(reason);
    return number < xen::kExceptions ? std::optional(static_cast<u8>(number)) : std::nullopt;
  }
  if (!vmx::is_exit_code(reason)) {
    if (svm::exit_row(reason) != svm::Exit::Exception0) return std::nullopt;
    return static_cast<u8>(reason - svm::kException);
  }
  if (!is_vmx(reason, vmx::ExitReason::ExceptionOrNmi) || (info2 & interruption::kValid) == 0)
    return std::nullopt;
  return static_cast<u8>(info2);
}

}  // namespace hvlab::observe
