// The instruction table: one line per instruction, in files by the manuals' families.
#include <array>
#include <span>

#include "sim/execute/families.hpp"

namespace hvlab::decode {

namespace {

using namespace execute;
using arch::Feature;
using enum CostClass;
using namespace row;

// ROW(mnemonic, selector, feature, cost class, attributes [, intercept])
#define ROW(m, selector, feature, cost, attributes, ...) \
  Row{Mnemonic::m, selector, Feature::feature, cost,     \
      static_cast<u16>(attributes) __VA_OPT__(, Intercept::) __VA_ARGS__},
constexpr Row kRows[] = {
#include "sim/execute/table/integer.inc"
#include "sim/execute/table/system.inc"
#include "sim/execute/table/x87.inc"
#include "sim/execute/table/mmx_sse.inc"
};
#undef ROW

constexpr u16 kNone = 0xFFFF;
constexpr size_t kRowCount = std::size(kRows);

/// For each mnemonic its first row, for each row the next one of the same mnemonic.
struct Index {
  std::array<u16, static_cast<size_t>(Mnemonic::Count)> first{};
  std::array<u16, kRowCount> next{};
};

constexpr Index kIndex = [] {
  Index index;
  index.first.fill(kNone);
  for (size_t i = kRowCount; i-- > 0;) {
    u16& first = index.first[static_cast<size_t>(kRows[i].mnemonic)];
    index.next[i] = first;
    first = static_cast<u16>(i);
  }
  return index;
}();

constexpr const char* kNames[] = {
    "(invalid)",
#define MNEMONIC(m) #m,
#include "sim/decode/mnemonics.inc"
#undef MNEMONIC
};

}  // namespace

const Row* find_row(const Form& form, Op& op, Handlers& handlers) {
  for (u16 i = kIndex.first[static_cast<size_t>(form.mnemonic)]; i != kNone; i = kIndex.next[i]) {
    handlers = kRows[i].select(form, op);
    if (handlers.returning != nullptr) return &kRows[i];
  }
  return nullptr;
}

std::span<const Row> rows() { return kRows; }

const char* name(Mnemonic mnemonic) { return kNames[static_cast<size_t>(mnemonic)]; }

}  // namespace hvlab::decode
