#include "hv-models/hostile/attacks.hpp"

#include <initializer_list>

#include "hv-models/hostile/attempt.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/print.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/msr.hpp"
#include "sim/arch/registers.hpp"

namespace hvlab::hostile {

using namespace runtime;

namespace {

namespace m = arch::msr;

// Without these it would harm itself alone, and the attack would be over.
bool is_own(u32 msr) {
  for (const u32 each : {m::kEfer, m::kGsBase, m::kKernelGsBase, m::kApicBase}) {
    if (msr == each) return true;
  }
  return false;
}

void try_register(u32 msr) {
  attempt([&] { is_secret(read_msr(msr)); });
  if (is_own(msr)) return;
  for (const u64 value : {u64{0}, ~u64{0}, u64{1}, chance()}) {
    attempt([&] { write_msr(msr, value); });
  }
}

template <typename What>
void expect_undefined(const char* name, What what) {
  const u64 vector = attempt(what);
  if (vector != static_cast<u64>(arch::Exception::InvalidOpcode))
    print("hostile: %s is NOT undefined (%ld)\n", name, static_cast<i64>(vector));
}

}  // namespace

void attack_registers() {
  for (const u32 first : {0u, 0x1a0u, 0x200u, 0x480u, 0x800u, 0xc000'0080u, 0xc000'0100u, 0xc001'0000u,
                          0xc001'0100u, 0x4000'0000u, 0xffff'ffc0u}) {
    for (u32 i = 0; i < 64; ++i) try_register(first + i);
  }
  for (unsigned i = 0; i < 200; ++i) try_register(static_cast<u32>(chance()));
  for (const u64 value : {u64{0}, ~u64{0}, u64{0x8000'0000}, u64{0x6000'0011}, bit(13), bit(17), bit(22)}) {
    attempt([&] { asm volatile("mov %0, %%cr4" ::"r"(value | read_cr4())); });
    attempt([&] { asm volatile("mov %0, %%cr8" ::"r"(value)); });
    attempt([&] { write_cr0(value | 0x8005'0033); });
    attempt([&] { asm volatile("mov %0, %%dr7" ::"r"(value & ~u64{0xff})); });
    attempt([&] { asm volatile("xsetbv" ::"a"(value), "d"(0), "c"(0)); });
  }
  attempt([&] { write_msr(m::kApicBase, 0x1'0000 | 0x900); });
  attempt([&] { write_msr(m::kEfer, ~u64{0}); });
}

void attack_ports() {
  constexpr u16 kSerial = 0x3f8, kAcpiControl = 0x604;
  for (u32 port = 0; port < 0x1'0000; port += port < 0x1000 ? 1 : 61) {
    const u16 at = static_cast<u16>(port);
    attempt([&] { is_secret(in32(at)); });
    attempt([&] { is_secret(in8(at)); });
    // What it prints and how it ends are its own affair.
    if ((at | 7) == (kSerial | 7) || at + 3 >= kAcpiControl || at <= kAcpiControl + 1) continue;
    attempt([&] { out32(at, static_cast<u32>(chance())); });
    attempt([&] { out8(at, static_cast<u8>(chance())); });
  }
}

void attack_instructions() {
  const u64 page = physical(allocate_zeroed_page());
  expect_undefined("VMRUN", [&] { asm volatile("vmrun %%rax" ::"a"(page)); });
  expect_undefined("VMLOAD", [&] { asm volatile("vmload %%rax" ::"a"(page)); });
  expect_undefined("VMSAVE", [&] { asm volatile("vmsave %%rax" ::"a"(page)); });
  expect_undefined("STGI", [] { asm volatile("stgi"); });
  expect_undefined("CLGI", [] { asm volatile("clgi"); });
  expect_undefined("SKINIT", [] { asm volatile("skinit %%eax" ::"a"(0)); });
  expect_undefined("INVLPGA", [] { asm volatile("invlpga %%rax, %%ecx" ::"a"(0), "c"(1)); });
  expect_undefined("MONITOR", [] { asm volatile("monitor" ::"a"(0), "c"(0), "d"(0)); });
  expect_undefined("MWAIT", [] { asm volatile("mwait" ::"a"(0), "c"(0)); });
  asm volatile("wbinvd; invd" ::: "memory");
}

void attack_calls() {
  const u64 arguments[] = {
      0, 8, 0x1000, 0xf'fff8, ~u64{0}, ~u64{7}, u64{1} << 63, u64{64} << 20, (u64{64} << 20) - 8};
  for (u64 number = 0; number < 40; ++number) {
    for (const u64 first : arguments) {
      for (const u64 second : {u64{0}, ~u64{0}, chance()}) {
        attempt([&] {
          u64 rax = number;
          asm volatile("vmmcall" : "+a"(rax) : "D"(first), "S"(second), "d"(second) : "memory");
          is_secret(rax);
        });
      }
    }
  }
}

void attack_chance() {
  u8* code = static_cast<u8*>(allocate_pages());
  // Where the image's own code is executable, so is the low copy of memory, unless it is gone.
  for (unsigned i = 0; i < 400; ++i) {
    for (unsigned j = 0; j < 4096; ++j) code[j] = static_cast<u8>(chance() >> 13);
    for (unsigned j = 256; j < 4096; ++j) code[j] = 0xcc;
    attempt([&] {
      asm volatile("call *%0" ::"r"(code)
                   : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
    });
    interrupts_off();
  }
}

void triple_fault() {
  const struct [[gnu::packed]] {
    u16 limit;
    u64 base;
  } nothing = {0, 0};
  asm volatile("lidt %0; int3" ::"m"(nothing));
}

void lost_tables() { write_cr3(u64{0xc000'0000}); }

void deaf() { halt_forever(); }

}  // namespace hvlab::hostile
