// The control block of a virtual processor by the names of its fields, one table for each vendor: SVM's VMCB
// (APM vol. 2, appendix B), VMX's VMCS (SDM vol. 3, appendix B).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/cpu/cpu.hpp"

namespace hvlab::inspect {

enum class BlockKind : u8 { Svm, Vmx };
/// "svm", "vmx".
const char* name(BlockKind kind);

/// What control blocks of `cpu` are. Of a processor without virtualization: Svm.
BlockKind block_kind(const cpu::Cpu& cpu);
/// The physical address of the control block of the guest that `cpu` runs or ran last; with VMX outside
/// guests that of its current VMCS. Nothing if there is none.
std::optional<u64> last_block(const cpu::Cpu& cpu);

/// How a field is told in words.
enum class FieldKind : u8 {
  Plain,
  ExitCode,
  ExitInfo,    // by the exit code: EXITINFO1, the exit qualification
  Event,       // an event that is injected, or whose delivery was interrupted
  Attributes,  // of a segment
  Rflags,
  Cr0,
  Cr4,
  Efer,
  // SVM's
  Intercepts,        // a word of intercept bits
  VirtualInterrupt,  // 060h
  TlbControl,
  NestedControl,
  Clean,
  Shadow,
  Instruction,
  // VMX's
  Controls,  // a word of arch::vmx::Word
  Exceptions,
  Interruptibility,
  Activity,
  EptPointer,
};

struct BlockField {
  const char* group;
  const char* name;  // as the vendor's manual has it
  u16 offset;        // in the block
  u8 bytes;
  FieldKind kind;
  u16 encoding = 0;  // VMX: by which VMREAD knows it
};

/// SVM's in the order of their offsets, VMX's by groups.
std::span<const BlockField> fields_of(BlockKind kind);

struct FieldValue {
  const BlockField* field = nullptr;
  u64 value = 0;
  std::string text;  // what it says, in names; empty where a number says all
};

/// All fields of the 4 KiB block at `block`.
std::vector<FieldValue> block_values(BlockKind kind, const u8* block);

/// What `field` of the block at `block` says if its value is `value`.
std::string svm_field_text(const BlockField& field, u64 value, const u8* block);
std::string vmx_field_text(const BlockField& field, u64 value, const u8* block);
std::span<const BlockField> svm_fields();
std::span<const BlockField> vmx_fields();

}  // namespace hvlab::inspect
