#include "sim/observe/elf_symbols.hpp"

#include <algorithm>

namespace hvlab::observe {

namespace {

// System V ABI, generic supplement, chapter 4: types of symbols, and the section index of one defined
// nowhere.
constexpr u8 kObject = 1, kFunction = 2, kNoType = 0;
constexpr u64 kUndefined = 0;

/// Where the fields of an entry are, in the 32-bit form and in the 64-bit form.
struct Layout {
  unsigned bytes, info, section, value, value_bytes;
};
constexpr Layout kLayout32{16, 12, 14, 4, 4}, kLayout64{24, 4, 6, 8, 8};

Bytes bytes_of(const ElfImage& image, const ElfSection* section) {
  return section == nullptr ? Bytes{} : image.file.subspan(section->offset, section->bytes);
}

std::string text_at(Bytes strings, u64 offset) {
  if (offset >= strings.size()) return "";
  const auto* first = reinterpret_cast<const char*>(strings.data()) + offset;
  const auto* last = reinterpret_cast<const char*>(strings.data()) + strings.size();
  return {first, std::find(first, last, '\0')};
}

}  // namespace

SymbolTable elf_symbols(const ElfImage& image) {
  const Bytes table = bytes_of(image, image.section(".symtab"));
  const Bytes strings = bytes_of(image, image.section(".strtab"));
  const Layout& layout = image.is_64 ? kLayout64 : kLayout32;
  std::vector<Symbol> symbols;
  for (u64 at = 0; at + layout.bytes <= table.size(); at += layout.bytes) {
    const u8 type = table[at + layout.info] & 0xF;
    const bool defined = little_endian(table, at + layout.section, 2) != kUndefined;
    std::string name = text_at(strings, little_endian(table, at, 4));
    if (!defined || name.empty() || (type != kObject && type != kFunction && type != kNoType)) continue;
    symbols.push_back({little_endian(table, at + layout.value, layout.value_bytes),
                       type == kObject ? 'D' : 'T', std::move(name)});
  }
  return SymbolTable(std::move(symbols));
}

}  // namespace hvlab::observe
