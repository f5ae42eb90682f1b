#include "sim/inspect/processor_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "sim/arch/msr.hpp"
#include "sim/inspect/flag_names.hpp"
#include "sim/svm/world.hpp"
#include "sim/vmx/unit.hpp"

namespace hvlab::inspect {

using arch::kCs;
using cpu::Cpu;

namespace {

Json entry(const char* name, const std::string& value, const std::string& text = "") {
  Json json = {{"name", name}, {"value", value}};
  if (!text.empty()) json["text"] = text;
  return json;
}
Json entry(const char* name, u64 value, const std::string& text = "") {
  return entry(name, hex(value), text);
}

Json general_json(const Cpu& cpu) {
  static constexpr const char* kNames[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                           "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
  Json list = Json::array();
  for (size_t i = 0; i < std::size(kNames); ++i) list.push_back(entry(kNames[i], cpu.gpr[i]));
  list.push_back(entry("rip", cpu.rip));
  list.push_back(entry("rflags", cpu.rflags(), text_of(rflags_names(), cpu.rflags())));
  return list;
}

Json control_json(const Cpu& cpu) {
  Json list = {entry("cr0", cpu.cr0, text_of(cr0_names(), cpu.cr0)),
               entry("cr2", cpu.cr2),
               entry("cr3", cpu.cr3),
               entry("cr4", cpu.cr4, text_of(cr4_names(), cpu.cr4)),
               entry("efer", cpu.efer, text_of(efer_names(), cpu.efer)),
               entry("xcr0", cpu.xcr0)};
  if ((cpu.cr4 & arch::cr4::kPae) == 0 || cpu.long_active()) return list;
  static constexpr const char* kPdptes[] = {"pdpte0", "pdpte1", "pdpte2", "pdpte3"};
  for (size_t i = 0; i < 4; ++i) list.push_back(entry(kPdptes[i], cpu.pdpte[i]));
  return list;
}

Json debug_json(const Cpu& cpu) {
  static constexpr const char* kNames[] = {"dr0", "dr1", "dr2", "dr3"};
  Json list = Json::array();
  for (size_t i = 0; i < 4; ++i) list.push_back(entry(kNames[i], cpu.dr[i]));
  list.push_back(entry("dr6", cpu.dr6, text_of(dr6_names(), cpu.dr6)));
  list.push_back(entry("dr7", cpu.dr7, text_of(dr7_names(), cpu.dr7)));
  return list;
}

std::string segment_text(const cpu::SegmentRegister& s) {
  namespace a = arch::attribute;
  if (!s.usable()) return "unusable";
  if ((s.attributes & a::kPresent) == 0) return "not present";
  const u32 type = s.attributes & a::kTypeMask;
  if ((s.attributes & a::kNonSystem) == 0) return fmt::format("system type {}", type);
  const bool code = (type & a::kCode) != 0;
  return fmt::format("{}{}, DPL {}", code ? "code" : "data",
                     (s.attributes & a::kLong) != 0         ? " 64-bit"
                     : (s.attributes & a::kDefaultBig) != 0 ? " 32-bit"
                                                            : " 16-bit",
                     s.dpl());
}

Json segment_json(const char* name, const cpu::SegmentRegister& s) {
  Json json = entry(name, hex(s.selector, 2), segment_text(s));
  json["base"] = hex(s.base);
  json["limit"] = hex(s.limit, 4);
  json["attributes"] = hex(s.attributes, 4);
  return json;
}

Json segments_json(const Cpu& cpu) {
  static constexpr const char* kNames[] = {"es", "cs", "ss", "ds", "fs", "gs"};
  Json list = Json::array();
  for (size_t i = 0; i < 6; ++i) list.push_back(segment_json(kNames[i], cpu.seg[i]));
  list.push_back(segment_json("ldtr", cpu.ldtr));
  list.push_back(segment_json("tr", cpu.tr));
  for (const auto& [name, table] : {std::pair{"gdtr", cpu.gdtr}, {"idtr", cpu.idtr}}) {
    Json json = {{"name", name}, {"base", hex(table.base)}, {"limit", hex(table.limit, 2)}};
    list.push_back(json);
  }
  return list;
}

Json msrs_json(const Cpu& cpu) {
  const auto msr = [](const char* name, u32 number, u64 value) {
    Json json = entry(name, value);
    json["number"] = hex(number, 4);
    return json;
  };
  namespace m = arch::msr;
  return {msr("star", m::kStar, cpu.star),
          msr("lstar", m::kLstar, cpu.lstar),
          msr("cstar", m::kCstar, cpu.cstar),
          msr("sfmask", m::kFmask, cpu.fmask),
          msr("kernel_gs_base", m::kKernelGsBase, cpu.kernel_gs_base),
          msr("tsc_aux", m::kTscAux, cpu.tsc_aux),
          msr("sysenter_cs", m::kSysenterCs, cpu.sysenter_cs),
          msr("sysenter_esp", m::kSysenterEsp, cpu.sysenter_esp),
          msr("sysenter_eip", m::kSysenterEip, cpu.sysenter_eip),
          msr("pat", m::kPat, cpu.pat),
          msr("mtrr_def_type", m::kMtrrDefType, cpu.mtrr.def_type),
          msr("debugctl", m::kDebugCtl, cpu.debug_ctl),
          msr("apic_base", m::kApicBase, cpu.apic == nullptr ? 0 : cpu.apic->base_msr()),
          msr("vm_cr", m::kVmCr, cpu.vm_cr),
          msr("vm_hsave_pa", m::kVmHsavePa, cpu.vm_hsave_pa)};
}

Json vector_json(const Cpu& cpu) {
  Json list = {entry("mxcsr", hex(cpu.mxcsr, 4))};
  static constexpr const char* kNames[] = {"xmm0",  "xmm1",  "xmm2",  "xmm3", "xmm4",  "xmm5",
                                           "xmm6",  "xmm7",  "xmm8",  "xmm9", "xmm10", "xmm11",
                                           "xmm12", "xmm13", "xmm14", "xmm15"};
  for (size_t i = 0; i < std::size(kNames); ++i)
    list.push_back(entry(kNames[i], fmt::format("0x{:016x}{:016x}", cpu.xmm[i].q[1], cpu.xmm[i].q[0])));
  return list;
}

const char* mode_name(const Cpu& cpu) {
  static constexpr const char* kNames[] = {"real", "virtual-8086", "protected", "compatibility", "64-bit"};
  return kNames[static_cast<size_t>(cpu.mode)];
}

const char* activity_name(const Cpu& cpu) {
  static constexpr const char* kNames[] = {"active", "halted", "monitor-wait", "wait-for-sipi", "shutdown"};
  return kNames[static_cast<size_t>(cpu.activity)];
}

Json waiting_json(const Cpu& cpu) {
  const std::pair<bool, const char*> kWaiting[] = {{cpu.interrupt_line, "interrupt"},
                                                   {cpu.nmi_pending, "nmi"},
                                                   {cpu.init_pending, "init"},
                                                   {cpu.smi_pending, "smi"},
                                                   {cpu.sipi_pending, "start-up"},
                                                   {cpu.virtual_interrupt, "virtual interrupt"},
                                                   {cpu.pending_debug != 0, "debug trap"}};
  Json list = Json::array();
  for (const auto& [is, name] : kWaiting)
    if (is) list.push_back(name);
  return list;
}

Json steps_json(const std::vector<WalkStep>& steps) {
  Json list = Json::array();
  for (const WalkStep& step : steps) {
    Json json = {{"stage", step.stage == Stage::First ? "first" : "second"},
                 {"level", step.level},
                 {"table", step.table},
                 {"index", step.index},
                 {"high_bit", step.high_bit},
                 {"low_bit", step.low_bit},
                 {"address", hex(step.address)},
                 {"system_address", hex(step.system_address)},
                 {"entry", hex(step.entry, step.entry_bytes)},
                 {"flags", step.extended ? step.flags : entry_flags(step.entry, step.page_shift != 0)}};
    if (!step.read) json["read"] = false;
    if (step.in_register) json["in_register"] = true;
    if (!step.fault.empty()) json["fault"] = step.fault;
    if (step.fault.empty()) {
      json["leads_to"] = step.page_shift != 0 ? "page" : "table";
      json["next"] = hex(step.next);
    }
    if (step.page_shift != 0) json["page_bytes"] = u64{1} << step.page_shift;
    if (!step.nested.empty()) json["nested"] = steps_json(step.nested);
    list.push_back(json);
  }
  return list;
}

}  // namespace

std::string hex(u64 value, unsigned bytes) { return fmt::format("0x{:0{}x}", value, bytes * 2); }

Json registers_json(const Cpu& cpu) {
  return {{"general", general_json(cpu)}, {"control", control_json(cpu)}, {"segments", segments_json(cpu)},
          {"debug", debug_json(cpu)},     {"msrs", msrs_json(cpu)},       {"vector", vector_json(cpu)}};
}

// APM vol. 2, table B-2: what VMRUN and VMLOAD load.
Json held_state_json(const Cpu& guest) {
  static constexpr std::string_view kHeld[] = {
      "rax",         "rsp",          "rip",         "rflags", "cr0",   "cr2",   "cr3",    "cr4",
      "efer",        "dr6",          "dr7",         "star",   "lstar", "cstar", "sfmask", "kernel_gs_base",
      "sysenter_cs", "sysenter_esp", "sysenter_eip"};
  const Json all = registers_json(guest);
  Json held = Json::object();
  for (const auto& [group, list] : all.items())
    for (const Json& one : list)
      if (group == "segments" || std::ranges::count(kHeld, one["name"].get<std::string>()) != 0)
        held[group].push_back(one);
  return {{"mode", mode_name(guest)}, {"cpl", guest.cpl}, {"registers", held}};
}

Json refused_entry_json(const Cpu& cpu) {
  if (!cpu.has(arch::Feature::Vmx) || cpu.has(arch::Feature::Svm) || cpu.virtualization == nullptr) return {};
  const vmx::Refusal& refused = static_cast<const vmx::Unit&>(*cpu.virtualization).refused();
  const vmx::Verdict& verdict = refused.verdict;
  if (verdict.pass()) return {};
  Json json = {{"block", hex(refused.vmcs)},
               {"cycles", refused.cycle},
               {"section", verdict.section},
               {"rule", verdict.rule}};
  if (!verdict.segment.empty()) json["segment"] = verdict.segment;
  return json;
}

Json condition_json(const Cpu& cpu) {
  Json json = {{"mode", mode_name(cpu)},
               {"cpl", cpu.cpl},
               {"activity", activity_name(cpu)},
               {"interrupts_enabled", cpu.takes_interrupts()},
               {"gif", cpu.gif},
               {"waiting", waiting_json(cpu)}};
  if (cpu.sti_shadow || cpu.mov_ss_shadow) json["interrupt_shadow"] = true;
  return json;
}

Json walk_json(const Walk& walk) {
  static constexpr const char* kAccess[] = {"read", "write", "execute"};
  Json json = {{"linear", hex(walk.linear)},
               {"access", kAccess[static_cast<size_t>(walk.access)]},
               {"privilege", walk.user ? "user" : "supervisor"},
               {"paging", walk.paging},
               {"second_stage", walk.second_stage},
               {"steps", steps_json(walk.steps)}};
  if (walk.paging) json["mode"] = walk.mode;
  if (walk.second_stage) json["second_mode"] = walk.second_mode;
  if (walk.second_stage) json["second_kind"] = walk.extended ? "ept" : "npt";
  if (walk.second_stage) json["nested"] = steps_json(walk.nested);
  json["references"] = walk.references;
  if (!walk.fault.empty()) {
    json["fault"] = walk.fault;
    json["nested_fault"] = walk.nested_fault;
    json[walk.extended && walk.nested_fault ? "qualification" : "error"] = hex(walk.error, 4);
    return json;
  }
  if (walk.second_stage) json["guest_physical"] = hex(walk.guest_physical);
  json["physical"] = hex(walk.physical);
  json["page_bytes"] = u64{1} << walk.shift;
  Json allowed = Json::array();
  if (walk.readable) allowed.push_back("read");
  if (walk.writable) allowed.push_back("write");
  if (walk.executable) allowed.push_back("execute");
  json["allowed"] = allowed;
  return json;
}

Json code_json(const std::vector<CodeLine>& lines) {
  Json list = Json::array();
  for (const CodeLine& line : lines) {
    Json json = {{"address", hex(line.address)},
                 {"bytes", fmt::format("{:02x}", fmt::join(line.bytes, " "))},
                 {"text", line.text}};
    if (!line.symbol.empty()) json["symbol"] = line.symbol;
    if (!line.target.empty()) json["target"] = line.target;
    if (line.current) json["current"] = true;
    list.push_back(json);
  }
  return list;
}

Json control_block_json(BlockKind kind, u64 address, std::span<const u8> block) {
  Json json = {{"address", hex(address)}, {"kind", name(kind)}};
  if (block.size() < 4096) {
    json["problem"] = "the address is not in memory";
    return json;
  }
  json["fields"] = Json::array();
  for (const FieldValue& value : block_values(kind, block.data())) {
    const bool long_one = value.field->bytes > 8;
    Json field = {{"group", value.field->group}, {"name", value.field->name}};
    // The place of a VMCS' field in memory is nobody's business: its encoding is its name.
    if (kind == BlockKind::Vmx)
      field["encoding"] = hex(value.field->encoding, 2);
    else
      field["offset"] = hex(value.field->offset, 2);
    field["value"] = long_one ? "" : hex(value.value, value.field->bytes);
    if (!value.text.empty()) field["text"] = value.text;
    json["fields"].push_back(field);
  }
  return json;
}

}  // namespace hvlab::inspect
