// A kernel image small enough for a test, with the tables that real ones carry: kallsyms, BTF, system calls.
#pragma once

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "sim/base/bits.hpp"
#include "sim/base/types.hpp"

namespace hvlab::observe::sample {

using Image = std::vector<u8>;

template <typename T>
void append(Image& image, T value) {
  image.resize(image.size() + sizeof value);
  std::memcpy(image.data() + image.size() - sizeof value, &value, sizeof value);
}
/// A literal with all its zeros, the last one too.
template <size_t N>
std::string literal(const char (&text)[N]) {
  return {text, N};
}
inline void align(Image& image, u64 alignment) { image.resize(align_up(image.size(), alignment)); }

struct NamedAddress {
  u64 address;
  char type;
  std::string name;
};

enum class Era : u8 {
  OffsetsFirst,  // Linux 4.20 to 6.1: offsets, base, count, names, markers, tokens; absolute per-processor
                 // symbols
  WithSequence,  // 6.2 and its back-ports: 3 bytes for each symbol between markers and tokens
  OffsetsLast,   // later: offsets and base behind the tokens; all offsets from the base
};

/// Tokens: a character each, but 01h stands for "__x64_sys_".
inline std::array<std::string, 256> tokens() {
  std::array<std::string, 256> result;
  for (unsigned i = 0; i < 256; ++i) {
    result[i] = i > ' ' && i < 0x7F ? std::string(1, static_cast<char>(i)) : "u" + std::to_string(i);
  }
  result[1] = "__x64_sys_";
  return result;
}

inline void append_offsets(Image& image, const std::vector<NamedAddress>& symbols, u64 base, Era era) {
  align(image, 8);
  for (const NamedAddress& each : symbols) {
    const bool absolute = each.address < base;
    if (era == Era::OffsetsLast || absolute) {
      append(image, static_cast<u32>(absolute ? each.address : each.address - base));
    } else {
      append(image, static_cast<u32>(base - 1 - each.address));
    }
  }
  align(image, 8);
  append(image, base);
}

inline void append_name(Image& image, const NamedAddress& symbol) {
  std::string text = symbol.type + symbol.name;
  const std::string prefix = tokens()[1];
  if (const size_t at = text.find(prefix); at != std::string::npos) text.replace(at, prefix.size(), 1, '\1');
  if (text.size() < 128) {
    append(image, static_cast<u8>(text.size()));
  } else {
    append(image, static_cast<u8>(0x80 | (text.size() & 0x7F)));
    append(image, static_cast<u8>(text.size() >> 7));
  }
  image.insert(image.end(), text.begin(), text.end());
}

/// The read-only data of a kernel with these symbols.
inline Image kallsyms(const std::vector<NamedAddress>& symbols, u64 base, Era era) {
  Image image(64, 0xCC);
  if (era != Era::OffsetsLast) append_offsets(image, symbols, base, era);
  align(image, 8);
  append(image, u64{symbols.size()});
  const size_t names = image.size();
  std::vector<u32> markers;
  for (size_t i = 0; i < symbols.size(); ++i) {
    if (i % 256 == 0) markers.push_back(static_cast<u32>(image.size() - names));
    append_name(image, symbols[i]);
  }
  align(image, 8);
  for (const u32 marker : markers) append(image, marker);
  align(image, 8);
  if (era == Era::WithSequence) image.resize(image.size() + symbols.size() * 3, 0x55);
  align(image, 8);
  if (image[image.size() - 1] != 0) image.resize(image.size() + 8);
  std::vector<u16> index;
  const size_t table = image.size();
  for (const std::string& token : tokens()) {
    index.push_back(static_cast<u16>(image.size() - table));
    image.insert(image.end(), token.begin(), token.end());
    image.push_back(0);
  }
  align(image, 8);
  for (const u16 each : index) append(image, each);
  if (era == Era::OffsetsLast) append_offsets(image, symbols, base, era);
  image.resize(image.size() + 64, 0xCC);
  return image;
}

/// BTF of: int; char[16]; struct task_struct { int :3; (24..) int pid; union { int tgid; }; char comm[16]; }
/// at bytes 8, 12 and 16; and struct pcpu_hot { <16 bytes> void *current_task; }.
inline Image btf() {
  const std::string names = literal("\0int\0task_struct\0pid\0tgid\0comm\0flags\0pcpu_hot\0current_task");
  const auto name = [&](const std::string& text) {
    return static_cast<u32>(names.find('\0' + text + '\0') + 1);
  };
  Image types;
  const auto type = [&](u32 text, u32 info, u32 size) {
    for (const u32 each : {text, info, size}) append(types, each);
  };
  const auto member = [&](u32 text, u32 of, u32 place) {
    for (const u32 each : {text, of, place}) append(types, each);
  };
  type(name("int"), 1u << 24, 4);  // 1
  append(types, u32{0x0100'0020});
  type(0, 3u << 24, 0);  // 2: array
  for (const u32 each : {1u, 1u, 16u}) append(types, each);
  type(0, (5u << 24) | 1, 4);  // 3: unnamed union
  member(name("tgid"), 1, 0);
  type(name("task_struct"), (1u << 31) | (4u << 24) | 4, 80);  // 4: with bit fields
  member(name("flags"), 1, (3u << 24) | 24);
  member(name("pid"), 1, 64);
  member(0, 3, 96);
  member(name("comm"), 2, 128);
  type(0, 2u << 24, 0);                        // 5: pointer
  type(name("pcpu_hot"), (4u << 24) | 1, 64);  // 6
  member(name("current_task"), 5, 128);
  Image image;
  append(image, u16{0xEB9F});
  append(image, u16{1});
  for (const u32 each : {24u, 0u, static_cast<u32>(types.size()), static_cast<u32>(types.size()),
                         static_cast<u32>(names.size())}) {
    append(image, each);
  }
  image.insert(image.end(), types.begin(), types.end());
  image.insert(image.end(), names.begin(), names.end());
  return image;
}

/// An ELF64 file with .rodata (also loadable, at virtual address `base`) and .BTF.
inline Image elf(const Image& read_only, const Image& types, u64 base) {
  const std::string names = literal("\0.rodata\0.BTF\0.names");
  const u64 rodata_at = 64 + 56, btf_at = rodata_at + read_only.size(), names_at = btf_at + types.size();
  const u64 sections_at = names_at + names.size();
  Image image = {0x7F, 'E', 'L', 'F', 2, 1, 1};
  image.resize(16);
  append(image, u16{2});
  append(image, u16{62});
  append(image, u32{1});
  for (const u64 each : {base, u64{64}, sections_at}) append(image, each);
  append(image, u32{0});
  for (const u16 each : {u16{64}, u16{56}, u16{1}, u16{64}, u16{4}, u16{3}}) append(image, each);
  append(image, u32{1});
  append(image, u32{4});
  for (const u64 each :
       {rodata_at, base, u64{0x100'0000}, u64{read_only.size()}, u64{read_only.size()}, u64{4096}}) {
    append(image, each);
  }
  image.insert(image.end(), read_only.begin(), read_only.end());
  image.insert(image.end(), types.begin(), types.end());
  image.insert(image.end(), names.begin(), names.end());
  const auto section = [&](u32 name, u32 type, u64 address, u64 offset, u64 size) {
    append(image, name);
    append(image, type);
    for (const u64 each : {u64{2}, address, offset, size}) append(image, each);
    image.resize(image.size() + 24);
  };
  section(0, 0, 0, 0, 0);
  section(1, 1, base, rodata_at, read_only.size());
  section(9, 1, 0, btf_at, types.size());
  section(14, 3, 0, names_at, names.size());
  return image;
}

}  // namespace hvlab::observe::sample
