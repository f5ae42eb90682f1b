#include "sim/vmx/instruction_information.hpp"

#include <bit>

#include "sim/decode/form.hpp"

namespace hvlab::vmx {

using cpu::Cpu;
using decode::Mnemonic;
using decode::Op;

namespace {

constexpr unsigned kReg1Shift = 3, kAddressSizeShift = 7, kOperandSizeShift = 11, kSegmentShift = 15,
                   kIndexShift = 18, kBaseShift = 23, kReg2Shift = 28, kIdentityShift = 28;
constexpr u32 kIsRegister = 1u << 10, kNoIndex = 1u << 22, kNoBase = 1u << 27, kOperand32 = 1u << 11;

/// 2, 4 and 8 bytes as 0, 1 and 2.
constexpr u32 size_code(unsigned bytes) { return static_cast<u32>(std::countr_zero(bytes)) - 1; }

/// Operand registers are kept as byte offsets (decode::Op::reg).
constexpr u32 register_number(u8 offset) { return offset / 8u; }

constexpr bool is_register(u8 offset) { return offset < decode::kZeroRegister; }

u32 address_size(const Op& op) { return size_code(op.address_bytes) << kAddressSizeShift; }

/// Scaling, address size, segment, index and base of the memory operand.
u32 address(const Op& op) {
  u32 word = address_size(op) | u32{op.segment} << kSegmentShift;
  word |= is_register(op.index) ? op.shift | register_number(op.index) << kIndexShift : kNoIndex;
  word |= is_register(op.base) ? register_number(op.base) << kBaseShift : kNoBase;
  return word;
}

/// Operand `n` is memory, or the register "Reg1".
u32 register_or_address(const Op& op, unsigned n) {
  if (op.mem == n) return address(op);
  return kIsRegister | register_number(op.reg[n]) << kReg1Shift;
}

/// Table 28-8. The segment is that of OUTS; INS has no choice.
u32 string_io(const Cpu& cpu, const Op& op, bool output) {
  if (!cpu.vmx.io_information) return 0;
  return address_size(op) | (output ? u32{op.segment} << kSegmentShift : 0);
}

/// Table 28-10. In 64-bit mode the operand size is undefined.
u32 table_register(const Cpu& cpu, const Op& op, u32 identity) {
  const bool wide = !cpu.code64() && op.operand_bytes == 4;
  return address(op) | identity << kIdentityShift | (wide ? kOperand32 : 0);
}

/// Table 28-12.
u32 random(const Op& op) {
  return register_number(op.reg[0]) << kReg1Shift | size_code(op.operand_bytes) << kOperandSizeShift;
}

}  // namespace

u32 instruction_information(const Cpu& cpu, const Op& op) {
  const auto reg2 = [&](unsigned n) { return register_number(op.reg[n]) << kReg2Shift; };
  switch (static_cast<Mnemonic>(op.mnemonic)) {
    case Mnemonic::INSB:
    case Mnemonic::INSW:
    case Mnemonic::INSD: return string_io(cpu, op, false);
    case Mnemonic::OUTSB:
    case Mnemonic::OUTSW:
    case Mnemonic::OUTSD: return string_io(cpu, op, true);
    case Mnemonic::INVEPT:
    case Mnemonic::INVPCID:
    case Mnemonic::INVVPID: return address(op) | reg2(0);
    case Mnemonic::SGDT: return table_register(cpu, op, 0);
    case Mnemonic::SIDT: return table_register(cpu, op, 1);
    case Mnemonic::LGDT: return table_register(cpu, op, 2);
    case Mnemonic::LIDT: return table_register(cpu, op, 3);
    case Mnemonic::SLDT: return register_or_address(op, 0);
    case Mnemonic::STR: return register_or_address(op, 0) | 1u << kIdentityShift;
    case Mnemonic::LLDT: return register_or_address(op, 0) | 2u << kIdentityShift;
    case Mnemonic::LTR: return register_or_address(op, 0) | 3u << kIdentityShift;
    case Mnemonic::RDRAND:
    case Mnemonic::RDSEED: return random(op);
    case Mnemonic::VMCLEAR:
    case Mnemonic::VMPTRLD:
    case Mnemonic::VMPTRST:
    case Mnemonic::VMXON:
    case Mnemonic::XRSTORS:
    case Mnemonic::XRSTORS64:
    case Mnemonic::XSAVES:
    case Mnemonic::XSAVES64: return address(op);
    // Reg2 is the register with the field's encoding.
    case Mnemonic::VMREAD: return register_or_address(op, 0) | reg2(1);
    case Mnemonic::VMWRITE: return register_or_address(op, 1) | reg2(0);
    default: return 0;
  }
}

u64 displacement(const Cpu& cpu, const Op& op) {
  if (op.mem == decode::kNoMemory) return 0;
  const auto value = static_cast<u64>(static_cast<i64>(op.disp));
  // The decoder counts RIP-relative displacements from the start of the block (decode::kBlockRegister).
  return op.base == decode::kBlockRegister ? cpu.block_rip() + value : value;
}

}  // namespace hvlab::vmx
