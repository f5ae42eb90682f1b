#include "sim/arch/svm.hpp"

namespace hvlab::arch::svm {

namespace {

struct Row {
  u64 code;
  ExitName name;
};
constexpr Row kRows[] = {
#define SVM_EXIT(code, id, name, exit_class, source) {code, {name, source}},
#include "sim/arch/svm_exits.inc"
#undef SVM_EXIT
};

/// How far a range reaches: the intercept bits of control registers, debug registers, exceptions and the trap
/// ones.
constexpr bool in_range(u64 first, u64 code) {
  const u64 count = first < 0x40 || first == 0x90 ? 16 : first == 0x40 ? 32 : 1;
  return code >= first && code - first < count;
}

}  // namespace

std::optional<Exit> exit_row(u64 code) {
  for (const Row& row : kRows)
    if (in_range(row.code, code)) return static_cast<Exit>(row.code);
  return std::nullopt;
}

ExitName exit_name(u64 code) {
  for (const Row& row : kRows)
    if (in_range(row.code, code)) return row.name;
  return {"?", ""};
}

}  // namespace hvlab::arch::svm
