#include "ours.hpp"

#include <cstring>
#include <utility>

namespace hvlab::oracle {

namespace {

/// The supervisor's part of the address space: physical 0..2 MiB, where the host has its kernel.
constexpr u64 kHigh = 0xFFFF'FFFF'8000'0000;
constexpr u64 kMaps = 0x5'0000;  // seven tables
constexpr u64 kPresent = 1, kWritable = 2, kUser = 4, kNoExecute = u64{1} << 63;
constexpr u64 kKernelStack = 0x7'0000;
constexpr u16 kKernelCode = 0x10;
constexpr u64 kUntouchable = arch::flag::kIf;

}  // namespace

Ours::Ours(const timing::Profile& profile) : machine_(profile) {
  machine_.long_mode();
  map();
  cpu::Cpu& c = machine_.cpu();
  c.cr0 |= arch::cr0::kAm;
  c.cr4 |= arch::cr4::kOsxsave;
  c.cr3 = kMaps;
  c.gdtr.base += kHigh;
  c.idtr.base += kHigh;
  c.tr.base += kHigh;
  machine_.poke<u64>(test::kTss + 4, kHigh + kKernelStack);
  machine_.poke<u16>(test::kTss + 0x66, 0x68);  // no I/O permission map
  build_gdt();
  for (u64 v = 0; v < 256; ++v) {  // handlers stay where they are, seen from above
    machine_.poke<u16>(test::kIdt + v * 16 + 2, kKernelCode);
    machine_.poke<u8>(test::kIdt + v * 16 + 5, v == 3 || v == 4 ? 0xEE : 0x8E);
    machine_.poke<u16>(test::kIdt + v * 16 + 6, static_cast<u16>((kHigh + test::kHandlers) >> 16));
    machine_.poke<u32>(test::kIdt + v * 16 + 8, static_cast<u32>(kHigh >> 32));
  }
  std::memset(machine_.bus.ram.data() + kCode, 0xCC, kCodeBytes);
}

/// Linux' table, as far as user mode can tell: flat segments of 4 GiB.
void Ours::build_gdt() {
  constexpr std::pair<u16, u64> kDescriptors[] = {{0x08, 0xC09B},      {kKernelCode, 0xA09B},
                                                  {0x18, 0xC093},      {kUserCode32, 0xC0FB},
                                                  {kUserData, 0xC0F3}, {kUserCode64, 0xA0FB}};
  for (u16 at = 0; at < 0x80; at += 8) machine_.poke<u64>(test::kGdt + at, 0);
  for (const auto& [selector, attributes] : kDescriptors)
    machine_.poke<u64>(test::kGdt + (selector & ~7u), 0x000F'0000'0000'FFFF | attributes << 40);
}

void Ours::map() {
  const auto table = [](u64 n) { return kMaps + n * kPage; };
  const auto link = [&](u64 from, u64 index, u64 to) {
    machine_.poke<u64>(table(from) + index * 8, table(to) | 7);
  };
  link(0, 0, 1), link(1, 0, 2), link(2, 0, 3);
  link(0, 511, 4), link(4, 510, 5), link(5, 0, 6);
  for (u64 page = 0; page < 512; ++page)
    machine_.poke<u64>(table(6) + page * 8, page * kPage | kPresent | kWritable);
  const auto user = [&](u64 address, u64 bytes, u64 rights) {
    for (u64 a = address; a < address + bytes; a += kPage)
      machine_.poke<u64>(table(3) + (a / kPage) * 8, a | kPresent | kUser | rights);
  };
  user(kCode, kCodeBytes, 0);
  user(kData, kDataBytes, kWritable | kNoExecute);
  user(kReadOnly, kPage, kNoExecute);
}

void Ours::memory(const u8* data, const u8* constants) {
  std::memcpy(data_.get(), data, kDataBytes);
  std::memcpy(machine_.bus.ram.data() + kData, data, kDataBytes);
  std::memcpy(machine_.bus.ram.data() + kReadOnly, constants, kPage);
}

void Ours::start(const Case& c) {
  cpu::Cpu& cpu = machine_.cpu();
  const Registers& in = c.in;
  const FxImage& fx = in.fx;
  std::memcpy(cpu.gpr, in.gpr, sizeof in.gpr);
  cpu.rip = in.rip;
  cpu.set_rflags(in.rflags | kUntouchable);
  cpu.xmm[0] = {};
  for (unsigned i = 0; i < 16; ++i) cpu.xmm[i] = {{fx.xmm[i][0], fx.xmm[i][1]}};
  cpu.mxcsr = fx.mxcsr;
  cpu.x87 = {};
  cpu.x87.control = fx.control;
  cpu.x87.status = fx.status;
  cpu.x87.valid = fx.valid;
  for (unsigned i = 0; i < 8; ++i) cpu.x87.st(i) = {fx.st[i].significand, fx.st[i].sign_exponent};
  const bool wide = c.code_bytes == 8;
  cpu.seg[arch::kCs] = {.base = 0,
                        .limit = ~u32{0},
                        .attributes = wide ? 0xA0FBu : 0xC0FBu,
                        .selector = wide ? kUserCode64 : kUserCode32};
  for (unsigned s : {arch::kSs, arch::kDs, arch::kEs})
    cpu.seg[s] = {.base = 0, .limit = ~u32{0}, .attributes = 0xC0F3, .selector = kUserData};
  for (unsigned s : {arch::kFs, arch::kGs})  // null selectors: no use outside 64-bit mode
    cpu.seg[s] = {.base = s == arch::kFs ? in.fs_base : in.gs_base,
                  .limit = 0,
                  .attributes = arch::attribute::kUnusable,
                  .selector = 0};
  cpu.cpl = 3;
  cpu.pending_debug = 0;
  cpu.sti_shadow = cpu.mov_ss_shadow = false;
  cpu.activity = cpu::Activity::Active;
  cpu.dr6 = arch::dr6::kFixed1;
  cpu.cr2 = 0;
  cpu.fetch_page = cpu::SoftEntry::kNoTag;
  cpu.refresh();
}

void Ours::finish(int vector, Result& r) {
  cpu::Cpu& cpu = machine_.cpu();
  Registers& out = r.out;
  r.status = vector < 0 || vector > 255 ? Status::TimedOut : Status::Done;
  r.vector = static_cast<u8>(vector);
  const bool has_error = vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
  const u64 frame = (cpu.gpr[arch::kRsp] - kHigh) & 0xF'FFFF;
  const u64 at = frame + (has_error ? 8 : 0);
  r.error = has_error ? machine_.peek<u32>(frame) : 0;
  r.address = vector == 14 ? cpu.cr2 : 0;
  std::memcpy(out.gpr, cpu.gpr, sizeof out.gpr);
  out.rip = machine_.peek<u64>(at);
  out.rflags = machine_.peek<u64>(at + 16);
  out.gpr[arch::kRsp] = machine_.peek<u64>(at + 24);
  for (unsigned i = 0; i < 6; ++i) out.selector[i] = cpu.seg[i].selector;
  out.selector[arch::kCs] = machine_.peek<u16>(at + 8);
  out.selector[arch::kSs] = machine_.peek<u16>(at + 32);
  out.fs_base = cpu.seg[arch::kFs].base;
  out.gs_base = cpu.seg[arch::kGs].base;
  FxImage& fx = out.fx;
  fx.control = cpu.x87.control;
  fx.status = cpu.x87.status;
  fx.valid = cpu.x87.valid;
  fx.mxcsr = cpu.mxcsr;
  for (unsigned i = 0; i < 8; ++i) fx.st[i] = {cpu.x87.st(i).significand, cpu.x87.st(i).sign_exponent};
  for (unsigned i = 0; i < 16; ++i) std::memcpy(fx.xmm[i], cpu.xmm[i].q, 16);
}

Result Ours::run(const Case& c) {
  Result r;
  start(c);
  u8* const code = machine_.bus.ram.data() + c.in.rip;
  std::memcpy(code, c.code, c.length);
  execute::memory_written(*machine_.code, c.in.rip, c.length);
  const execute::Stop stop = machine_.processor->run(machine_.processor->cycles() + 1'000'000);
  const u64 handler = machine_.cpu().rip - 1 - kHigh - test::kHandlers;
  finish(stop == execute::Stop::Halted && handler < 256 * 16 ? static_cast<int>(handler / 16) : -1, r);
  std::memset(code, 0xCC, c.length);
  execute::memory_written(*machine_.code, c.in.rip, c.length);
  u8* const data = machine_.bus.ram.data() + kData;
  find_change(data, data_.get(), r.memory);
  if (r.memory.last != 0)
    std::memcpy(data + r.memory.first, data_.get() + r.memory.first, r.memory.last - r.memory.first);
  return r;
}

}  // namespace hvlab::oracle
