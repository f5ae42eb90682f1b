// ROM, and memory that firmware lays over it: what is executed and read there, and that writes do not change
// it.
#include <catch2/catch.hpp>

#include "machine_code.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace hvlab::arch;

namespace {

constexpr u64 kSegment = 0xF'0000, kSegmentBytes = 0x2000;  // two pages that are ROM or RAM
constexpr u64 kVariable = 0x1800;                           // in the second one, which holds no code

/// The harness' RAM with ROM at kSegment, and a port whose writes lay RAM over it: bit 0 for reads,
/// bit 1 for writes.
struct ShadowBus final : ProcessorBus {
  FlatBus flat{8 << 20};
  alignas(4096) std::array<u8, kSegmentBytes> rom{};
  u32 rights = 0;
  unsigned dropped = 0;
  execute::Processor* processor = nullptr;
  execute::CodeCache* code = nullptr;

  static bool in_rom(u64 page) { return page - kSegment < kSegmentBytes; }
  u8* ram_page(u64 page) override {
    return in_rom(page) && (rights & 1) == 0 ? rom.data() + (page - kSegment) : flat.ram_page(page);
  }
  u8* write_page(u64 page) override {
    return in_rom(page) && (rights & 2) == 0 ? nullptr : flat.ram_page(page);
  }
  u64 mmio_read(u64, unsigned) override { return ~u64{0}; }
  void mmio_write(u64, unsigned, u64) override { ++dropped; }
  u32 port_read(u16, unsigned) override { return 0; }
  void port_write(u16, unsigned, u32 value) override {
    rights = value;
    execute::memory_written(*code, kSegment, kSegmentBytes);
    processor->memory_remapped();
  }
};

struct RomMachine {
  ShadowBus bus;
  timing::Profile profile = everything();
  std::shared_ptr<execute::CodeCache> code = execute::make_code_cache((8 << 20) >> 12);
  std::unique_ptr<execute::Processor> processor;

  /// In 16-bit code at kSegment:0, flat data through DS (base 0, 4 GiB).
  RomMachine(std::initializer_list<u8> rom, std::initializer_list<u8> ram) {
    std::copy(rom.begin(), rom.end(), bus.rom.begin());
    std::copy(ram.begin(), ram.end(), bus.flat.ram.begin() + kSegment);
    execute::Processor::Setup setup;
    setup.profile = &profile;
    setup.bus = &bus;
    setup.code = code;
    processor = std::make_unique<execute::Processor>(setup);
    bus.processor = processor.get();
    bus.code = code.get();
    cpu::Cpu& c = processor->state();
    c.seg[kCs].base = kSegment;
    c.seg[kDs].limit = 0xFFFF'FFFF;
    c.rip = 0;
    c.refresh();
  }
  u64 run() {
    CHECK(processor->run(10'000) == execute::Stop::Halted);
    return processor->state().gpr[kRax] & 0xFFFF;
  }
};

}  // namespace

// Catches a write that reaches ROM through the software TLB after a read has entered the page.
TEST_CASE("ROM is executed and read, and writes to it are dropped") {
  // mov esi, F1800h; mov al, [esi]; mov byte [esi], 55h (twice); mov ah, [esi]; hlt
  RomMachine m({0x66, 0xBE, 0x00, 0x18, 0x0F, 0x00, 0x67, 0x8A, 0x06, 0x67, 0xC6,
                0x06, 0x55, 0x67, 0xC6, 0x06, 0x55, 0x67, 0x8A, 0x26, 0xF4},
               {});
  m.bus.rom[kVariable] = 0x77;
  CHECK(m.run() == 0x7777);
  CHECK(m.bus.dropped == 2);
  CHECK(m.bus.flat.ram[kSegment + kVariable] == 0);
}

// Catches the old page's code or data after the memory behind an address has changed.
TEST_CASE("RAM that is laid over ROM is what runs next") {
  // mov al, 3; out 10h, al; then ROM: mov al, 1; hlt, RAM: mov al, 2; hlt
  RomMachine m({0xB0, 0x03, 0xE6, 0x10, 0xB0, 0x01, 0xF4}, {0, 0, 0, 0, 0xB0, 0x02, 0xF4});
  CHECK((m.run() & 0xFF) == 2);
}

// Catches copying firmware into the RAM below it: reads come from ROM while writes go to RAM.
TEST_CASE("with writes alone to RAM a page can be copied onto itself") {
  // mov al, 2; out 10h, al; mov esi, F1800h; mov al, [esi]; mov [esi], al; inc byte [esi]; mov ah, [esi]; mov
  // bl, 3; xchg ax, bx; out 10h, al; (in RAM the same code) mov bh, [esi]; hlt
  const std::initializer_list<u8> code = {0xB0, 0x02, 0xE6, 0x10, 0x66, 0xBE, 0x00, 0x18, 0x0F, 0x00, 0x67,
                                          0x8A, 0x06, 0x67, 0x88, 0x06, 0x67, 0xFE, 0x06, 0x67, 0x8A, 0x26,
                                          0xB3, 0x03, 0x93, 0xE6, 0x10, 0x67, 0x8A, 0x3E, 0xF4};
  RomMachine m(code, code);
  m.bus.rom[kVariable] = 0x40;
  m.run();
  const u64 bx = m.processor->state().gpr[kRbx];
  CHECK((bx & 0xFF) == 0x40);           // read from ROM ...
  CHECK(m.bus.rom[kVariable] == 0x40);  // ... which is as it was
  CHECK(m.bus.flat.ram[kSegment + kVariable] == 0x41);
  CHECK((bx >> 8 & 0xFF) == 0x41);  // and read from RAM at the end
}
