// What the picture of a page walk shows: the address in its bit fields, and every entry that was read, in
// order, in a grid whose rows are the first stage's tables and whose columns are the second stage's.
#pragma once

#include <string>
#include <vector>

#include "sim/views/machine_document.hpp"

namespace hvlab::views {

/// Bits of the linear address: those that choose an entry, or what is left for the page.
struct WalkField {
  std::string table;           // "PML4"; empty: the offset in the page
  unsigned high = 0, low = 0;  // bits, inclusive
  u64 value = 0;
  bool reached = false;  // the walk came to it
};

/// One place of the grid: an entry that was looked for.
struct WalkReference {
  const MachineStep* step = nullptr;
  const MachineStep* guest = nullptr;  // the first stage's entry that it serves; null: the page found
  size_t row = 0, column = 0;
  unsigned number = 0;  // of the reads of memory, from 1; 0: it is none (a register, or no memory is there)
  bool second = false;  // an entry of the second stage
};

/// Points into the walk that it is made of.
struct WalkPicture {
  std::vector<WalkField> fields;          // from the highest bits down
  std::vector<WalkReference> references;  // in the order in which the processor reads them
  std::vector<std::string> rows;          // the first stage's tables; with two stages the page ("") at last
  std::vector<std::string> columns;       // the second stage's tables; at last the entry itself ("")
  unsigned reads = 0;                     // of memory

  /// The place of a walk's `index`-th reference from 1, at least the first and at most the last; nothing: the
  /// walk has none.
  const WalkReference* at(size_t index) const;
};

/// Fields follow the mode of the walk (SDM vol. 3, 4.3 to 4.5): 5-level, 4-level, PAE, 32-bit; a large page's
/// offset has the bits of the levels that are left out. Without paging there is one field.
WalkPicture walk_picture(const MachineWalk& walk);

/// The names of a page fault's error code bits (SDM vol. 3, 4.7): "present", "write", "user", "reserved",
/// "fetch", in this order; of bits that are 0 only "not-present", "read", "supervisor" have one.
std::vector<std::string> error_bits(u64 error);

/// The number in "0x..." of a document; 0 if it is none.
u64 hex_number(const std::string& text);

}  // namespace hvlab::views
