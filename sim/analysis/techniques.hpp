// How a way virtualizes the processor. Rules of claims ask this table and name no way themselves; which
// architecture a way stands for is architectures.hpp's.
#pragma once

#include <span>
#include <string>

namespace hvlab::analysis {

enum class Technique {
  Translation,  // a program turns the guest's instructions into others
  Paravirtual,  // the guest's kernel knows that it is one and runs as a program
  Assisted,     // the processor has a mode for guests
};

struct Virtualizer {
  const char* way;
  const char* family;  // "KVM", "Xen", ...
  Technique technique;
  bool unmodified;  // runs systems that were made for the machine itself
  bool system;      // false: runs single programs
  bool moves;       // its machines can be moved while they run
};

/// The row of a way; null if it makes no virtual machines or is not one of Debian's.
const Virtualizer* virtualizer(const std::string& way);

/// Two ways that differ in how the guest reaches what it shares with others: as real hardware, or by an
/// interface made for guests.
struct Interfaces {
  const char* emulated;
  const char* paravirtual;
  const char*
      what;  // that differs: "devices"; an HVM guest of Xen reaches its devices as a paravirtual one does
};

std::span<const Interfaces> interfaces();

}  // namespace hvlab::analysis
