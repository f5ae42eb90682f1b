// Marks of software (docs/marks.md) as the stream of events has them.
#pragma once

#include <optional>

#include "sim/arch/mark.hpp"
#include "sim/observe/event.hpp"

namespace hvlab::observe {

struct Mark {
  arch::mark::Kind kind = arch::mark::Kind::User;
  u8 cpl = 0;  // of whoever marked: what a program says of its kernel is not to be believed
  bool in_guest = false;
  u8 core = 0;
  Picoseconds time = 0;
  u64 rip = 0;                           // where it was made
  u64 first = 0, second = 0, third = 0;  // operands

  /// Made by privileged code of the machine itself, which alone knows of virtual machines.
  bool of_host() const { return cpl == 0 && !in_guest; }
};

/// What EventKind::Mark says in `a`.
constexpr arch::mark::Kind mark_kind(u64 a) { return static_cast<arch::mark::Kind>(a & 0xFFFF); }
constexpr u8 mark_cpl(u64 a) { return static_cast<u8>(a >> 16 & 3); }
constexpr bool mark_in_guest(u64 a) { return (a >> 18 & 1) != 0; }

/// Makes one mark of the two events that report it.
class MarkReader {
 public:
  /// The mark that `event` completes; nothing for all other events.
  std::optional<Mark> read(const Event& event) {
    if (event.kind == EventKind::Mark) begun_ = event;
    if (event.kind != EventKind::MarkDetail) return std::nullopt;
    return Mark{.kind = mark_kind(begun_.a),
                .cpl = mark_cpl(begun_.a),
                .in_guest = mark_in_guest(begun_.a),
                .core = event.core,
                .time = event.time,
                .rip = event.rip,
                .first = begun_.b,
                .second = event.a,
                .third = event.b};
  }

 private:
  Event begun_{};
};

/// The kind's name as printed ("thread-switch", ...); "user" for everybody's own, "unknown" for numbers that
/// mean nothing yet.
const char* name(arch::mark::Kind kind);

}  // namespace hvlab::observe
