// A processor that may go into VMX operation, with a region for VMXON and some for VMCSs, and what the
// instructions of VMX look like.
#pragma once

#include "intel_everything.hpp"
#include "sim/vmx/unit.hpp"

namespace hvlab::test {

inline constexpr u64 kVmxonRegion = 0x7'0000, kVmcs = 0x7'1000, kOtherVmcs = 0x7'2000, kDirectory = 0x7'3000;
inline constexpr u64 kNone = arch::vmx::kNoVmcs;

/// intel_everything() with other capabilities.
template <class Change>
timing::Profile intel_with(Change change) {
  timing::Profile p = intel_everything();
  change(p.vmx);
  return p;
}
inline timing::Profile intel_without(arch::vmx::Control control) {
  return intel_with([=](arch::vmx::Capabilities& c) {
    c.allowed1[static_cast<size_t>(arch::vmx::word_of(control))] &= ~arch::vmx::bit_of(control);
  });
}

// Machine code; memory operands are [RDI]. The same bytes are the instruction with [EDI] in 32-bit code.
using Bytes = std::vector<u8>;
inline const Bytes kVmxon{0xF3, 0x0F, 0xC7, 0x37}, kVmclear{0x66, 0x0F, 0xC7, 0x37},
    kVmptrld{0x0F, 0xC7, 0x37}, kVmptrst{0x0F, 0xC7, 0x3F}, kVmreadRbxRax{0x0F, 0x78, 0xC3},
    kVmreadMemoryRax{0x0F, 0x78, 0x07}, kVmwriteRaxRbx{0x0F, 0x79, 0xC3}, kVmwriteRaxMemory{0x0F, 0x79, 0x07},
    kInvept{0x66, 0x0F, 0x38, 0x80, 0x07}, kInvvpid{0x66, 0x0F, 0x38, 0x81, 0x07}, kVmcall{0x0F, 0x01, 0xC1},
    kVmlaunch{0x0F, 0x01, 0xC2}, kVmresume{0x0F, 0x01, 0xC3}, kVmxoff{0x0F, 0x01, 0xC4},
    kVmfunc{0x0F, 0x01, 0xD4};

/// How an instruction ended.
enum class Ended : u8 { Succeed, FailInvalid, FailValid, Undefined, Protection, PageFault, Other };

class RootMachine : public Machine {
 public:
  explicit RootMachine(timing::Profile p = intel_everything()) : Machine(std::move(p)) {
    long_mode();
    ready();
    for (const u64 region : {kVmxonRegion, kVmcs, kOtherVmcs}) poke<u32>(region, cpu().vmx.revision);
  }

  vmx::Unit& unit() { return vmx::unit_of(cpu()); }
  arch::vmx::Vmcs& vmcs(u64 address = kVmcs) {
    return *reinterpret_cast<arch::vmx::Vmcs*>(bus.ram.data() + address);
  }

  /// CR4 and IA32_FEATURE_CONTROL allow VMXON.
  void ready() {
    cpu().cr4 |= arch::cr4::kVmxe;
    cpu().feature_control = 5;
    settle();
  }
  /// 32-bit code with 32-bit paging (CR0.PG is fixed to 1): 4 MiB pages, linear = physical.
  void paged_protected_mode() {
    cpu().efer = 0;
    protected_mode();
    for (u32 n = 0; n < bus.ram.size() >> 22; ++n) poke<u32>(kDirectory + n * 4, n << 22 | 0x87);
    cpu().cr3 = kDirectory;
    cpu().cr4 |= arch::cr4::kPse;
    cpu().cr0 |= arch::cr0::kPg;
    ready();
  }
  /// As after VMXON, and VMPTRLD of `current`.
  void in_root(u64 current = kVmcs) {
    cpu().vmx_operation = true;
    unit().vmxon_pointer = kVmxonRegion;
    unit().current = current;
  }

  /// Executes one instruction at the usual place, with all status flags set before.
  Ended execute(const Bytes& bytes) {
    cpu::Cpu& c = cpu();
    c.rip = kCode;
    c.gpr[arch::kRsp] = kStack;
    c.activity = cpu::Activity::Active;
    c.flags.set_status(arch::flag::kStatus);
    const int vector = run(bytes);
    switch (vector) {
      case -1: break;
      case 6: return Ended::Undefined;
      case 13: return error_code() == 0 ? Ended::Protection : Ended::Other;
      case 14: return Ended::PageFault;
      default: return Ended::Other;
    }
    if (c.rip != kCode + bytes.size() + 1) return Ended::Other;
    switch (c.flags.status()) {
      case 0: return Ended::Succeed;
      case arch::flag::kCf: return Ended::FailInvalid;
      case arch::flag::kZf: return Ended::FailValid;
      default: return Ended::Other;
    }
  }
  /// ... with RDI at kData, where `operand` is.
  Ended execute(const Bytes& bytes, u64 operand) {
    cpu().gpr[arch::kRdi] = kData;
    poke<u64>(kData, operand);
    return execute(bytes);
  }
  /// VMfailValid with that number. The field is cleared before.
  bool fails(u64 error, const Bytes& bytes, u64 operand) {
    u64& number = vmcs(unit().current)[arch::vmx::Field::InstructionError];
    number = 0;
    return execute(bytes, operand) == Ended::FailValid && number == error;
  }
};

/// In place of a hypervisor: notes what the processor asks, and goes on behind the instruction as if the
/// guest had been left and entered again.
struct Asked final : cpu::Interceptor {
  std::vector<decode::Intercept> instructions;

  decode::Outcome instruction(cpu::Cpu& cpu, decode::Intercept what, u64) override {
    instructions.push_back(what);
    cpu.rip += cpu.current->length;
    return decode::Outcome::World;
  }
  decode::Outcome control_read(cpu::Cpu&, unsigned) override { return decode::Outcome::Next; }
  decode::Outcome control_write(cpu::Cpu&, unsigned, u64) override { return decode::Outcome::Next; }
  decode::Outcome debug_access(cpu::Cpu&, unsigned, bool) override { return decode::Outcome::Next; }
  decode::Outcome port(cpu::Cpu&, const cpu::PortAccess&) override { return decode::Outcome::Next; }
  decode::Outcome msr(cpu::Cpu&, u32, bool) override { return decode::Outcome::Next; }
  decode::Outcome task_switch(cpu::Cpu&, const cpu::TaskSwitchAccess&) override {
    return decode::Outcome::Next;
  }
  bool exception(cpu::Cpu&, const cpu::Delivery&) override { return false; }
  bool shutdown(cpu::Cpu&) override { return false; }
  bool boundary(cpu::Cpu&, cpu::Boundary) override { return false; }
  void virtual_interrupt(cpu::Cpu&) override {}
  bool read_task_priority(const cpu::Cpu&, u64&) override { return false; }
  bool write_task_priority(cpu::Cpu&, u64) override { return false; }
};

}  // namespace hvlab::test
