#include "hv-models/runtime/panic.hpp"

#include <cstdarg>

#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/memory_functions.hpp"
#include "hv-models/runtime/memory_layout.hpp"
#include "hv-models/runtime/power.hpp"
#include "hv-models/runtime/print.hpp"
#include "sim/base/check.hpp"

namespace hvlab::runtime {

// Made from the image's first link by symbols.sh; empty in that first link.
struct SymbolEntry {
  u64 address;
  const char* name;
};
extern "C" const SymbolEntry symbols_begin[], symbols_end[];

namespace {

const char* exception_name(u64 vector) {
  static constexpr const char* kNames[] = {
      "divide error", "debug",           "NMI",         "breakpoint",         "overflow",
      "bound range",  "invalid opcode",  "no FPU",      "double fault",       "(9)",
      "invalid TSS",  "segment missing", "stack fault", "general protection", "page fault",
      "(15)",         "x87 error",       "alignment",   "machine check",      "SIMD error"};
  return vector < sizeof kNames / sizeof kNames[0] ? kNames[vector] : "?";
}

bool in_image(u64 address) {
  return address >= reinterpret_cast<u64>(image_begin) && address < reinterpret_cast<u64>(image_end);
}

void print_caller(u64 address) {
  const SymbolAt at = symbol_at(address);
  print("  %p %s+%lx\n", reinterpret_cast<void*>(address), at.name, at.offset);
}

// Functions keep RBP as the link to their caller's (-fno-omit-frame-pointer). Stacks lie in the image or in
// the direct map; any other value ends the walk.
void print_callers(u64 rbp) {
  for (unsigned depth = 0; depth < 24 && rbp >= kDirectMap && rbp % 8 == 0; ++depth) {
    const u64* frame = reinterpret_cast<const u64*>(rbp);
    if (!in_image(frame[1])) return;
    print_caller(frame[1]);
    if (frame[0] <= rbp) return;  // callers are above
    rbp = frame[0];
  }
}

[[noreturn]] void stop() {
  drain_console();
  char how[8];
  if (command_line_value("panic", how, sizeof how) && strcmp(how, "off") == 0) power_off();
  apic::send_nmi_to_others();  // which start.cpp makes them halt at
  halt_forever();
}

void begin_panic() {
  interrupts_off();
  seize_console();
}

}  // namespace

SymbolAt symbol_at(u64 address) {
  SymbolAt best{"?", 0};
  for (const SymbolEntry* entry = symbols_begin; entry < symbols_end && entry->address <= address; ++entry) {
    if (in_image(address)) best = {entry->name, address - entry->address};
  }
  return best;
}

void print_frame(const TrapFrame& f) {
  print("  rip %016lx cs %04lx rflags %08lx rsp %016lx ss %04lx\n", f.rip, f.cs, f.rflags, f.rsp, f.ss);
  print("  rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f.rax, f.rbx, f.rcx, f.rdx);
  print("  rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", f.rsi, f.rdi, f.rbp, f.r8);
  print("  r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", f.r9, f.r10, f.r11, f.r12);
  print("  r13 %016lx r14 %016lx r15 %016lx cr2 %016lx\n", f.r13, f.r14, f.r15, read_cr2());
  if (f.from_user()) return;
  print_caller(f.rip);
  print_callers(f.rbp);
}

void panic(const char* format, ...) {
  begin_panic();
  char line[256];
  std::va_list arguments;
  va_start(arguments, format);
  format_text(line, sizeof line, format, arguments);
  va_end(arguments);
  print("\nPANIC: %s\n", line);
  print_callers(reinterpret_cast<u64>(__builtin_frame_address(0)));
  stop();
}

void panic_at(const TrapFrame& frame, const char* what) {
  begin_panic();
  print("\nPANIC: %s: %s (vector %lu, error %lx)\n", what, exception_name(frame.vector), frame.vector,
        frame.error);
  print_frame(frame);
  stop();
}

}  // namespace hvlab::runtime

void hvlab::check_failed(const char* condition, const char* file, int line) {
  runtime::panic("%s:%d: %s", file, line, condition);
}
