// Stores into pages that code is executed from: only what writes the code changes it (SDM vol.
// 3, 8.1.3, 12.6; APM vol. 2, 7.6.1).
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/execute/code_cache.hpp"
#include "sim/mmu/access.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace hvlab::arch;

namespace {

constexpr int kPageFault = 14;
constexpr u64 kCalled = kData + 0x100, kBeside = kData + 0x200;

// mov eax, 1; ret
constexpr std::initializer_list<u8> kReturnsOne = {0xB8, 1, 0, 0, 0, 0xC3};
// call rbx; mov [rdi], ecx, twice: the second time it is known that there is no code
constexpr std::initializer_list<u8> kCallAndStore = {0xFF, 0xD3, 0x89, 0x0F, 0x89, 0x0F};

/// Puts code at `at` without the harness' HLT.
void place(Machine& m, u64 at, std::initializer_list<u8> bytes) {
  m.write(at, std::span<const u8>(bytes.begin(), bytes.size()));
  execute::memory_written(*m.code, at, bytes.size());
}

/// Runs `bytes` at kCode with the registers of these tests.
int run_with(Machine& m, u64 called, u64 destination, u64 value, std::initializer_list<u8> bytes) {
  cpu::Cpu& c = m.cpu();
  c.gpr[kRbx] = called;
  c.gpr[kRdi] = destination;
  c.gpr[kRcx] = value;
  c.gpr[kRsp] = kStack;
  c.rip = kCode;
  c.activity = cpu::Activity::Active;
  return m.run(bytes);
}

/// A machine whose page kData holds code, and whose stores beside it are known to be harmless.
struct Watched : Machine {
  Watched() {
    long_mode();
    place(*this, kCalled, kReturnsOne);
    REQUIRE(run_with(*this, kCalled, kBeside, 7, kCallAndStore) == -1);
    REQUIRE(peek<u32>(kBeside) == 7);
    REQUIRE(cpu().gpr[kRax] == 1);
  }
};

}  // namespace

// Catches a page of which all stores pass unseen once some have.
TEST_CASE("behind stores beside code, one into the code takes effect at once") {
  Watched m;
  // mov [rdi], ecx; call rbx
  CHECK(run_with(m, kCalled, kCalled + 1, 9, {0x89, 0x0F, 0xFF, 0xD3}) == -1);
  CHECK(m.cpu().gpr[kRax] == 9);
}

// Catches a look at the store's first byte alone.
TEST_CASE("a store that begins beside code and ends in it is seen") {
  Watched m;
  place(m, kData + 0x440, kReturnsOne);
  run_with(m, kData + 0x440, kBeside, 7, kCallAndStore);
  REQUIRE(m.cpu().gpr[kRax] == 1);
  // mov [rdi], rcx; call rbx: the last four bytes are mov eax, 9's first
  CHECK(run_with(m, kData + 0x440, kData + 0x43C, 0x0000'09B8'0000'0000, {0x48, 0x89, 0x0F, 0xFF, 0xD3}) ==
        -1);
  CHECK(m.cpu().gpr[kRax] == 9);
}

// Catches read-modify-write operations and string stores with rules of their own.
TEST_CASE("a changed operand and a repeated store into code are seen behind stores beside it") {
  Watched m;
  // add [rdi], ecx, beside and then in the code; call rbx
  run_with(m, kCalled, kBeside, 4, {0x01, 0x0F, 0x48, 0x8D, 0x7B, 0x01, 0x01, 0x0F, 0xFF, 0xD3});
  CHECK(m.peek<u32>(kBeside) == 11);
  CHECK(m.cpu().gpr[kRax] == 5);
  // mov al, C3h; rep stosb from before the code to behind it; call rbx, which returns at once
  run_with(m, kCalled, kCalled - 0x60, 0xC0, {0xB0, 0xC3, 0xF3, 0xAA, 0xFF, 0xD3});
  CHECK(m.cpu().gpr[kRax] == 0xC3);
}

// Catches stores that go on to a page which is no longer there.
TEST_CASE("stores beside code follow the mapping and its rights") {
  Watched m;
  constexpr u64 kOther = kData + 0x1'0000;
  m.poke<u64>(m.pte_address(kData), kOther | 7);
  mmu::flush_page(m.cpu(), kData);
  CHECK(run_with(m, 0, kBeside, 9, {0x89, 0x0F}) == -1);
  CHECK(m.peek<u32>(kBeside) == 7);
  CHECK(m.peek<u32>(kOther + 0x200) == 9);

  Watched read_only;
  read_only.poke<u64>(read_only.pte_address(kData), kData | 5);
  mmu::flush_page(read_only.cpu(), kData);
  CHECK(run_with(read_only, 0, kBeside, 9, {0x89, 0x0F}) == kPageFault);
  CHECK(read_only.peek<u32>(kBeside) == 7);
}

// Catches what one processor knows of a page being kept when another has decoded more of it.
TEST_CASE("a place that another processor executes meanwhile is code for both") {
  Watched m;
  execute::Processor::Setup setup;
  setup.profile = &m.profile;
  setup.bus = &m.bus;
  setup.code = m.code;
  auto other = std::make_unique<execute::Processor>(setup);
  const auto on_the_other = [&](u64 called) {
    std::swap(m.processor, other);
    m.long_mode();
    run_with(m, called, 0, 0, {0xFF, 0xD3});
    const u64 result = m.cpu().gpr[kRax];
    std::swap(m.processor, other);
    return result;
  };
  for (const u64 place_of :
       {kBeside, kData + 0x2000}) {  // in the watched page; in one that is not watched yet
    place(m, place_of, kReturnsOne);
    for (const u64 value : {5, 6, 7}) {
      REQUIRE(run_with(m, 0, place_of + 1, value, {0x89, 0x0F}) == -1);
      CHECK(on_the_other(place_of) == value);
    }
  }
}

// Catches pages that are watched in vain, or no longer, after their code has often gone and come, and blocks
// that outlive a flush of all.
TEST_CASE("code that is rewritten for ever is executed as it stands") {
  for (const u64 at : {kCode + 0x800, kData + 0x100}) {
    for (const bool small : {false, true}) {
      Machine m;
      if (small) m.code->set_limits({.block_operations = 4, .chunk_bytes = 4096, .chunks = 2});
      m.long_mode();
      place(m, at, {0xBA, 0, 0, 0, 0, 0xC3});  // mov edx, 0; ret
      constexpr u64 kTimes = 500;
      cpu::Cpu& c = m.cpu();
      c.gpr[kRax] = 1;
      c.gpr[kRbx] = at;
      c.gpr[kRdi] = at + 1;
      c.gpr[kRcx] = kTimes;
      c.gpr[kRsi] = c.gpr[kR8] = 0;
      // 0: mov [rdi], eax; mov [rdi + 256], eax; call rbx; add esi, edx; inc eax; dec ecx; jnz 0b
      REQUIRE(m.run({0x89, 0x07, 0x89, 0x87, 0, 1, 0, 0, 0xFF, 0xD3, 0x01, 0xD6, 0xFF, 0xC0, 0xFF, 0xC9, 0x75,
                     0xEE}) == -1);
      CHECK(c.gpr[kRsi] == kTimes * (kTimes + 1) / 2);
      CHECK(m.peek<u32>(at + 0x101) == kTimes);
    }
  }
}
