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

namespace {

namespace fs = std::filesystem;

bool is_replaceable(const std::string& path) {
  std::error_code unknown;
  const fs::file_status status = fs::status(path, unknown);
  return !fs::exists(status) || fs::is_regular_file(status);
}

std::string behind_links(const std::string& path) {
  std::error_code unknown;
  if (!fs::is_symlink(path, unknown)) return path;
  const fs::path target = fs::weakly_canonical(path, unknown);
  return unknown ? path : target.string();
}

}  // namespace

Replacement::Replacement(const std::string& path)
    : target_(is_replaceable(path) ? behind_links(path) : path),
      written_(is_replaceable(path) ? target_ + ".part" : path) {}

Replacement::~Replacement() {
  if (!done_ && replaces()) unlink(written_.c_str());
}

bool Replacement::take_place() {
  done_ = !replaces() || std::rename(written_.c_str(), target_.c_str()) == 0;
  return done_;
}

std::string replace_file(const std::string& path, std::string_view bytes) {
  Replacement replacement(path);
  OutputFile file(replacement.written());
  file.write({reinterpret_cast<const u8*>(bytes.data()), bytes.size()});
  file.finish();
  if (!file.problem().empty()) return path + file.problem().substr(replacement.written().size());
  return replacement.take_place() ? "" : path + ": " + std::generic_category().message(errno);
}

}  // namespace hvlab::record
