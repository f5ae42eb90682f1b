// BPF type format (Documentation/bpf/btf.rst): where the members of a kernel's structures are.
#pragma once

#include <optional>
#include <string_view>

#include "sim/observe/elf.hpp"

namespace hvlab::observe {

/// Byte offset and size of a structure's member.
struct Member {
  u32 offset = 0;
  u32 bytes = 0;  // 0 if not known
};

class Btf {
 public:
  /// Reads the section `data` (".BTF" of the image, or /sys/kernel/btf/vmlinux), which must outlive the
  /// result. Nothing if it is broken.
  static std::optional<Btf> parse(Bytes data);

  /// Member `member` of `struct name`, also inside its unnamed structures and unions. Nothing if there is
  /// none, or if it is a bit field.
  std::optional<Member> member(std::string_view structure, std::string_view member) const;

  /// Size in bytes of `struct name`; 0 if there is none.
  u32 size(std::string_view structure) const;

 private:
  struct Type {
    u32 name, info, size_or_type;
    size_t rest;  // offset of what follows in types_
    u32 kind() const { return (info >> 24) & 0x1F; }
    u32 count() const { return info & 0xFFFF; }
  };
  std::string_view text(u32 offset) const;
  std::optional<Member> find(u32 type, std::string_view member, unsigned depth) const;
  u32 size_of(u32 type, unsigned depth) const;

  Bytes types_, strings_;
  std::vector<Type> index_;  // type n at n - 1
};

}  // namespace hvlab::observe
