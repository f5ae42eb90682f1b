#include "sim/record/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace hvlab::record {

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0) fail();
}

OutputFile::~OutputFile() {
  if (file_ >= 0) close(file_);
}

void OutputFile::fail() {
  if (problem_.empty()) problem_ = path_ + ": " + std::generic_category().message(errno);
}

void OutputFile::write(std::span<const u8> bytes) {
  while (!bytes.empty() && problem_.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno != EINTR) fail();
      continue;
    }
    size_ += static_cast<u64>(written);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

void OutputFile::finish() {
  if (file_ < 0) return;
  // What cannot be synchronized (a pipe) need not be.
  if (fsync(file_) != 0 && errno != EINVAL && errno != EROFS) fail();
  if (close(file_) != 0) fail();
  file_ = -1;
}

bool is_replaceable(const std::string& path) {
  std::error_code unknown;
  const std::filesystem::file_status status = std::filesystem::status(path, unknown);
  return !std::filesystem::exists(status) || std::filesystem::is_regular_file(status);
}

std::string behind_links(const std::string& path) {
  std::error_code unknown;
  if (!std::filesystem::is_symlink(path, unknown)) return path;
  const std::filesystem::path target = std::filesystem::weakly_canonical(path, unknown);
  return unknown ? path : target.string();
}

std::string replace_file(const std::string& path, std::string_view bytes) {
  const bool replaceable = is_replaceable(path);
  const std::string target = behind_links(path), written = replaceable ? target + ".part" : path;
  OutputFile file(written);
  file.write({reinterpret_cast<const u8*>(bytes.data()), bytes.size()});
  file.finish();
  if (file.problem().empty() && (!replaceable || std::rename(written.c_str(), target.c_str()) == 0))
    return "";
  const std::string problem = file.problem().empty() ? ": " + std::generic_category().message(errno)
                                                     : file.problem().substr(written.size());
  if (replaceable) unlink(written.c_str());
  return path + problem;
}

}  // namespace hvlab::record
