// A small file system on a disk, whose every block is checked: what points to a block holds the block's
// checksum, up to the first block, which holds its own. So what was damaged, or was written to the wrong
// place, or never got to the medium, is an error when it is read, and never wrong data.
//
//   block 0        FirstBlock
//   blocks 1 ..    the table of nodes, each of which holds a checksum of its own
//   then           contents, blocks of pointers; free blocks are found from the nodes when the disk is
//   mounted
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::kernel::checked {

inline constexpr u32 kBlockBytes = 4096;
inline constexpr u64 kMagic = 0x3153'4b43'4856'4c48;  // HLVHCKS1 as little-endian text
inline constexpr u32 kRootNode = 1;                   // 0 is none

/// A block of the disk and the checksum of what is in it; block 0 means a block of zeros.
struct Pointer {
  u32 block, checksum;
};
inline constexpr u32 kPointersPerBlock = kBlockBytes / sizeof(Pointer);
inline constexpr u32 kDirect = 10;

enum class Kind : u32 { Free = 0, File = 1, Folder = 2 };

/// A file or folder, 128 bytes.
struct DiskNode {
  Kind kind;
  u32 generation;
  u64 size;
  Pointer direct[kDirect];
  Pointer indirect;         // to a block of pointers
  Pointer double_indirect;  // to a block of pointers to blocks of pointers
  u32 reserved[3];
  u32 checksum;  // of the 124 bytes before it (as if it were 0)
};
static_assert(sizeof(DiskNode) == 128);
inline constexpr u32 kNodesPerBlock = kBlockBytes / sizeof(DiskNode);
inline constexpr u64 kMostBlocks = kDirect + kPointersPerBlock + u64{kPointersPerBlock} * kPointersPerBlock;

struct FirstBlock {
  u64 magic;
  u32 blocks, nodes;
  u32 first_content;  // the block behind the table
  u32 checksum;       // of this structure (as if it were 0)
  u64 reserved;
};
static_assert(sizeof(FirstBlock) == 32);

/// An entry of a folder, 64 bytes; node 0: not used.
struct Entry {
  u32 node;
  char name[60];
};
static_assert(sizeof(Entry) == 64);

}  // namespace hvlab::kernel::checked
