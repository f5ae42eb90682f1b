#include "sim/observe/kallsyms.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "sim/base/bits.hpp"

namespace hvlab::observe {
namespace {

constexpr unsigned kTokens = 256, kSymbolsPerMarker = 256;
constexpr u32 kMostSymbols = 4'000'000;

u32 get32(Bytes from, size_t at) { return static_cast<u32>(little_endian(from, at, 4)); }

/// The parts of the table, as offsets in the image.
struct Layout {
  size_t token_table = 0, token_index = 0;
  size_t names = 0;
  u32 count = 0;
  size_t count_at = 0;
  std::array<std::string_view, kTokens> tokens;
};

/// The token table is 256 strings one after the other; the index that follows gives each one's offset. `zero`
/// is where the token for the digit '0' (number 48) stands.
bool match_tokens(Bytes image, size_t zero, Layout& layout) {
  size_t start = zero;
  for (unsigned token = '0'; token > 0; --token) {  // back over the zeros that end the 48 tokens before
    if (start == 0) return false;
    const size_t least = start > 4096 ? start - 4096 : 0;
    size_t at = start - 1;  // the zero that ends the token before
    if (image[at] != 0) return false;
    while (at > least && image[at - 1] != 0) --at;
    start = at;
  }
  std::array<u16, kTokens> index{};
  size_t at = start;
  for (unsigned i = 0; i < kTokens; ++i) {
    const auto* text = reinterpret_cast<const char*>(image.data()) + at;
    const size_t length = strnlen(text, std::min<size_t>(image.size() - at, 1024));
    if (at + length >= image.size() || text[length] != 0 || at - start > 0xFFFF) return false;
    index[i] = static_cast<u16>(at - start);
    layout.tokens[i] = {text, length};
    at += length + 1;
  }
  for (size_t after = align_up(at, 2); after <= at + 16 && after + sizeof index <= image.size(); after += 2) {
    if (std::memcmp(image.data() + after, index.data(), sizeof index) != 0) continue;
    layout.token_table = start;
    layout.token_index = after;
    return true;
  }
  return false;
}

bool find_tokens(Bytes image, Layout& layout) {
  constexpr std::string_view kDigits("0\0001\0002\0003\0004\0005\0006\0007\0008\0009\000", 20);
  const std::string_view text(reinterpret_cast<const char*>(image.data()), image.size());
  for (size_t at = text.find(kDigits); at != std::string_view::npos; at = text.find(kDigits, at + 1)) {
    if (match_tokens(image, at, layout)) return true;
  }
  return false;
}

/// The length of the compressed name at `at`, which is moved behind the length: one byte, or two for 128 and
/// more.
size_t name_length(Bytes image, size_t& at) {
  if (at >= image.size()) return 0;
  size_t length = image[at++];
  if ((length & 0x80) != 0 && at < image.size()) length = (length & 0x7F) | (size_t{image[at++]} << 7);
  return length;
}

std::string expand(Bytes image, const Layout& layout, size_t at, size_t length) {
  std::string text;
  for (size_t i = 0; i < length; ++i) text += layout.tokens[image[at + i]];
  return text;
}

/// A symbol is a type letter and a name of printable characters.
bool plausible_symbol(const std::string& text) {
  return text.size() >= 2 && std::isalpha(static_cast<unsigned char>(text[0])) != 0 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

/// True if `count` names lie at `names`, followed by the markers: the offset of every 256th name, as 32-bit
/// numbers.
bool match_names(Bytes image, size_t names, u32 count, const Layout& layout) {
  constexpr u32 kLookedAt = 8;
  std::vector<u32> markers;
  size_t at = names;
  for (u32 i = 0; i < count; ++i) {
    if (i % kSymbolsPerMarker == 0) markers.push_back(static_cast<u32>(at - names));
    const size_t length = name_length(image, at);
    if (length == 0 || length > layout.token_table - at) return false;
    if (i < kLookedAt && !plausible_symbol(expand(image, layout, at, length))) return false;
    at += length;
    if (at > layout.token_table) return false;
  }
  at = align_up(at, 8);
  const size_t bytes = markers.size() * 4;
  return at + bytes <= layout.token_table && std::memcmp(image.data() + at, markers.data(), bytes) == 0;
}

/// The names begin behind their number, which is padded to 8 bytes, some way before the token table.
bool find_names(Bytes image, Layout& layout) {
  constexpr size_t kReach = 32 << 20;
  const size_t lowest = layout.token_table > kReach ? layout.token_table - kReach : 0;
  for (size_t at = layout.token_table & ~size_t{7}; at >= lowest + 8;) {
    at -= 8;
    const u64 count = little_endian(image, at, 8);
    if (count < 2 || count > kMostSymbols || !match_names(image, at + 8, static_cast<u32>(count), layout))
      continue;
    layout.names = at + 8;
    layout.count = static_cast<u32>(count);
    layout.count_at = at;
    return true;
  }
  return false;
}

struct Addresses {
  u64 base = 0;
  size_t offsets = 0;
};

/// A relative base is the kernel's lowest address: in the upper half, page-aligned.
bool plausible_base(u64 base) { return base >= 0xFFFF'8000'0000'0000 && base % 4096 == 0; }

/// Before the names: offsets, base, count (Linux 4.20 to 6.1). After the token index: offsets, base
/// (since 6.2).
std::optional<Addresses> find_addresses(Bytes image, const Layout& layout) {
  const size_t bytes = align_up(u64{layout.count} * 4, 8);
  const size_t base_before = layout.count_at - 8;
  if (layout.count_at >= 8 + bytes && plausible_base(little_endian(image, base_before, 8))) {
    return Addresses{little_endian(image, base_before, 8), base_before - bytes};
  }
  const size_t offsets = align_up(layout.token_index + kTokens * 2, 8);
  if (offsets + bytes + 8 <= image.size() && plausible_base(little_endian(image, offsets + bytes, 8))) {
    return Addresses{little_endian(image, offsets + bytes, 8), offsets};
  }
  return std::nullopt;
}

/// With CONFIG_KALLSYMS_ABSOLUTE_PERCPU most offsets are negative: base - 1 - offset; those that are not are
/// absolute (offsets in a processor's own area). Without it all are offsets from the base.
bool signed_offsets(Bytes image, const Layout& layout, const Addresses& addresses) {
  u32 negative = 0;
  for (u32 i = 0; i < layout.count; ++i) negative += get32(image, addresses.offsets + i * 4) >> 31;
  return negative > layout.count / 2;
}

}  // namespace

std::optional<SymbolTable> find_kallsyms(Bytes image) {
  Layout layout;
  if (!find_tokens(image, layout) || !find_names(image, layout)) return std::nullopt;
  const auto addresses = find_addresses(image, layout);
  if (!addresses) return std::nullopt;
  const bool is_signed = signed_offsets(image, layout, *addresses);
  std::vector<Symbol> symbols;
  symbols.reserve(layout.count);
  size_t at = layout.names;
  for (u32 i = 0; i < layout.count; ++i) {
    const size_t length = name_length(image, at);
    const std::string text = expand(image, layout, at, length);
    at += length;
    if (text.empty()) continue;
    const u32 offset = get32(image, addresses->offsets + i * 4);
    u64 address = addresses->base + offset;
    if (is_signed) address = (offset >> 31) != 0 ? addresses->base + ~offset : offset;
    symbols.push_back({address, text[0], text.substr(1)});
  }
  return SymbolTable(std::move(symbols));
}

}  // namespace hvlab::observe
