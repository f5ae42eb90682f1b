// A processor with RAM and nothing else, for tests that run a few bytes of machine code under one rule of the
// manual.
#pragma once

#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "sim/execute/processor.hpp"

namespace hvlab::test {

/// RAM from address 0, device accesses recorded; reads of what is not RAM give `device_value`.
struct FlatBus final : ProcessorBus {
  std::vector<u8> storage;
  std::span<u8> ram;  // page-aligned, as ram_page() promises
  u64 device_value = ~u64{0};
  struct Access {
    char kind;  // 'r', 'w' memory; 'i', 'o' port
    u64 address;
    unsigned size;
    u64 value;
  };
  std::vector<Access> accesses;

  explicit FlatBus(size_t bytes)
      : storage(bytes + 4095),
        ram(storage.data() + (align_up(reinterpret_cast<u64>(storage.data()), 4096) -
                              reinterpret_cast<u64>(storage.data())),
            bytes) {}
  u8* ram_page(u64 page) override { return page + 4096 <= ram.size() ? ram.data() + page : nullptr; }
  u64 mmio_read(u64 a, unsigned size) override {
    accesses.push_back({'r', a, size, device_value});
    return device_value & low_mask(size * 8);
  }
  void mmio_write(u64 a, unsigned size, u64 v) override { accesses.push_back({'w', a, size, v}); }
  u32 port_read(u16 port, unsigned size) override {
    accesses.push_back({'i', port, size, device_value});
    return static_cast<u32>(device_value & low_mask(size * 8));
  }
  void port_write(u16 port, unsigned size, u32 v) override { accesses.push_back({'o', port, size, v}); }
};

/// Every feature on but Intel's VMX, in whose place SVM is there; one cycle an instruction. See
/// intel_everything.hpp.
inline timing::Profile everything() {
  timing::Profile p;
  p.name = "test";
  p.vendor = "GenuineIntel";
  p.brand = "Test processor";
  p.family = 6;
  p.model = 94;
  p.frequency_hz = 1'000'000'000;
  p.apic_timer_hz = 24'000'000;
  p.leaves.basic_maximum = 0x16;
  p.leaves.svm_revision = 1;
  p.leaves.svm_asids = 0x8000;
  for (size_t i = 1; i < static_cast<size_t>(arch::Feature::Count); ++i)
    if (const auto f = static_cast<arch::Feature>(i); f != arch::Feature::Vmx)
      p.features.push_back(arch::name(f));
  p.cost.fill(1);
  using decode::CostClass;
  for (CostClass c : {CostClass::Load, CostClass::Store, CostClass::LockedAtomic, CostClass::StringUnit})
    p.cost[static_cast<size_t>(c)] = 0;
  p.accuracy = timing::Accuracy::Functional;
  return p;
}

/// Where the harness puts things (physical = linear unless a test changes the tables).
inline constexpr u64 kCode = 0x10'0000, kStack = 0x20'0000, kData = 0x30'0000, kGdt = 0x8000, kIdt = 0x9000,
                     kTss = 0xA000, kTables = 0x4'0000, kHandlers = 0x1'0000;
/// Selectors of the harness' GDT: flat code and data of each size, ring 0 and 3.
inline constexpr u16 kCode64 = 0x08, kData0 = 0x10, kCode32 = 0x18, kCode16 = 0x20, kData16 = 0x28,
                     kUserData = 0x33, kUserCode64 = 0x3B, kUserCode32 = 0x43, kTssSelector = 0x48;

class Machine {
 public:
  FlatBus bus;
  timing::Profile profile;
  std::shared_ptr<execute::CodeCache> code;
  std::unique_ptr<execute::Processor> processor;

  explicit Machine(timing::Profile p = everything(), size_t ram = 8 << 20)
      : bus(ram), profile(std::move(p)), code(execute::make_code_cache(ram >> 12)) {
    execute::Processor::Setup setup;
    setup.profile = &profile;
    setup.bus = &bus;
    setup.code = code;
    processor = std::make_unique<execute::Processor>(setup);
    build_gdt();
    build_idt();
  }

  cpu::Cpu& cpu() { return processor->state(); }

  void write(u64 address, std::span<const u8> bytes) {
    std::memcpy(bus.ram.data() + address, bytes.data(), bytes.size());
  }
  template <class T>
  void poke(u64 address, T value) {
    std::memcpy(bus.ram.data() + address, &value, sizeof value);
  }
  template <class T>
  T peek(u64 address) const {
    T value;
    std::memcpy(&value, bus.ram.data() + address, sizeof value);
    return value;
  }

  // --- modes: flat segments, a stack, an IDT whose handlers halt; interrupts off ---

  void real_mode() {
    cpu::Cpu& c = cpu();
    c.cr0 = arch::cr0::kEt | arch::cr0::kNe;
    segments(0, 0, 0xFFFF, 0x93, 0x93);
    c.seg[arch::kCs] = {.base = kCode, .limit = 0xFFFF, .attributes = 0x9B, .selector = 0};
    c.seg[arch::kCs].selector = static_cast<u16>(kCode >> 4);
    c.idtr = {0, 0x3FF};
    c.rip = 0;
    c.gpr[arch::kRsp] = 0x7000;
    settle();
  }

  void protected_mode(bool code32 = true) {
    cpu::Cpu& c = cpu();
    c.cr0 = arch::cr0::kEt | arch::cr0::kNe | arch::cr0::kPe;
    c.cr4 = arch::cr4::kOsfxsr | arch::cr4::kOsxmmexcpt;
    segments(code32 ? kCode32 : kCode16, kData0, 0xFFFF'FFFF, code32 ? 0xC09Bu : 0x809Bu, 0xC093);
    tables();
    c.rip = kCode;
    c.gpr[arch::kRsp] = kStack;
    settle();
  }

  void long_mode() {
    cpu::Cpu& c = cpu();
    identity_map();
    c.cr0 =
        arch::cr0::kEt | arch::cr0::kNe | arch::cr0::kPe | arch::cr0::kPg | arch::cr0::kWp | arch::cr0::kMp;
    c.cr4 = arch::cr4::kPae | arch::cr4::kOsfxsr | arch::cr4::kOsxmmexcpt | arch::cr4::kFsgsbase;
    c.efer = arch::efer::kLme | arch::efer::kLma | arch::efer::kSce | arch::efer::kNxe;
    c.cr3 = kTables;
    segments(kCode64, kData0, 0xFFFF'FFFF, 0xA09B, 0xC093);
    tables();
    c.rip = kCode;
    c.gpr[arch::kRsp] = kStack;
    settle();
  }

  /// 32-bit code under long mode (compatibility mode).
  void compatibility_mode() {
    long_mode();
    cpu().seg[arch::kCs] = {.base = 0, .limit = 0xFFFF'FFFF, .attributes = 0xC09B, .selector = kCode32};
    settle();
  }

  /// Moves to CPL 3 with flat user segments of the current mode.
  void user() {
    cpu::Cpu& c = cpu();
    const bool wide = c.code64();
    c.seg[arch::kCs] = {.base = 0,
                        .limit = 0xFFFF'FFFF,
                        .attributes = wide ? 0xA0FBu : 0xC0FBu,
                        .selector = wide ? kUserCode64 : kUserCode32};
    for (unsigned s : {arch::kSs, arch::kDs, arch::kEs})
      c.seg[s] = {.base = 0, .limit = 0xFFFF'FFFF, .attributes = 0xC0F3, .selector = kUserData};
    c.cpl = 3;
    settle();
  }

  /// After changing Cpu fields by hand.
  void settle();

  /// Puts code at the current CS:RIP and runs until it halts (the harness appends HLT) or `limit` cycles
  /// pass. Returns the vector of the exception that ended it, or -1.
  int run(std::span<const u8> bytes, u64 limit = 100'000) {
    const u64 at = (cpu().code64() ? 0 : cpu().seg[arch::kCs].base) + cpu().rip;
    write(at, bytes);
    execute::memory_written(*code, at, bytes.size() + 1);
    poke<u8>(at + bytes.size(), 0xF4);
    return go(limit);
  }
  int run(std::initializer_list<u8> bytes, u64 limit = 100'000) {
    return run(std::span<const u8>(bytes.begin(), bytes.size()), limit);
  }

  /// Runs from where the processor stands. An exception's handler is a HLT at kHandlers + 16 * vector.
  int go(u64 limit = 100'000) {
    const execute::Stop stop = processor->run(processor->cycles() + limit);
    if (stop == execute::Stop::Shutdown) return 0x100;
    const u64 at = (cpu().code64() ? 0 : cpu().seg[arch::kCs].base) + cpu().rip - 1;
    if (at >= kHandlers && at < kHandlers + 256 * 16) return static_cast<int>((at - kHandlers) / 16);
    return -1;
  }

  /// The error code that the handler found on its stack (64-bit or 32-bit frame).
  u64 error_code() {
    return cpu().code64() ? peek<u64>(cpu().gpr[arch::kRsp])
                          : peek<u32>(static_cast<u32>(cpu().gpr[arch::kRsp]));
  }

  /// The 4-level entry that maps `linear` with a 4 KiB page: tests change it.
  u64 pte_address(u64 linear) const { return kTables + 0x3000 + (linear >> 12) * 8; }

 private:
  void segments(u16 cs, u16 data, u32 limit, u32 code_attributes, u32 data_attributes);
  void tables();
  void build_gdt();
  void build_idt();
  void identity_map();
};

}  // namespace hvlab::test
