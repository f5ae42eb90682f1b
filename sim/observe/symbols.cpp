#include "sim/observe/symbols.hpp"

#include <algorithm>

namespace hvlab::observe {
namespace {

bool is_code(const Symbol& symbol) { return symbol.type == 'T' || symbol.type == 't'; }

}  // namespace

SymbolTable::SymbolTable(std::vector<Symbol> symbols) : symbols_(std::move(symbols)) {
  std::stable_sort(symbols_.begin(), symbols_.end(), [](const Symbol& left, const Symbol& right) {
    if (left.address != right.address) return left.address < right.address;
    return !is_code(left) && is_code(right);
  });
  by_name_.reserve(symbols_.size());
  for (u32 i = 0; i < symbols_.size(); ++i) by_name_.emplace(symbols_[i].name, i);
}

std::optional<u64> SymbolTable::address_of(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return symbols_[found->second].address;
}

const Symbol* SymbolTable::at_or_below(u64 address) const {
  const auto above = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                                      [](u64 value, const Symbol& symbol) { return value < symbol.address; });
  return above == symbols_.begin() ? nullptr : &*(above - 1);
}

std::span<const Symbol> SymbolTable::at(u64 address) const {
  const auto first = std::lower_bound(symbols_.begin(), symbols_.end(), address,
                                      [](const Symbol& symbol, u64 value) { return symbol.address < value; });
  auto last = first;
  while (last != symbols_.end() && last->address == address) ++last;
  return {first, last};
}

}  // namespace hvlab::observe
