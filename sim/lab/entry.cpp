#include "sim/lab/entry.hpp"

#include "sim/arch/descriptors.hpp"
#include "sim/arch/registers.hpp"
#include "sim/base/check.hpp"

namespace hvlab::lab {

namespace {

class RamTarget final : public boot::LoadTarget {
 public:
  explicit RamTarget(board::Ram& ram) : ram_(ram) {}
  void write(u64 address, std::span<const u8> bytes) override {
    ram_.write(address, bytes.data(), bytes.size());
  }

 private:
  board::Ram& ram_;
};

using arch::Segment;

cpu::SegmentRegister flat(u16 selector, u32 type) {
  using namespace arch::attribute;
  return {.base = 0,
          .limit = 0xffff'ffff,
          .attributes = type | kAccessed | kNonSystem | kPresent | kDefaultBig | kGranularity,
          .selector = selector};
}

// EntryState's promise, in the processor's terms.
void enter(const boot::EntryState& entry, cpu::Cpu& cpu) {
  using namespace arch::attribute;
  cpu.cr0 = arch::cr0::kPe | arch::cr0::kEt;
  cpu.rip = entry.eip;
  const u32 registers[] = {entry.eax, entry.ecx, entry.edx, entry.ebx,
                           entry.esp, entry.ebp, entry.esi, entry.edi};
  for (unsigned i = 0; i < 8; ++i) cpu.gpr[i] = registers[i];
  for (const Segment segment : {arch::kDs, arch::kEs, arch::kSs, arch::kFs, arch::kGs}) {
    cpu.seg[segment] = flat(entry.data_selector, kWritable);
  }
  cpu.seg[arch::kCs] = flat(entry.code_selector, kCode | kReadable);
  cpu.gdtr = {.base = entry.gdt_address, .limit = entry.gdt_limit};
  cpu.idtr = {.base = 0, .limit = 0};
  cpu.tr = {.base = 0,
            .limit = 0x67,
            .attributes = static_cast<u32>(arch::SystemType::TssBusy) | kPresent,
            .selector = 0};
  cpu.ldtr = {.base = 0, .limit = 0, .attributes = kUnusable, .selector = 0};
  cpu.set_rflags(arch::flag::kFixed1);
  cpu.refresh();
}

}  // namespace

boot::BootResult load_machine(board::Machine& machine, boot::BootSetup setup) {
  setup.ram_bytes = machine.ram().bytes();
  setup.processors = static_cast<unsigned>(machine.processors().count());
  RamTarget target(machine.ram());
  const boot::BootResult result = boot::load(setup, target);
  enter(result.state, machine.processors().at(0).state());
  return result;
}

}  // namespace hvlab::lab
