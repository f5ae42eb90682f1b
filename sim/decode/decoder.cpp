#include "sim/decode/decoder.hpp"

#include <Zydis/Zydis.h>

#include <array>

#include "sim/arch/registers.hpp"

namespace hvlab::decode {

namespace {

/// Our mnemonic for each of Zydis'.
const std::array<Mnemonic, ZYDIS_MNEMONIC_MAX_VALUE + 1>& mnemonic_map() {
  static const auto map = [] {
    std::array<Mnemonic, ZYDIS_MNEMONIC_MAX_VALUE + 1> m{};
#define MNEMONIC(name) m[ZYDIS_MNEMONIC_##name] = Mnemonic::name;
#include "sim/decode/mnemonics.inc"
#undef MNEMONIC
    return m;
  }();
  return map;
}

/// One decoder per code size. Instructions that HVLab's processors do not have decode as what older ones make
/// of the same bytes (hint space: NOP).
const ZydisDecoder& decoder_for(u8 code_bytes, u8 stack_bytes) {
  static const auto decoders = [] {
    std::array<ZydisDecoder, 6> d{};
    constexpr ZydisMachineMode kModes[] = {ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_MACHINE_MODE_LEGACY_32,
                                           ZYDIS_MACHINE_MODE_LONG_64};
    for (unsigned i = 0; i < 6; ++i) {
      const ZydisMachineMode mode = kModes[i % 3];
      const ZydisStackWidth stack = i % 3 == 2 ? ZYDIS_STACK_WIDTH_64
                                    : i < 3    ? ZYDIS_STACK_WIDTH_32
                                               : ZYDIS_STACK_WIDTH_16;
      ZydisDecoderInit(&d[i], mode, stack);
      ZydisDecoderEnableMode(&d[i], ZYDIS_DECODER_MODE_MPX, ZYAN_FALSE);
      ZydisDecoderEnableMode(&d[i], ZYDIS_DECODER_MODE_CET, ZYAN_FALSE);
      ZydisDecoderEnableMode(&d[i], ZYDIS_DECODER_MODE_CLDEMOTE, ZYAN_FALSE);
      ZydisDecoderEnableMode(&d[i], ZYDIS_DECODER_MODE_WBNOINVD, ZYAN_FALSE);
    }
    return d;
  }();
  const unsigned mode = code_bytes == 8 ? 2 : code_bytes == 4 ? 1 : 0;
  return decoders[mode + (stack_bytes == 2 && mode != 2 ? 3 : 0)];
}

u8 gpr_offset(ZydisRegister reg) {
  if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH)
    return static_cast<u8>((reg - ZYDIS_REGISTER_AH) * 8 + 1);
  if (reg >= ZYDIS_REGISTER_AL && reg <= ZYDIS_REGISTER_BL)
    return static_cast<u8>((reg - ZYDIS_REGISTER_AL) * 8);
  if (reg >= ZYDIS_REGISTER_SPL && reg <= ZYDIS_REGISTER_R15B)
    return static_cast<u8>((reg - ZYDIS_REGISTER_SPL + 4) * 8);
  return static_cast<u8>(ZydisRegisterGetId(reg) * 8);
}

u8 address_register(ZydisRegister reg) {
  if (reg == ZYDIS_REGISTER_NONE) return kZeroRegister;
  if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP) return kBlockRegister;
  return gpr_offset(reg);
}

Kind register_kind(ZydisRegister reg) {
  switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_GPR8:
    case ZYDIS_REGCLASS_GPR16:
    case ZYDIS_REGCLASS_GPR32:
    case ZYDIS_REGCLASS_GPR64: return Kind::Gpr;
    case ZYDIS_REGCLASS_SEGMENT: return Kind::Segment;
    case ZYDIS_REGCLASS_CONTROL: return Kind::Control;
    case ZYDIS_REGCLASS_DEBUG: return Kind::DebugReg;
    case ZYDIS_REGCLASS_X87: return Kind::X87;
    case ZYDIS_REGCLASS_MMX: return Kind::Mmx;
    case ZYDIS_REGCLASS_XMM: return Kind::Xmm;
    default: return Kind::None;
  }
}

u8 segment_number(ZydisRegister reg) {
  return reg == ZYDIS_REGISTER_NONE ? u8{arch::kDs} : static_cast<u8>(ZydisRegisterGetId(reg));
}

/// The source segment of string instructions and XLAT: DS unless overridden.
u8 overridden_segment(const ZydisDecodedInstruction& insn) {
  struct Override {
    u64 attribute;
    u8 segment;
  };
  constexpr Override kOverrides[] = {
      {ZYDIS_ATTRIB_HAS_SEGMENT_ES, arch::kEs}, {ZYDIS_ATTRIB_HAS_SEGMENT_CS, arch::kCs},
      {ZYDIS_ATTRIB_HAS_SEGMENT_SS, arch::kSs}, {ZYDIS_ATTRIB_HAS_SEGMENT_DS, arch::kDs},
      {ZYDIS_ATTRIB_HAS_SEGMENT_FS, arch::kFs}, {ZYDIS_ATTRIB_HAS_SEGMENT_GS, arch::kGs}};
  for (const Override& o : kOverrides)
    if (insn.attributes & o.attribute) return o.segment;
  return arch::kDs;
}

void fill_memory(const ZydisDecodedInstruction& insn, const ZydisDecodedOperand& operand, Form& form,
                 Op& op) {
  const ZydisDecodedOperandMem& mem = operand.mem;
  op.base = address_register(mem.base);
  op.index = address_register(mem.index);
  op.shift = static_cast<u8>(mem.scale > 1 ? __builtin_ctz(mem.scale) : 0);
  op.segment = segment_number(mem.segment);
  i64 displacement = mem.disp.has_displacement ? mem.disp.value : 0;
  // SIB with mod 0 and base 101b has a displacement and no base, whatever REX.B is (SDM vol. 2, table 2-3);
  // with a 67h prefix Zydis takes R13D for the base.
  const auto& raw = insn.raw;
  if (operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM && raw.modrm.mod == 0 && raw.modrm.rm == 4 &&
      raw.sib.offset != 0 && raw.sib.base == 5) {
    op.base = kZeroRegister;
    displacement = raw.disp.value;
  }
  op.disp = static_cast<i32>(displacement);
  if (op.base == kBlockRegister) op.disp += insn.length;
  if (operand.encoding == ZYDIS_OPERAND_ENCODING_DISP16_32_64) {
    form.absolute = true;
    op.imm = insn.address_width == 64   ? displacement
             : insn.address_width == 32 ? static_cast<i64>(static_cast<u32>(displacement))
                                        : static_cast<i64>(static_cast<u16>(displacement));
  }
  op.memory_bytes = operand.size / 8 <= 255 ? static_cast<u8>(operand.size / 8) : u8{0};
}

void fill_operand(const ZydisDecodedInstruction& insn, const ZydisDecodedOperand& operand, unsigned n,
                  Form& form, Op& op, bool& have_immediate) {
  Operand& out = form.operand[n];
  out.bits = operand.size;
  switch (operand.type) {
    case ZYDIS_OPERAND_TYPE_REGISTER:
      out.kind = register_kind(operand.reg.value);
      if (n < 3) {
        op.reg[n] = out.kind == Kind::Gpr ? gpr_offset(operand.reg.value)
                                          : static_cast<u8>(ZydisRegisterGetId(operand.reg.value));
      }
      break;
    case ZYDIS_OPERAND_TYPE_MEMORY:
      out.kind = Kind::Memory;
      op.mem = static_cast<u8>(n);
      form.reads_memory = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
      form.writes_memory = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
      fill_memory(insn, operand, form, op);
      break;
    case ZYDIS_OPERAND_TYPE_POINTER:
      out.kind = Kind::Far;
      op.imm = operand.ptr.offset;
      op.disp = operand.ptr.segment;
      break;
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
      out.kind = Kind::Immediate;
      form.relative = form.relative || operand.imm.is_relative;
      if (have_immediate) {
        op.imm2 = static_cast<u8>(operand.imm.value.u);
      } else {
        op.imm = operand.imm.is_signed ? operand.imm.value.s : static_cast<i64>(operand.imm.value.u);
      }
      have_immediate = true;
      break;
    default: break;
  }
}

/// REX.B makes 90h an exchange with R8, and F3 does not change that, though Zydis takes it for PAUSE.
void correct_pause(const ZydisDecodedInstruction& insn, Form& form, Op& op) {
  if (form.mnemonic != Mnemonic::PAUSE || (insn.attributes & ZYDIS_ATTRIB_HAS_REX) == 0 ||
      insn.raw.rex.B == 0)
    return;
  form.mnemonic = Mnemonic::XCHG;
  op.mnemonic = static_cast<u16>(form.mnemonic);
  form.operands = 2;
  for (Operand& operand : form.operand) operand = {};
  form.operand[0] = form.operand[1] = {Kind::Gpr, static_cast<u16>(insn.operand_width)};
  op.reg[0] = arch::kR8 * 8;
  op.reg[1] = arch::kRax * 8;
}

Decoded failure(ZyanStatus status) {
  if (status == ZYDIS_STATUS_NO_MORE_DATA) return Decoded::Truncated;
  if (status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG) return Decoded::TooLong;
  return Decoded::Undefined;
}

}  // namespace

Decoded decode(const u8* code, size_t available, u8 code_bytes, u8 stack_bytes, Form& form, Op& op) {
  form = Form{};
  op = Op{};
  op.mem = kNoMemory;
  op.base = op.index = kZeroRegister;
  ZydisDecodedInstruction insn;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  const ZyanStatus status =
      ZydisDecoderDecodeFull(&decoder_for(code_bytes, stack_bytes), code, available, &insn, operands);
  if (!ZYAN_SUCCESS(status)) return failure(status);

  form.mnemonic = mnemonic_map()[insn.mnemonic];
  form.operand_bytes = static_cast<u8>(insn.operand_width / 8);
  form.address_bytes = static_cast<u8>(insn.address_width / 8);
  form.code_bytes = code_bytes;
  form.opcode = insn.opcode;
  if (insn.attributes & ZYDIS_ATTRIB_HAS_MODRM)
    form.modrm = static_cast<u8>(insn.raw.modrm.mod << 6 | insn.raw.modrm.reg << 3 | insn.raw.modrm.rm);
  form.map = static_cast<u8>(insn.opcode_map);
  form.rep = (insn.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE)) != 0;
  form.repne = (insn.attributes & ZYDIS_ATTRIB_HAS_REPNE) != 0;
  form.lock = (insn.attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0;
  form.far = insn.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
  op.length = insn.length;
  op.mnemonic = static_cast<u16>(form.mnemonic);
  op.operand_bytes = form.operand_bytes;
  op.address_bytes = form.address_bytes;
  op.flags = static_cast<u8>((form.rep ? op_flag::kRep : 0) | (form.repne ? op_flag::kRepne : 0) |
                             (form.lock ? op_flag::kLock : 0));
  op.segment = overridden_segment(insn);
  bool have_immediate = false;
  form.operands = static_cast<u8>(insn.operand_count_visible < 4 ? insn.operand_count_visible : 4);
  for (unsigned n = 0; n < form.operands; ++n) fill_operand(insn, operands[n], n, form, op, have_immediate);
  correct_pause(insn, form, op);
  return Decoded::Ok;
}

}  // namespace hvlab::decode
