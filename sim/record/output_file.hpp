// A file that is written front to back; the first failure is kept and ends the writing.
#pragma once

#include <span>
#include <string>

#include "sim/base/types.hpp"

namespace hvlab::record {

class OutputFile {
 public:
  /// Creates `path`, or empties it. Look at problem() for how it went.
  explicit OutputFile(std::string path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Appends at once; nothing happens after a failure.
  void write(std::span<const u8> bytes);

  /// Bytes written.
  u64 size() const { return size_; }

  /// Sees to it that the file is on the medium, and closes it.
  void finish();

  /// What failed first: "FILE: No space left on device"; empty if nothing.
  const std::string& problem() const { return problem_; }

 private:
  void fail();

  std::string path_;
  int file_ = -1;
  u64 size_ = 0;
  std::string problem_;
};

/// Where to write what takes the place of file `path`, or of the one that this link leads to, when it is
/// whole. What else is there (a device, a pipe) stays, and is written to.
class Replacement {
 public:
  explicit Replacement(const std::string& path);
  /// What has not taken its place is removed.
  ~Replacement();
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  const std::string& written() const { return written_; }
  /// False for a device or a pipe, which is written to itself.
  bool replaces() const { return written_ != target_; }

  /// Once all is written and closed. False if it cannot be; errno says why.
  bool take_place();

 private:
  std::string target_, written_;
  bool done_ = false;
};

/// Replaces file `path` (or the one that this link leads to) by one with these bytes: whoever reads it sees
/// the old bytes or the new ones, never a part. A device or a pipe gets the bytes. Returns what failed
/// ("FILE: No space left on device"), or an empty text.
std::string replace_file(const std::string& path, std::string_view bytes);

}  // namespace hvlab::record
