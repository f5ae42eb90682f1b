// The VM-exit instruction-information field and the displacement of decoded instructions (SDM vol. 3, 28.2.1,
// tables 28-8 to 28-14). Expected values are put together here from the tables.
#include <catch2/catch.hpp>

#include "root_machine.hpp"
#include "sim/decode/decoder.hpp"
#include "sim/vmx/instruction_information.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

enum Register : u32 { Ax, Cx, Dx, Bx, Sp, Bp, Si, Di, R8, R9, R12 = 12, R13, R14, R15 };
enum Segment : u32 { Es, Cs, Ss, Ds, Fs, Gs };
enum Size : u32 { Size16, Size32, Size64 };
constexpr u32 kAbsent = 16;

/// Scaling, address size, segment, index and base.
u32 memory(Size address, Segment segment, u32 base, u32 index = kAbsent, u32 scale = 0) {
  return scale | address << 7 | segment << 15 | (index == kAbsent ? 1u << 22 : index << 18) |
         (base == kAbsent ? 1u << 27 : base << 23);
}
u32 reg1(u32 r) { return 1u << 10 | r << 3; }
u32 reg2(u32 r) { return r << 28; }

struct Told {
  u32 information;
  u64 displacement;
  bool operator==(const Told&) const = default;
};

/// What is told of the instruction at linear address kCode in code of `code_bytes`.
Told told(std::initializer_list<u8> bytes, u8 code_bytes = 8, bool io_information = true) {
  static RootMachine m;  // only the mode and the capabilities matter
  cpu::Cpu& c = m.cpu();
  c.mode = code_bytes == 8 ? cpu::Mode::Long : cpu::Mode::Protected;
  c.vmx.io_information = io_information;
  // As the engine has it when it steps the third instruction of a block.
  constexpr u16 kOffset = 0x20;
  c.rip = kCode;
  c.block_rip() = kCode - kOffset;
  decode::Form form;
  decode::Op op;
  REQUIRE(decode::decode(bytes.begin(), bytes.size(), code_bytes, code_bytes, form, op) ==
          decode::Decoded::Ok);
  REQUIRE(op.length == bytes.size());
  if (op.base == decode::kBlockRegister) op.disp += kOffset;
  return {vmx::instruction_information(c, op), vmx::displacement(c, op)};
}

}  // namespace

// Catches a mixed-up position: every part of an address once, with registers above 7.
TEST_CASE("memory operands: VMCLEAR, VMPTRLD, VMPTRST, VMXON, XRSTORS, XSAVES (table 28-13)") {
  for (const u8 modrm : {u8{0x1F}, u8{0x2F}}) {
    CHECK(told({0x0F, 0xC7, modrm}) == Told{memory(Size64, Ds, Di), 0});
    CHECK(told({0x48, 0x0F, 0xC7, modrm}) == Told{memory(Size64, Ds, Di), 0});
  }
  CHECK(told({0x66, 0x0F, 0xC7, 0x37}) == Told{memory(Size64, Ds, Di), 0});
  CHECK(told({0x0F, 0xC7, 0x37}) == Told{memory(Size64, Ds, Di), 0});
  CHECK(told({0x0F, 0xC7, 0x3F}) == Told{memory(Size64, Ds, Di), 0});
  CHECK(told({0xF3, 0x0F, 0xC7, 0x37}) == Told{memory(Size64, Ds, Di), 0});
  // [r13 + r14 * 8 + 12345678h]
  CHECK(told({0x43, 0x0F, 0xC7, 0xB4, 0xF5, 0x78, 0x56, 0x34, 0x12}) ==
        Told{memory(Size64, Ds, R13, R14, 3), 0x1234'5678});
  // [rsp - 8] and [rbp - 1]: the stack's segment
  CHECK(told({0x0F, 0xC7, 0x74, 0x24, 0xF8}) == Told{memory(Size64, Ss, Sp), ~u64{7}});
  CHECK(told({0x0F, 0xC7, 0x75, 0xFF}) == Told{memory(Size64, Ss, Bp), ~u64{0}});
  // fs:[rax + rcx * 2], gs:[eax]
  CHECK(told({0x64, 0x0F, 0xC7, 0x34, 0x48}) == Told{memory(Size64, Fs, Ax, Cx, 1), 0});
  CHECK(told({0x65, 0x67, 0x0F, 0xC7, 0x30}) == Told{memory(Size32, Gs, Ax), 0});
  // [rdx * 4 - 80000000h]: no base
  CHECK(told({0x0F, 0xC7, 0x34, 0x95, 0x00, 0x00, 0x00, 0x80}) ==
        Told{memory(Size64, Ds, kAbsent, Dx, 2), 0xFFFF'FFFF'8000'0000});
  // [12345678h] by SIB: neither
  CHECK(told({0x0F, 0xC7, 0x34, 0x25, 0x78, 0x56, 0x34, 0x12}) ==
        Told{memory(Size64, Ds, kAbsent), 0x1234'5678});
}

// The qualification is the address itself, whatever block the instruction stands in.
TEST_CASE("RIP-relative: neither base nor index") {
  CHECK(told({0x0F, 0xC7, 0x35, 0x00, 0x10, 0x00, 0x00}) ==
        Told{memory(Size64, Ds, kAbsent), kCode + 7 + 0x1000});
  CHECK(told({0x66, 0x0F, 0x38, 0x80, 0x05, 0xF0, 0xFF, 0xFF, 0xFF}) ==
        Told{memory(Size64, Ds, kAbsent) | reg2(Ax), kCode + 9 - 0x10});
}

TEST_CASE("16-bit and 32-bit addresses") {
  // [bx + si + 1234h], [bp + di - 1], [1234h] in 16-bit code
  CHECK(told({0x0F, 0xC7, 0xB0, 0x34, 0x12}, 2) == Told{memory(Size16, Ds, Bx, Si), 0x1234});
  CHECK(told({0x0F, 0xC7, 0x73, 0xFF}, 2) == Told{memory(Size16, Ss, Bp, Di), ~u64{0}});
  CHECK(told({0x0F, 0xC7, 0x36, 0x34, 0x12}, 2) == Told{memory(Size16, Ds, kAbsent), 0x1234});
  CHECK(told({0x0F, 0xC7, 0x34}, 2) == Told{memory(Size16, Ds, Si), 0});
  // es:[esi + ebp * 4 + 10h] and [12345678h] in 32-bit code
  CHECK(told({0x26, 0x0F, 0xC7, 0x74, 0xAE, 0x10}, 4) == Told{memory(Size32, Es, Si, Bp, 2), 0x10});
  CHECK(told({0x0F, 0xC7, 0x35, 0x78, 0x56, 0x34, 0x12}, 4) ==
        Told{memory(Size32, Ds, kAbsent), 0x1234'5678});
  CHECK(told({0x2E, 0x0F, 0xC7, 0x30}, 4) == Told{memory(Size32, Cs, Ax), 0});
}

TEST_CASE("INVEPT, INVVPID, INVPCID: the register is Reg2 (table 28-9)") {
  CHECK(told({0x66, 0x0F, 0x38, 0x80, 0x5F, 0x10}) == Told{memory(Size64, Ds, Di) | reg2(Bx), 0x10});
  CHECK(told({0x66, 0x44, 0x0F, 0x38, 0x81, 0x3F}) == Told{memory(Size64, Ds, Di) | reg2(R15), 0});
  CHECK(told({0x66, 0x0F, 0x38, 0x82, 0x0C, 0x24}) == Told{memory(Size64, Ss, Sp) | reg2(Cx), 0});
}

TEST_CASE("SGDT, SIDT, LGDT, LIDT: identity and operand size (table 28-10)") {
  const u32 wide = 1u << 11;
  CHECK(told({0x0F, 0x01, 0x00}, 4) == Told{memory(Size32, Ds, Ax) | wide | 0u << 28, 0});
  CHECK(told({0x0F, 0x01, 0x08}, 4) == Told{memory(Size32, Ds, Ax) | wide | 1u << 28, 0});
  CHECK(told({0x0F, 0x01, 0x50, 0x20}, 4) == Told{memory(Size32, Ds, Ax) | wide | 2u << 28, 0x20});
  CHECK(told({0x0F, 0x01, 0x18}, 4) == Told{memory(Size32, Ds, Ax) | wide | 3u << 28, 0});
  CHECK(told({0x66, 0x0F, 0x01, 0x18}, 4) == Told{memory(Size32, Ds, Ax) | 3u << 28, 0});
  CHECK(told({0x0F, 0x01, 0x1C}, 2) == Told{memory(Size16, Ds, Si) | 3u << 28, 0});
  CHECK(told({0x0F, 0x01, 0x18}) == Told{memory(Size64, Ds, Ax) | 3u << 28, 0});  // 64-bit mode: undefined
}

TEST_CASE("SLDT, STR, LLDT, LTR: register or memory, identity (table 28-11)") {
  CHECK(told({0x0F, 0x00, 0xC1}) == Told{reg1(Cx) | 0u << 28, 0});
  CHECK(told({0x41, 0x0F, 0x00, 0xCF}) == Told{reg1(R15) | 1u << 28, 0});
  CHECK(told({0x0F, 0x00, 0xD2}) == Told{reg1(Dx) | 2u << 28, 0});
  CHECK(told({0x0F, 0x00, 0xDB}) == Told{reg1(Bx) | 3u << 28, 0});
  CHECK(told({0x0F, 0x00, 0x40, 0x08}) == Told{memory(Size64, Ds, Ax) | 0u << 28, 8});
  CHECK(told({0x0F, 0x00, 0x48, 0x08}) == Told{memory(Size64, Ds, Ax) | 1u << 28, 8});
  CHECK(told({0x0F, 0x00, 0x50, 0x08}) == Told{memory(Size64, Ds, Ax) | 2u << 28, 8});
  CHECK(told({0x0F, 0x00, 0x58, 0x08}) == Told{memory(Size64, Ds, Ax) | 3u << 28, 8});
}

TEST_CASE("RDRAND, RDSEED: register and operand size (table 28-12)") {
  CHECK(told({0x0F, 0xC7, 0xF3}) == Told{Bx << 3 | 1u << 11, 0});
  CHECK(told({0x66, 0x0F, 0xC7, 0xF3}) == Told{Bx << 3 | 0u << 11, 0});
  CHECK(told({0x49, 0x0F, 0xC7, 0xF7}) == Told{R15 << 3 | 2u << 11, 0});
  CHECK(told({0x0F, 0xC7, 0xFA}) == Told{Dx << 3 | 1u << 11, 0});
}

TEST_CASE("VMREAD, VMWRITE: Reg2 has the encoding, Reg1 the value (table 28-14)") {
  CHECK(told({0x0F, 0x78, 0xC3}) == Told{reg1(Bx) | reg2(Ax), 0});
  CHECK(told({0x45, 0x0F, 0x78, 0xE5}) == Told{reg1(R13) | reg2(R12), 0});
  CHECK(told({0x0F, 0x79, 0xC3}) == Told{reg1(Bx) | reg2(Ax), 0});
  CHECK(told({0x0F, 0x78, 0x54, 0x8F, 0x7F}) == Told{memory(Size64, Ds, Di, Cx, 2) | reg2(Dx), 0x7F});
  CHECK(told({0x44, 0x0F, 0x79, 0x07}) == Told{memory(Size64, Ds, Di) | reg2(R8), 0});
}

TEST_CASE("INS, OUTS: address size and OUTS' segment, if the processor tells (table 28-8)") {
  CHECK(told({0x6C}).information == Size64 << 7);
  CHECK(told({0x67, 0x6D}).information == Size32 << 7);
  CHECK(told({0x6D}, 2).information == Size16 << 7);
  CHECK(told({0x6E}).information == (Size64 << 7 | Ds << 15));
  CHECK(told({0x64, 0x66, 0x6F}).information == (Size64 << 7 | Fs << 15));
  CHECK(told({0x26, 0x6F}, 4).information == (Size32 << 7 | Es << 15));
  CHECK(told({0x6E}, 8, false).information == 0);
  CHECK(told({0x6C}, 8, false).information == 0);
}

TEST_CASE("other instructions tell nothing") {
  CHECK(told({0x0F, 0xA2}) == Told{0, 0});        // CPUID
  CHECK(told({0x0F, 0x01, 0xC1}) == Told{0, 0});  // VMCALL
  CHECK(told({0x0F, 0x22, 0xC0}) == Told{0, 0});  // MOV CR0, RAX
  CHECK(told({0xEC}) == Told{0, 0});              // IN
}
