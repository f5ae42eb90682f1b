// Every encoding that the table knows, found by trying: what the generator picks from.
#pragma once

#include <string>
#include <vector>

#include "sim/decode/decoder.hpp"

namespace hvlab::oracle {

enum class Map : u8 { One, Two, Three38, Three3A, Vex2, Vex3 };  // Vex: VEX-encoded, maps 0F38 and 0F3A

/// An encoding without its operands.
struct Encoding {
  decode::Mnemonic mnemonic{};
  Map map{};
  u8 prefix = 0;  // 0, 66, F2, F3 (with VEX: the prefix it stands for)
  u8 opcode = 0;
  bool rex_w = false;   // with VEX: VEX.W
  bool memory = false;  // ModRM has a memory operand
  bool has_modrm = false;
  i8 reg = -1;  // fixed ModRM.reg, or -1
  i8 rm = -1;   // fixed ModRM.rm, or -1
};

/// Why an instruction is not asked of the host, or nullptr if it is.
const char* left_out(decode::Mnemonic mnemonic);

/// All encodings for `code_bytes` (4 or 8) of instructions that `features` holds, grouped by mnemonic in the
/// table's order; those left out included.
std::vector<std::vector<Encoding>> encodings(u8 code_bytes, const arch::FeatureSet& features);

/// Bytes of `e` with operands of no interest, zeros behind it.
void plain_bytes(const Encoding& e, u8 (&code)[16]);

/// For people: "64-bit: F3 REX.W 0F 38 F6 /r, memory".
std::string describe(const Encoding& e, u8 code_bytes);

/// Decodes `code` and looks its row up under the same rules as the engine. False: #UD (or not 15 bytes).
bool recognize(const u8* code, u8 code_bytes, const arch::FeatureSet& features, decode::Form& form,
               decode::Op& op);

}  // namespace hvlab::oracle
