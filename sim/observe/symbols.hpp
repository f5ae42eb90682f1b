// Names of addresses: what a program's symbol table says, ready for look-up both ways.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::observe {

struct Symbol {
  u64 address = 0;  // as linked; add the load's slide for where it runs
  char type = '?';  // as nm prints it: T/t code, D/d data, A absolute or per-processor, ...
  std::string name;
};

class SymbolTable {
 public:
  SymbolTable() = default;
  explicit SymbolTable(std::vector<Symbol> symbols);
  SymbolTable(SymbolTable&&) = default;  // not copied: the index points into the list
  SymbolTable& operator=(SymbolTable&&) = default;

  bool empty() const { return symbols_.empty(); }
  const std::vector<Symbol>& symbols() const { return symbols_; }  // ascending by address

  /// The address of the symbol called `name` (the lowest if there are several).
  std::optional<u64> address_of(std::string_view name) const;

  /// The last symbol at or below `address`, or nullptr; code symbols win over others at the same address.
  const Symbol* at_or_below(u64 address) const;

  /// All symbols at exactly `address`.
  std::span<const Symbol> at(u64 address) const;

 private:
  std::vector<Symbol> symbols_;
  std::unordered_map<std::string_view, u32> by_name_;  // views into symbols_; only looked up, never walked
};

}  // namespace hvlab::observe
