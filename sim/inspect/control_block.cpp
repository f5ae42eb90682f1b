#include "sim/inspect/control_block.hpp"

#include <algorithm>
#include <cstring>

#include "sim/svm/unit.hpp"
#include "sim/vmx/unit.hpp"

namespace hvlab::inspect {

const char* name(BlockKind kind) { return kind == BlockKind::Svm ? "svm" : "vmx"; }

BlockKind block_kind(const cpu::Cpu& cpu) {
  return cpu.has(arch::Feature::Vmx) ? BlockKind::Vmx : BlockKind::Svm;
}

std::optional<u64> last_block(const cpu::Cpu& cpu) {
  if (cpu.virtualization == nullptr) return std::nullopt;
  if (block_kind(cpu) == BlockKind::Vmx) {
    const u64 current = static_cast<const vmx::Unit&>(*cpu.virtualization).current;
    return current != arch::vmx::kNoVmcs ? std::optional(current) : std::nullopt;
  }
  const u64 block = static_cast<const svm::Unit&>(*cpu.virtualization).guest().block;
  return block != 0 ? std::optional(block) : std::nullopt;
}

std::span<const BlockField> fields_of(BlockKind kind) {
  return kind == BlockKind::Svm ? svm_fields() : vmx_fields();
}

std::vector<FieldValue> block_values(BlockKind kind, const u8* block) {
  const std::span<const BlockField> fields = fields_of(kind);
  std::vector<FieldValue> values;
  values.reserve(fields.size());
  for (const BlockField& field : fields) {
    u64 value = 0;
    std::memcpy(&value, block + field.offset, std::min<size_t>(field.bytes, sizeof value));
    values.push_back(
        {&field, value,
         kind == BlockKind::Svm ? svm_field_text(field, value, block) : vmx_field_text(field, value, block)});
  }
  return values;
}

}  // namespace hvlab::inspect
