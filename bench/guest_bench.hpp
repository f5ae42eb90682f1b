// The vendor's part of the bench of guests: a machine whose guest the loops run in.
#pragma once

#include <memory>

#include "machine_code.hpp"

namespace hvlab::bench {

using Bytes = std::vector<u8>;

/// Where a loop runs: on the bare processor, in a guest behind a second stage of paging, in a guest whose own
/// tables are the only ones.
enum class World : u8 { Bare, Nested, Direct };
inline constexpr World kWorlds[] = {World::Bare, World::Nested, World::Direct};

/// What differs between the vendors' guests.
struct Vendor {
  const char* profile;    // its costs are those of the bench
  Bytes hypercall_loop;   // exits for ever; the host enters the guest again behind the instruction
  const char* two_stage;  // what the manual calls the second stage
  /// A machine whose guest would begin at kLoop; it still stands outside.
  std::unique_ptr<test::Machine> (*machine)(timing::Profile);
  /// It stands before the instruction that enters the guest, as KVM has it: interrupts leave the guest.
  void (*become_host)(test::Machine&, World);
};
extern const Vendor kVendor;

inline constexpr u64 kLoop = 0x40'0000;

}  // namespace hvlab::bench
