#include "hv-models/kernel/kept_registers.hpp"

#include "hv-models/devices/shared_words.hpp"

namespace hvlab::kernel {
namespace {

// The program may do anything to a word at any time: each is read once, and all is as good as another.
using devices::clear_bits, devices::load, devices::put, devices::set_bits, devices::take;
u32 load_word(u32& word) { return load(word); }
u32 nothing(u32&) { return 0; }

struct Behaviour {
  u32 (*read)(u32& word);
  void (*write)(u32& word, u32 value);
  bool read_moves_line, write_moves_line;
};
// By VmKeptKind.
constexpr Behaviour kBehaviours[] = {{load_word, put, false, false},
                                     {take, clear_bits, true, true},
                                     {load_word, set_bits, false, true},
                                     {nothing, clear_bits, false, true}};
static_assert(sizeof kBehaviours / sizeof *kBehaviours == static_cast<unsigned>(VmKeptKind::kCount));

bool has_cause(const VmPage& page, const VmKept& kept) {
  return (load(page.registers[kept.cause]) & load(page.registers[kept.mask])) != 0;
}

}  // namespace

bool is_well(const VmKept& kept) {
  constexpr unsigned kPins = 24;
  if (kept.count == 0) return true;
  if (kept.count > VmKept::kMost || kept.pin >= kPins || kept.cause >= VmPage::kRegisters ||
      kept.mask >= VmPage::kRegisters)
    return false;
  for (unsigned i = 0; i < kept.count; ++i) {
    if (kept.rows[i].kind >= VmKeptKind::kCount || kept.rows[i].index >= VmPage::kRegisters) return false;
  }
  return true;
}

Answer answer_access(VmPage& page, const VmKept& kept, devices::Access& access) {
  if (access.space != devices::Space::Memory || access.bytes != 4) return {};
  for (unsigned i = 0; i < kept.count; ++i) {
    const VmKept::Row& row = kept.rows[i];
    if (row.address != access.address) continue;
    const Behaviour& behaviour = kBehaviours[static_cast<u32>(row.kind)];
    u32& word = page.registers[row.index];
    if (!access.write) {
      access.value = behaviour.read(word);
      return {true, behaviour.read_moves_line, false};
    }
    behaviour.write(word, static_cast<u32>(access.value));
    return {true, behaviour.write_moves_line, (load(page.watched) >> row.index & 1) != 0};
  }
  return {};
}

// Who sets bits while the page says that the line is up does not call: so the registers are looked at once
// more after the page has said that it is down.
bool follow_line(VmPage& page, const VmKept& kept) {
  bool up = has_cause(page, kept);
  put(page.line, up ? 1 : 0);
  if (!up && has_cause(page, kept)) {
    up = true;
    put(page.line, 1);
  }
  return up;
}

}  // namespace hvlab::kernel
