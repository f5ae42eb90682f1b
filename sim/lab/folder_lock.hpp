// A folder that one process at a time works in.
#pragma once

#include <string>

namespace hvlab::lab {

class FolderLock {
 public:
  /// Takes the folder for this process; it is free again when this object, or the process, has gone. Throws
  /// UserError if another process has it (with host and number, as far as it says), or if no file can be made
  /// there.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_ = -1;
};

}  // namespace hvlab::lab
