#include "hv-models/runtime/processors.hpp"

#include "hv-models/runtime/acpi.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/memory_functions.hpp"
#include "hv-models/runtime/memory_layout.hpp"
#include "hv-models/runtime/print.hpp"
#include "sim/arch/msr.hpp"
#include "sim/arch/registers.hpp"
#include "sim/base/bits.hpp"

extern "C" char secondary_code[], secondary_code_end[], secondary_parameters[];
extern "C" [[noreturn]] void secondary_processor_start(hvlab::runtime::Processor* self);

namespace hvlab::runtime {
namespace {

constexpr u64 kSecondaryPage = 0x8000;  // as in secondary.S
constexpr size_t kStackBytes = 16384;

Processor processors[kMostProcessors];
alignas(16) u8 stacks[kMostProcessors][kStackBytes];  // of processors 1 and up, until they have a thread
unsigned count = 1;
void (*secondary_main)() = nullptr;

// Write protection in ring 0, no execution or reading of user memory there, SSE for programs (SDM vol. 3,
// 2.5, 4.6).
void set_control_registers() {
  constexpr u32 kSmep = 7, kSmap = 20;
  u64 cr4 = arch::cr4::kPae | arch::cr4::kPge | arch::cr4::kOsfxsr | arch::cr4::kOsxmmexcpt;
  if (cpuid(0).eax >= 7) {
    const u32 features = cpuid(7).ebx;
    if (test_bit(features, kSmep)) cr4 |= arch::cr4::kSmep;
    if (test_bit(features, kSmap)) cr4 |= arch::cr4::kSmap;
  }
  write_cr0(arch::cr0::kPg | arch::cr0::kWp | arch::cr0::kNe | arch::cr0::kEt | arch::cr0::kMp |
            arch::cr0::kPe);
  write_cr4(cr4);
}

void set_up(Processor& self, unsigned index) {
  self.self = &self;
  self.index = index;
  self.segments.load();
  write_msr(arch::msr::kGsBase, reinterpret_cast<u64>(&self));
  write_msr(arch::msr::kKernelGsBase, 0);
  load_interrupt_table();
  set_control_registers();
  asm volatile("fninit");
}

// INIT goes to all first: the time it takes them is then waited for once.
void reset_others(const acpi::Tables& tables) {
  constexpr clock::Nanoseconds kInitWait = 10'000'000;
  for (unsigned i = 0; i < tables.processors; ++i) {
    if (tables.apic_ids[i] != processors[0].apic_id) apic::send_init(tables.apic_ids[i]);
  }
  if (tables.processors > 1) clock::spin(kInitWait);
}

bool start(Processor& other, u8* stack_end) {
  const u64 parameters[] = {physical(kernel_root), reinterpret_cast<u64>(stack_end),
                            reinterpret_cast<u64>(&other)};
  memcpy(direct<char>(kSecondaryPage) + (secondary_parameters - secondary_code), parameters,
         sizeof parameters);
  constexpr clock::Nanoseconds kStartWait = 200'000, kPatience = 100'000'000;
  for (unsigned attempt = 0; attempt < 2; ++attempt) {
    apic::send_start_up(other.apic_id, kSecondaryPage >> 12);
    const clock::Nanoseconds end = clock::now() + (attempt == 0 ? kStartWait : kPatience);
    while (clock::now() < end) {
      if (__atomic_load_n(&other.running, __ATOMIC_ACQUIRE)) return true;
      pause();
    }
  }
  return false;
}

}  // namespace

unsigned processor_count() { return count; }
Processor& processor(unsigned index) { return processors[index]; }

void set_up_first_processor() {
  set_up(processors[0], 0);
  processors[0].running = true;
}

void start_other_processors(void (*main)()) {
  processors[0].apic_id = apic::id();
  secondary_main = main;
  memcpy(direct<void>(kSecondaryPage), secondary_code,
         static_cast<size_t>(secondary_code_end - secondary_code));
  const acpi::Tables& tables = acpi::tables();
  reset_others(tables);
  for (unsigned i = 0; i < tables.processors && count < kMostProcessors; ++i) {
    if (tables.apic_ids[i] == processors[0].apic_id) continue;
    Processor& other = processors[count];
    other.index = count;
    other.apic_id = tables.apic_ids[i];
    if (start(other, stacks[count] + kStackBytes)) {
      ++count;
    } else {
      print("processor with APIC id %u does not start\n", other.apic_id);
    }
  }
}

}  // namespace hvlab::runtime

void secondary_processor_start(hvlab::runtime::Processor* self) {
  using namespace hvlab::runtime;
  set_up(*self, self->index);
  apic::enable();
  __atomic_store_n(&self->running, true, __ATOMIC_RELEASE);
  secondary_main();
  halt_forever();
}
