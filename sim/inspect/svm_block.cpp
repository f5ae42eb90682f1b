// The fields of SVM's control block, and what they say.
#include "sim/inspect/control_block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sim/arch/exceptions.hpp"
#include "sim/arch/svm.hpp"
#include "sim/inspect/flag_names.hpp"
#include "sim/observe/exit.hpp"

namespace hvlab::inspect {

namespace {

namespace svm = arch::svm;
namespace vi = svm::virtual_interrupt;
using svm::ControlArea;
using svm::SaveArea;
using Kind = FieldKind;

#define CONTROL(group, name, member, kind) \
  {group, name, static_cast<u16>(offsetof(ControlArea, member)), sizeof(ControlArea::member), kind}
#define SAVED(group, name, member, kind) \
  {group, name, static_cast<u16>(0x400 + offsetof(SaveArea, member)), sizeof(SaveArea::member), kind}
#define INTERCEPT(n, name) {"intercepts", name, (n) * 4, 4, Kind::Intercepts}
#define SEGMENT(name, member)                                                     \
  SAVED("segments", name ".selector", member.selector, Kind::Plain),              \
      SAVED("segments", name ".attributes", member.attributes, Kind::Attributes), \
      SAVED("segments", name ".limit", member.limit, Kind::Plain),                \
      SAVED("segments", name ".base", member.base, Kind::Plain)
#define TABLE(name, member)                                    \
  SAVED("segments", name ".limit", member.limit, Kind::Plain), \
      SAVED("segments", name ".base", member.base, Kind::Plain)

// APM vol. 2, tables B-1 and B-2, without what HVLab's processors do not have (SEV-ES, shadow stacks, AVIC).
constexpr BlockField kFields[] = {
    INTERCEPT(0, "INTERCEPT_CR"),
    INTERCEPT(1, "INTERCEPT_DR"),
    INTERCEPT(2, "INTERCEPT_EXCEPTIONS"),
    INTERCEPT(3, "INTERCEPT_MISC_1"),
    INTERCEPT(4, "INTERCEPT_MISC_2"),
    INTERCEPT(5, "INTERCEPT_MISC_3"),
    CONTROL("control", "PAUSE_FILTER_THRESHOLD", pause_threshold, Kind::Plain),
    CONTROL("control", "PAUSE_FILTER_COUNT", pause_count, Kind::Plain),
    CONTROL("control", "IOPM_BASE_PA", io_map, Kind::Plain),
    CONTROL("control", "MSRPM_BASE_PA", msr_map, Kind::Plain),
    CONTROL("control", "TSC_OFFSET", tsc_offset, Kind::Plain),
    CONTROL("control", "GUEST_ASID", asid, Kind::Plain),
    CONTROL("control", "TLB_CONTROL", tlb_control, Kind::TlbControl),
    CONTROL("control", "VIRTUAL_INTERRUPT", interrupt, Kind::VirtualInterrupt),
    CONTROL("control", "INTERRUPT_SHADOW", shadow, Kind::Shadow),
    CONTROL("exit", "EXITCODE", exit_code, Kind::ExitCode),
    CONTROL("exit", "EXITINFO1", exit_info1, Kind::ExitInfo),
    CONTROL("exit", "EXITINFO2", exit_info2, Kind::Plain),
    CONTROL("exit", "EXITINTINFO", exit_interrupt_info, Kind::Event),
    CONTROL("control", "NP_ENABLE", nested_control, Kind::NestedControl),
    CONTROL("control", "EVENTINJ", event_injection, Kind::Event),
    CONTROL("control", "N_CR3", nested_root, Kind::Plain),
    CONTROL("control", "LBR_VIRTUALIZATION_ENABLE", lbr_control, Kind::Plain),
    CONTROL("control", "VMCB_CLEAN", clean, Kind::Clean),
    CONTROL("exit", "NRIP", next_rip, Kind::Plain),
    CONTROL("exit", "BYTES_FETCHED", fetched, Kind::Plain),
    CONTROL("exit", "GUEST_INSTRUCTION_BYTES", instruction, Kind::Instruction),
    SEGMENT("ES", es),
    SEGMENT("CS", cs),
    SEGMENT("SS", ss),
    SEGMENT("DS", ds),
    SEGMENT("FS", fs),
    SEGMENT("GS", gs),
    TABLE("GDTR", gdtr),
    SEGMENT("LDTR", ldtr),
    TABLE("IDTR", idtr),
    SEGMENT("TR", tr),
    SAVED("state", "CPL", cpl, Kind::Plain),
    SAVED("state", "EFER", efer, Kind::Efer),
    SAVED("state", "CR4", cr4, Kind::Cr4),
    SAVED("state", "CR3", cr3, Kind::Plain),
    SAVED("state", "CR0", cr0, Kind::Cr0),
    SAVED("state", "DR7", dr7, Kind::Plain),
    SAVED("state", "DR6", dr6, Kind::Plain),
    SAVED("state", "RFLAGS", rflags, Kind::Rflags),
    SAVED("state", "RIP", rip, Kind::Plain),
    SAVED("state", "RSP", rsp, Kind::Plain),
    SAVED("state", "RAX", rax, Kind::Plain),
    SAVED("state", "STAR", star, Kind::Plain),
    SAVED("state", "LSTAR", lstar, Kind::Plain),
    SAVED("state", "CSTAR", cstar, Kind::Plain),
    SAVED("state", "SFMASK", sfmask, Kind::Plain),
    SAVED("state", "KERNEL_GS_BASE", kernel_gs_base, Kind::Plain),
    SAVED("state", "SYSENTER_CS", sysenter_cs, Kind::Plain),
    SAVED("state", "SYSENTER_ESP", sysenter_esp, Kind::Plain),
    SAVED("state", "SYSENTER_EIP", sysenter_eip, Kind::Plain),
    SAVED("state", "CR2", cr2, Kind::Plain),
    SAVED("state", "G_PAT", gpat, Kind::Plain),
    SAVED("branch records", "DBGCTL", debug_ctl, Kind::Plain),
    SAVED("branch records", "BR_FROM", last_branch_from, Kind::Plain),
    SAVED("branch records", "BR_TO", last_branch_to, Kind::Plain),
    SAVED("branch records", "LASTEXCPFROM", last_interrupt_from, Kind::Plain),
    SAVED("branch records", "LASTEXCPTO", last_interrupt_to, Kind::Plain),
};

#undef CONTROL
#undef SAVED
#undef INTERCEPT
#undef SEGMENT
#undef TABLE

// APM vol. 2, 15.15.3.
constexpr FlagName kClean[] = {{bit(0), "intercepts"}, {bit(1), "iopm"}, {bit(2), "asid"}, {bit(3), "tpr"},
                               {bit(4), "np"},         {bit(5), "crx"},  {bit(6), "drx"},  {bit(7), "dt"},
                               {bit(8), "seg"},        {bit(9), "cr2"},  {bit(10), "lbr"}, {bit(11), "avic"},
                               {bit(12), "cet"}};
// APM vol. 2, 15.21; fields of several bits with their value.
constexpr FlagName kVirtualInterrupt[] = {{vi::kTprMask, "V_TPR"},
                                          {vi::kIrq, "V_IRQ"},
                                          {vi::kGif, "V_GIF"},
                                          {vi::kPriorityMask, "V_INTR_PRIO"},
                                          {vi::kIgnoreTpr, "V_IGN_TPR"},
                                          {vi::kMasking, "V_INTR_MASKING"},
                                          {vi::kGifEnable, "V_GIF_ENABLE"},
                                          {u64{0xFF} << vi::kVectorShift, "V_INTR_VECTOR"}};
// EXITINFO1 of a nested page fault (15.25.6).
constexpr FlagName kNestedFault[] = {{arch::pf::kPresent, "present"},
                                     {arch::pf::kWrite, "write"},
                                     {arch::pf::kUser, "user"},
                                     {arch::pf::kReserved, "reserved"},
                                     {arch::pf::kFetch, "fetch"},
                                     {svm::npf::kFinal, "at-the-page"},
                                     {svm::npf::kTables, "at-the-guest's-tables"}};

std::string intercepts_text(u64 word, unsigned first) {
  std::vector<std::string> names;
  for (unsigned n = 0; n < 32; ++n) {
    if (!test_bit(word, n)) continue;
    const std::string label = observe::exit_label(first + n);
    names.push_back(label == "?" ? fmt::format("bit {}", n) : label);
  }
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, " "));
}

std::string event_text(u64 value) {
  if ((value & svm::event::kValid) == 0) return "none";
  static constexpr const char* kTypes[] = {"interrupt",          "type 1", "NMI",    "exception",
                                           "software interrupt", "type 5", "type 6", "type 7"};
  std::string text =
      fmt::format("{} {}", kTypes[(value & svm::event::kTypeMask) >> svm::event::kTypeShift], value & 0xFF);
  if ((value & svm::event::kErrorValid) != 0)
    text += fmt::format(", error {:#x}", value >> svm::event::kErrorShift);
  return text;
}

std::string exit_info_text(u64 code, u64 value) {
  switch (static_cast<svm::Exit>(code)) {
    case svm::Exit::NestedPageFault: return text_of(kNestedFault, value);
    case svm::Exit::IoIo:
    case svm::Exit::Msr: return observe::exit_text(code, value, 0);
    default: return "";
  }
}

std::string tlb_text(u64 value) {
  switch (static_cast<svm::TlbControl>(value)) {
    case svm::TlbControl::Nothing: return "flush nothing";
    case svm::TlbControl::FlushAll: return "flush everything";
    case svm::TlbControl::FlushGuest: return "flush this guest";
    case svm::TlbControl::FlushGuestNonGlobal: return "flush this guest, but global pages";
  }
  return "reserved";
}

/// Attributes as the block has them: descriptor bits 55..52 and 47..40.
std::string attributes_text(u64 value) {
  if ((value & 0x80) == 0) return "not present";
  const bool segment = (value & 0x10) != 0, code = (value & 8) != 0;
  return fmt::format("type {} {}, DPL {}{}{}", value & 0xF, segment ? code ? "code" : "data" : "system",
                     value >> 5 & 3, (value & 0x200) != 0 ? ", long" : "",
                     (value & 0x400) != 0 ? ", 32-bit" : "");
}

}  // namespace

std::span<const BlockField> svm_fields() { return kFields; }

std::string svm_field_text(const BlockField& field, u64 value, const u8* block) {
  switch (field.kind) {
    case Kind::Intercepts: return intercepts_text(value, field.offset * 8U);
    case Kind::VirtualInterrupt: return text_of(kVirtualInterrupt, value);
    case Kind::ExitCode: return observe::exit_label(value);
    case Kind::ExitInfo: {
      u64 code = 0;
      std::memcpy(&code, block + offsetof(ControlArea, exit_code), sizeof code);
      return exit_info_text(code, value);
    }
    case Kind::Event: return event_text(value);
    case Kind::TlbControl: return tlb_text(value);
    case Kind::NestedControl: return (value & svm::kNestedPaging) != 0 ? "nested paging" : "no nested paging";
    case Kind::Clean: return value == 0 ? "nothing is said to be clean" : text_of(kClean, value);
    case Kind::Shadow: return (value & svm::kInterruptShadow) != 0 ? "in an interrupt shadow" : "none";
    case Kind::Attributes: return attributes_text(value);
    case Kind::Rflags: return text_of(rflags_names(), value);
    case Kind::Cr0: return text_of(cr0_names(), value);
    case Kind::Cr4: return text_of(cr4_names(), value);
    case Kind::Efer: return text_of(efer_names(), value);
    case Kind::Instruction: {
      const u8* bytes = block + field.offset;
      return fmt::format("{:02x}", fmt::join(bytes, bytes + field.bytes, " "));
    }
    default: return "";
  }
}

}  // namespace hvlab::inspect
