#include "sim/decode/disassemble.hpp"

#include <Zydis/Zydis.h>

namespace hvlab::decode {

namespace {

const ZydisFormatter& formatter() {
  static const auto it = [] {
    ZydisFormatter f;
    ZydisFormatterInit(&f, ZYDIS_FORMATTER_STYLE_INTEL);
    ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_FORCE_SIZE, ZYAN_TRUE);
    ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
    ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE, ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_DISP_PADDING, ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_IMM_PADDING, ZYDIS_PADDING_DISABLED);
    return f;
  }();
  return it;
}

ZydisDecoder decoder_of(u8 code_bytes) {
  ZydisDecoder decoder;
  const ZydisMachineMode mode = code_bytes == 8   ? ZYDIS_MACHINE_MODE_LONG_64
                                : code_bytes == 4 ? ZYDIS_MACHINE_MODE_LEGACY_32
                                                  : ZYDIS_MACHINE_MODE_LEGACY_16;
  const ZydisStackWidth stack = code_bytes == 8   ? ZYDIS_STACK_WIDTH_64
                                : code_bytes == 4 ? ZYDIS_STACK_WIDTH_32
                                                  : ZYDIS_STACK_WIDTH_16;
  ZydisDecoderInit(&decoder, mode, stack);
  return decoder;
}

std::optional<u64> target_of(const ZydisDecodedInstruction& insn, const ZydisDecodedOperand* operands,
                             u64 address) {
  for (unsigned i = 0; i < insn.operand_count_visible; ++i) {
    const ZydisDecodedOperand& o = operands[i];
    const bool relative = o.type == ZYDIS_OPERAND_TYPE_IMMEDIATE && o.imm.is_relative;
    const bool of_rip = o.type == ZYDIS_OPERAND_TYPE_MEMORY && o.mem.base == ZYDIS_REGISTER_RIP;
    ZyanU64 target = 0;
    if ((relative || of_rip) && ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&insn, &o, address, &target)))
      return target;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Disassembled> disassemble(const u8* code, size_t available, u8 code_bytes, u64 address) {
  const ZydisDecoder decoder = decoder_of(code_bytes);
  ZydisDecodedInstruction insn;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, available, &insn, operands))) return std::nullopt;
  char text[256];
  if (!ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter(), &insn, operands, insn.operand_count_visible,
                                                    text, sizeof text, address, nullptr)))
    return std::nullopt;
  return Disassembled{text, insn.length, target_of(insn, operands, address)};
}

}  // namespace hvlab::decode
