// SVM's control block by the names of its fields (APM vol. 2, appendix B): one table.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::inspect {

/// How a field is told in words.
enum class FieldKind : u8 {
  Plain,
  Intercepts,        // a word of intercept bits
  VirtualInterrupt,  // 060h
  ExitCode,
  ExitInfo1,  // by the exit code
  Event,      // EVENTINJ, EXITINTINFO
  TlbControl,
  NestedControl,
  Clean,
  Shadow,
  Attributes,
  Rflags,
  Cr0,
  Cr4,
  Efer,
  Instruction,
};

struct BlockField {
  const char* group;
  const char* name;  // as the APM has it
  u16 offset;        // in the block
  u8 bytes;
  FieldKind kind;
};

/// In the order of their offsets.
std::span<const BlockField> svm_fields();

struct FieldValue {
  const BlockField* field = nullptr;
  u64 value = 0;
  std::string text;  // what it says, in names; empty where a number says all
};

/// All fields of the 4 KiB block at `block`.
std::vector<FieldValue> svm_block(const u8* block);

}  // namespace hvlab::inspect
