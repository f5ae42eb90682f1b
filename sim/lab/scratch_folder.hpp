// A folder for files of a run that nobody keeps.
#pragma once

#include <string>

namespace hvlab::lab {

/// Made in the host's folder for temporary files, and removed with everything in it at the end.
class ScratchFolder {
 public:
  /// `purpose` is a part of its name. Throws UserError if it cannot be made.
  explicit ScratchFolder(const std::string& purpose);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace hvlab::lab
