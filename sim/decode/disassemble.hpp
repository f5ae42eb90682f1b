// From instruction bytes to text, for people.
#pragma once

#include <optional>
#include <string>

#include "sim/base/types.hpp"

namespace hvlab::decode {

/// One instruction in Intel's syntax.
struct Disassembled {
  std::string text;
  u8 length = 0;              // bytes
  std::optional<u64> target;  // where a direct branch goes, or the address of an RIP-relative operand
};

/// The instruction at `code`, of which `available` bytes may be read, as `code_bytes` (2, 4, 8) wide code at
/// linear address `address` would run it. Nothing if the bytes are none, or not all there.
std::optional<Disassembled> disassemble(const u8* code, size_t available, u8 code_bytes, u64 address);

}  // namespace hvlab::decode
