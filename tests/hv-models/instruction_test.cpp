// Would catch: an instruction on a device's memory whose length or operand is taken wrongly, and reading
// beyond the bytes that there are.
#include "hv-models/hypervisor/instruction.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace hvlab;
using namespace hvlab::hypervisor;
using Operation = MemoryInstruction::Operation;

namespace {

MemoryInstruction decoded(const std::vector<u8>& code, unsigned code_bytes = 8) {
  MemoryInstruction i;
  REQUIRE(decode(code.data(), static_cast<unsigned>(code.size()), code_bytes, i));
  CHECK(i.length == code.size());
  return i;
}

}  // namespace

TEST_CASE("every way to name memory has its length") {
  for (unsigned mod = 0; mod < 3; ++mod) {
    for (u8 rm = 0; rm < 8; ++rm) {
      for (u8 base = 0; base < 8; ++base) {
        std::vector<u8> code = {0x89, static_cast<u8>(mod << 6 | 2 << 3 | rm)};
        if (rm == 4) code.push_back(static_cast<u8>(0x30 | base));
        const bool no_base = mod == 0 && (rm == 4 ? base : rm) == 5;
        const unsigned displacement = mod == 1 ? 1 : mod == 2 || no_base ? 4 : 0;
        for (unsigned i = 0; i < displacement; ++i) code.push_back(0);
        CAPTURE(mod, rm, base);
        const MemoryInstruction i = decoded(code);
        CHECK((i.operation == Operation::Store && i.gpr == 2 && i.bytes == 4));
      }
    }
  }
}

TEST_CASE("moves between registers and memory in their encodings") {
  const MemoryInstruction store = decoded({0x44, 0x89, 0x8c, 0x24, 1, 2, 3, 4});  // mov [rsp+disp32], r9d
  CHECK((store.operation == Operation::Store && store.bytes == 4 && store.gpr == 9));
  const MemoryInstruction constant = decoded({0xc7, 0x44, 0x30, 0x08, 0x78, 0x56, 0x34, 0x12});
  CHECK((constant.has_immediate && constant.immediate == 0x1234'5678));
  const MemoryInstruction wide = decoded({0x48, 0x8b, 0x53, 0x10});  // mov rdx, [rbx+16]
  CHECK((wide.operation == Operation::Load && wide.bytes == 8 && wide.gpr == 2));
  const MemoryInstruction high = decoded({0x8a, 0x23});  // mov ah, [rbx]
  CHECK((high.high_byte && high.gpr == 0 && high.bytes == 1));
  const MemoryInstruction zero_extended = decoded({0x0f, 0xb6, 0x20});  // movzx esp, byte [rax]
  CHECK((!zero_extended.high_byte && zero_extended.gpr == 4 && zero_extended.register_bytes == 4));
  const MemoryInstruction sign_extended = decoded({0x48, 0x0f, 0xbf, 0x00});
  CHECK((sign_extended.sign && sign_extended.bytes == 2 && sign_extended.register_bytes == 8));
  CHECK(decoded({0xa1, 1, 2, 3, 4, 5, 6, 7, 8}).operation == Operation::Load);
  CHECK(decoded({0xa1, 1, 2, 3, 4}, 4).bytes == 4);
  const MemoryInstruction modify = decoded({0x83, 0x48, 0x04, 0x80});  // or dword [rax+4], -128
  CHECK((modify.operation == Operation::Modify && modify.alu == MemoryInstruction::Alu::Or));
  CHECK(modify.immediate == static_cast<u64>(-128));
  CHECK(decoded({0xf7, 0x00, 1, 0, 0, 0}).operation == Operation::Test);
}

TEST_CASE("what no driver does is refused, however many bytes there are") {
  MemoryInstruction i;
  const std::vector<u8> refused[] = {{0x89, 0xc0}, {0xc7, 0x08, 0, 0, 0, 0}, {0xf3, 0xa4}, {0x0f, 0x05}, {}};
  for (const auto& code : refused) CHECK_FALSE(decode(code.data(), static_cast<unsigned>(code.size()), 8, i));
  const std::vector<u8> whole = {0x44, 0x89, 0x8c, 0x24, 1, 2, 3, 4};
  for (unsigned count = 0; count < whole.size(); ++count) CHECK_FALSE(decode(whole.data(), count, 8, i));
  std::mt19937 random(1);
  for (unsigned round = 0; round < 100'000; ++round) {
    std::vector<u8> code(random() % 16);
    for (u8& byte : code) byte = static_cast<u8>(random());
    if (!decode(code.data(), static_cast<unsigned>(code.size()), round % 2 == 0 ? 8 : 4, i)) continue;
    REQUIRE(i.length <= code.size());
    REQUIRE((i.bytes == 1 || i.bytes == 2 || i.bytes == 4 || i.bytes == 8));
    REQUIRE(i.gpr < 16);
  }
}
