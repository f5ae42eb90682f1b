#include "sim/observe/btf.hpp"

#include <array>
#include <cstring>

namespace hvlab::observe {
namespace {

enum Kind : u32 {
  kInt = 1,
  kPointer,
  kArray,
  kStruct,
  kUnion,
  kEnum,
  kForward,
  kTypedef,
  kVolatile,
  kConst,
  kRestrict,
  kFunction,
  kFunctionPrototype,
  kVariable,
  kDataSection,
  kFloat,
  kDeclarationTag,
  kTypeTag,
  kEnum64,
  kKinds
};

/// Bytes after a type's 12-byte head: a fixed part, and a part for each of its `vlen` elements.
struct Tail {
  u32 fixed, each;
};
constexpr std::array<Tail, kKinds> kTails = [] {
  std::array<Tail, kKinds> tails{};
  tails[kInt] = {4, 0};
  tails[kArray] = {12, 0};
  tails[kStruct] = tails[kUnion] = {0, 12};
  tails[kEnum] = {0, 8};
  tails[kFunctionPrototype] = {0, 8};
  tails[kVariable] = {4, 0};
  tails[kDataSection] = {0, 12};
  tails[kDeclarationTag] = {4, 0};
  tails[kEnum64] = {0, 12};
  return tails;
}();

constexpr u16 kMagic = 0xEB9F;
constexpr unsigned kDeepest = 16;

u32 get32(Bytes from, size_t at) { return static_cast<u32>(little_endian(from, at, 4)); }

}  // namespace

std::optional<Btf> Btf::parse(Bytes data) {
  if (data.size() < 24 || little_endian(data, 0, 2) != kMagic) return std::nullopt;
  const u64 header = get32(data, 4);
  const u64 types = header + get32(data, 8), type_bytes = get32(data, 12);
  const u64 strings = header + get32(data, 16), string_bytes = get32(data, 20);
  if (types + type_bytes > data.size() || strings + string_bytes > data.size()) return std::nullopt;
  Btf btf;
  btf.types_ = data.subspan(types, type_bytes);
  btf.strings_ = data.subspan(strings, string_bytes);
  for (size_t at = 0; at + 12 <= btf.types_.size();) {
    const Type type{get32(btf.types_, at), get32(btf.types_, at + 4), get32(btf.types_, at + 8), at + 12};
    if (type.kind() == 0 || type.kind() >= kKinds) return std::nullopt;
    const Tail tail = kTails[type.kind()];
    const size_t rest = tail.fixed + size_t{tail.each} * type.count();
    if (rest > btf.types_.size() - type.rest) return std::nullopt;
    btf.index_.push_back(type);
    at = type.rest + rest;
  }
  return btf;
}

std::string_view Btf::text(u32 offset) const {
  if (offset >= strings_.size()) return {};
  const auto* begin = reinterpret_cast<const char*>(strings_.data()) + offset;
  return {begin, strnlen(begin, strings_.size() - offset)};
}

u32 Btf::size_of(u32 type, unsigned depth) const {
  if (type == 0 || type > index_.size() || depth > kDeepest) return 0;
  const Type& it = index_[type - 1];
  switch (it.kind()) {
    case kInt:
    case kStruct:
    case kUnion:
    case kEnum:
    case kFloat:
    case kEnum64: return it.size_or_type;
    case kPointer: return 8;
    case kArray: return size_of(get32(types_, it.rest), depth + 1) * get32(types_, it.rest + 8);
    case kTypedef:
    case kVolatile:
    case kConst:
    case kRestrict:
    case kTypeTag: return size_of(it.size_or_type, depth + 1);
    default: return 0;
  }
}

std::optional<Member> Btf::find(u32 type, std::string_view member, unsigned depth) const {
  if (type == 0 || type > index_.size() || depth > kDeepest) return std::nullopt;
  const Type& it = index_[type - 1];
  if (it.kind() != kStruct && it.kind() != kUnion) return std::nullopt;
  const bool bit_fields = (it.info >> 31) != 0;  // then offsets carry a bit-field size in their top byte
  for (u32 i = 0; i < it.count(); ++i) {
    const size_t at = it.rest + size_t{i} * 12;
    const std::string_view name = text(get32(types_, at));
    const u32 member_type = get32(types_, at + 4), place = get32(types_, at + 8);
    const u32 bit_offset = bit_fields ? place & 0xFF'FFFF : place;
    if (name == member) {
      if ((bit_fields && place >> 24 != 0) || bit_offset % 8 != 0) return std::nullopt;
      return Member{bit_offset / 8, size_of(member_type, 0)};
    }
    if (!name.empty()) continue;
    if (const auto inner = find(member_type, member, depth + 1))
      return Member{inner->offset + bit_offset / 8, inner->bytes};
  }
  return std::nullopt;
}

std::optional<Member> Btf::member(std::string_view structure, std::string_view member) const {
  for (u32 i = 0; i < index_.size(); ++i) {
    if (index_[i].kind() == kStruct && text(index_[i].name) == structure) {
      if (const auto found = find(i + 1, member, 0)) return found;
    }
  }
  return std::nullopt;
}

u32 Btf::size(std::string_view structure) const {
  for (const Type& type : index_) {
    if (type.kind() == kStruct && text(type.name) == structure) return type.size_or_type;
  }
  return 0;
}

}  // namespace hvlab::observe
