#include "sim/mmu/segmented.hpp"

namespace hvlab::mmu {

using namespace arch;

namespace {

Outcome segment_fault(Cpu& cpu, unsigned segment) {
  return raise(cpu, segment == kSs ? Exception::StackFault : Exception::GeneralProtection, 0);
}

/// May the segment be read, written (SDM vol. 3, 5.5)? Real and virtual-8086 mode segments always may.
bool type_allows(const Cpu& cpu, const cpu::SegmentRegister& s, Access access) {
  if (!s.usable()) return false;
  if (!cpu.protected_mode() || cpu.v8086()) return true;
  const bool code = (s.attributes & attribute::kCode) != 0;
  if (access == Access::Write) return !code && (s.attributes & attribute::kWritable) != 0;
  return !code || (s.attributes & attribute::kReadable) != 0;
}

bool within_limit(const cpu::SegmentRegister& s, u64 offset, unsigned bytes) {
  const u64 last = offset + bytes - 1;
  const bool expand_down =
      (s.attributes & (attribute::kCode | attribute::kExpandDown)) == attribute::kExpandDown;
  if (!expand_down) return last <= s.limit;
  const u64 top = (s.attributes & attribute::kDefaultBig) ? 0xFFFF'FFFF : 0xFFFF;
  return offset > s.limit && last <= top;
}

}  // namespace

Outcome check_segment(Cpu& cpu, unsigned segment, u64 offset, unsigned bytes, Access access, u64& linear) {
  const cpu::SegmentRegister& s = cpu.seg[segment];
  if (cpu.code64()) {
    linear = segment >= kFs ? s.base + offset : offset;
    if (cpu::canonical(linear) && cpu::canonical(linear + bytes - 1)) return Outcome::Next;
    return segment_fault(cpu, segment);
  }
  if (!type_allows(cpu, s, access) || !within_limit(s, offset, bytes)) return segment_fault(cpu, segment);
  linear = static_cast<u32>(s.base + offset);
  return Outcome::Next;
}

}  // namespace hvlab::mmu
