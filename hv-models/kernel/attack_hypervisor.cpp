#include "hv-models/kernel/attack_hypervisor.hpp"

#include <initializer_list>

#include "hv-models/drivers/pci.hpp"
#include "hv-models/kernel/machine_end.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/hypercall.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/print.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/msr.hpp"

namespace hvlab::kernel {
namespace {

u64 resume = 0;  // where to go on after an exception
unsigned faults = 0;
u64 random_state = 0x9e37'79b9'7f4a'7c15;

u64 next_random() {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return random_state * 0x2545'f491'4f6c'dd1d;
}

void go_on(runtime::TrapFrame& frame) {
  if (resume == 0) runtime::panic_at(frame, "exception outside an attack");
  ++faults;
  frame.rip = resume;
}

// `instruction` with RAX, RCX and RDX; an exception goes on behind it.
#define ATTACK(instruction, rax, rcx, rdx)                                                     \
  do {                                                                                         \
    u64 a_ = (rax), c_ = (rcx), d_ = (rdx);                                                    \
    asm volatile("lea 1f(%%rip), %%rbx; mov %%rbx, %3; " instruction "; 1: movq $0, %3"        \
                 : "+a"(a_), "+c"(c_), "+d"(d_), "+m"(resume)::"rbx", "rsi", "rdi", "memory"); \
  } while (false)

// ---- The processor

void attack_instructions() {
  for (const u64 address : {u64{0}, u64{0x1000}, u64{0x10'0000}, u64{0xfee0'0000}, ~u64{0xfff}}) {
    ATTACK("vmrun", address, 0, 0);
    ATTACK("vmload", address, 0, 0);
    ATTACK("vmsave", address, 0, 0);
    ATTACK("invlpga", address, 0, 0);
  }
  ATTACK("clgi", 0, 0, 0);
  ATTACK("stgi", 0, 0, 0);
  ATTACK("skinit", 0, 0, 0);
  ATTACK("monitor", 0x1000, 0, 0);
  ATTACK("mwait", 0, 0, 0);
  ATTACK("xsetbv", 7, 0, 0);
  ATTACK("rdpmc", 0, 0, 0);
  ATTACK("invd", 0, 0, 0);
  ATTACK("wbinvd", 0, 0, 0);
  ATTACK("ud2", 0, 0, 0);
  for (u64 i = 0; i < 64; ++i) {
    ATTACK("mov %%rax, %%cr4", runtime::read_cr4() ^ u64{1} << i, 0, 0);
    ATTACK("mov %%rax, %%cr4", runtime::read_cr4() | 0x20, 0, 0);
  }
}

// Those that change where this kernel's own code finds its processor, or itself.
bool is_own(u32 msr) {
  return (msr >= arch::msr::kFsBase && msr <= arch::msr::kKernelGsBase) || msr == arch::msr::kEfer ||
         msr == arch::msr::kApicBase;
}

void attack_msrs() {
  for (const u32 first : {0u, 0x800u, 0xc000'0000u, 0xc001'0000u, 0x4b56'4d00u}) {
    for (u32 msr = first; msr < first + 0x200; ++msr) {
      ATTACK("rdmsr", 0, msr, 0);
      if (is_own(msr)) continue;
      ATTACK("wrmsr", ~u64{0}, msr, ~u64{0});
      ATTACK("wrmsr", 0, msr, 0);
    }
  }
  ATTACK("wrmsr", 0x1d01, arch::msr::kEfer, 0);           // with SVME
  ATTACK("wrmsr", 0x1234'5800, arch::msr::kApicBase, 0);  // another address
}

void attack_hypercalls() {
  if (runtime::hypervisor_features() == 0 && (runtime::cpuid(1).ecx >> 31 & 1) == 0) return;
  for (unsigned i = 0; i < 300; ++i) {
    const u64 number = i < 128 ? i * 8 : next_random();
    ATTACK("vmmcall", number, next_random(), next_random());
  }
}

// ---- What is around it

void attack_ports() {
  constexpr u16 kSerial = 0x3f8, kSerialEnd = 0x400, kPowerOff = 0x604;
  for (u32 port = 0; port < 0x1'0000; port += port < 0x1100 ? 1 : 97) {
    const u16 p = static_cast<u16>(port);
    if ((p >= kSerial && p < kSerialEnd) || (p & ~3) == kPowerOff) continue;
    runtime::in8(p);
    runtime::out8(p, static_cast<u8>(next_random()));
  }
}

void read_away(const volatile u32& word) { asm volatile("" ::"r"(u32{word})); }

// Between memory and 4 GiB: devices, and nothing.
void attack_addresses() {
  for (u64 address = align_up(total_memory_bytes(), u64{16} << 20); address < u64{1} << 32;
       address += u64{8} << 20) {
    volatile u32& word = runtime::device_register(address + (next_random() & 0xffc));
    word = static_cast<u32>(next_random());
    read_away(word);
  }
}

void attack_interrupt_controllers() {
  constexpr u64 kIoApic = 0xfec0'0000, kLocalApic = 0xfee0'0000;
  for (u32 selected = 0; selected < 256; ++selected) {
    runtime::device_register(kIoApic) = selected;
    runtime::device_register(kIoApic + 0x10) = static_cast<u32>(next_random()) | 1u << 16;  // masked
  }
  for (u32 offset = 0; offset < 0x1000; offset += 16) {
    if (offset == 0xf0) continue;  // it stays on
    runtime::device_register(kLocalApic + offset) = static_cast<u32>(next_random()) | 1u << 16;
  }
  for (unsigned i = 0; i < 200; ++i) {  // to everybody whom it can name, of every kind but a start
    runtime::device_register(kLocalApic + 0x310) = static_cast<u32>(next_random());
    runtime::device_register(kLocalApic + 0x300) =
        static_cast<u32>(next_random() & 0xc'0000) | 1u << 14 | (i & 0xff);
  }
}

// The command register of x2APIC mode: every kind, to everybody whom it can name but itself (an NMI would
// stop this kernel).
void attack_processors() {
  if (!runtime::apic::uses_msrs()) return;
  constexpr u32 kCommand = 0x830, kAssert = 1u << 14, kAllOthers = 3u << 18;
  for (u64 i = 0; i < 400; ++i) {
    const u64 destination = i % 16;
    const u32 shorthand = destination == runtime::apic::id() ? kAllOthers : 0;
    ATTACK("wrmsr", (i & 0xff) | (next_random() & 7) << 8 | kAssert | shorthand, kCommand, destination);
  }
  ATTACK("wrmsr", 0x000c'4500, kCommand, 0);  // INIT to all others
  ATTACK("wrmsr", 0x000c'4600, kCommand, 0);  // start-up at address 0
}

// Registers by chance, in spaces that its own writes have moved.
void attack_devices(const drivers::PciFunction& f) {
  for (unsigned round = 0; round < 40; ++round) {
    u64 address = drivers::pci_address(f, round % 6);
    if (address >= total_memory_bytes() && address < 0xfec0'0000) {
      for (unsigned i = 0; i < 20; ++i) {
        volatile u32& word = runtime::device_register(address + (next_random() & 0x3ffc));
        word = static_cast<u32>(i % 3 == 0 ? next_random() & 0x3ff'f000 : next_random());
        read_away(word);
      }
    }
    const u8 offset = static_cast<u8>(next_random() & 0xfc);
    const bool bar = offset >= 0x10 && offset < 0x28;
    drivers::pci_write(f, offset,
                       static_cast<u32>(bar ? 0xe000'0000 | (next_random() & 0x0fff'ffff) : next_random()));
    drivers::pci_enable(f);
  }
}

void attack_everything() {
  attack_instructions();
  attack_msrs();
  attack_hypercalls();
  attack_ports();
  attack_addresses();
  attack_interrupt_controllers();
  attack_processors();
  drivers::for_each_pci_function([](const drivers::PciFunction& f) { attack_devices(f); });
}

// As long as it takes others to notice, without letting any interrupt in.
void attack_time() { runtime::clock::spin(100'000'000); }

// Code where there is none: such a guest cannot go on. (The low addresses are still the first tables', which
// let it.)
void attack_by_fetching() {
  const auto nowhere = reinterpret_cast<void (*)()>(0xd000'0000);
  nowhere();
}

struct Attack {
  const char* name;
  void (*run)();
};
constexpr Attack kAttacks[] = {
    {"everything", attack_everything},
    {"time", attack_time},
    {"fetch", attack_by_fetching},
    {"split", attack_split},
    {"card", attack_card}};

}  // namespace

u64 attack_random() { return next_random(); }

void attack_if_asked() {
  char name[16];
  if (!runtime::command_line_value("attack", name, sizeof name)) return;
  runtime::interrupts_off();
  for (const arch::Exception e : {arch::Exception::InvalidOpcode, arch::Exception::GeneralProtection})
    runtime::set_handler(static_cast<u8>(e), go_on);
  for (const Attack& attack : kAttacks) {
    if (strcmp(attack.name, name) == 0) attack.run();
  }
  runtime::print("attack: %s over, %u exceptions\n", name, faults);
  end_machine(0);
}

}  // namespace hvlab::kernel
