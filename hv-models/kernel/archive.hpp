// The initial files: a tar archive (POSIX.1-2017, pax, "ustar Interchange Format") that the loader put in
// memory.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::kernel {

struct ArchiveEntry {
  char name[101];
  bool folder;
  const u8* bytes;
  u64 size;
};

class ArchiveReader {
 public:
  ArchiveReader(const u8* archive, u64 bytes) : archive_(archive), bytes_(bytes) {}
  /// The next file or folder; false at the end, and where the archive is damaged: damaged() tells which.
  bool next(ArchiveEntry& entry);
  bool damaged() const { return damaged_; }

 private:
  const u8* archive_;
  u64 bytes_, at_ = 0;
  bool damaged_ = false;
};

/// Makes the files of the loader's archive below the root folder. Says how many there are; panics if damaged.
void unpack_archive();

}  // namespace hvlab::kernel
