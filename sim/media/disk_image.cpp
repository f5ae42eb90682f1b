#include "sim/media/disk_image.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/base/user_error.hpp"

namespace hvlab::media {
namespace {

constexpr u64 kPageBytes = 4096;

std::string why(int error) { return std::strerror(error); }

[[noreturn]] void refuse(int file, const std::string& path, const std::string& reason) {
  if (file >= 0) ::close(file);
  throw UserError("disk image '" + path + "': " + reason);
}

int open_file(const std::string& path, ImageAccess access) {
  const int flags = access == ImageAccess::Persist ? O_RDWR : O_RDONLY;
  const int file = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK);
  if (file < 0 && access == ImageAccess::Persist && (errno == EACCES || errno == EROFS))
    refuse(-1, path, "cannot be written (" + why(errno) + "); leave out 'persist' to keep writes in memory");
  if (file < 0) refuse(-1, path, "cannot be opened: " + why(errno));
  return file;
}

u64 checked_size(int file, const std::string& path) {
  struct stat status{};
  if (::fstat(file, &status) != 0) refuse(file, path, "cannot be examined: " + why(errno));
  if (!S_ISREG(status.st_mode)) refuse(file, path, "is not a regular file; give a raw image file");
  const u64 size = static_cast<u64>(status.st_size);
  if (size == 0) refuse(file, path, "is empty; make one with 'truncate -s 64M " + path + "'");
  if (size % kSectorBytes != 0) {
    const u64 padded = (size + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
    refuse(file, path,
           "its size, " + std::to_string(size) +
               " bytes, is not a multiple of 512; pad it with 'truncate -s " + std::to_string(padded) + " " +
               path + "'");
  }
  return size;
}

}  // namespace

DiskImage DiskImage::open(const std::string& path, ImageAccess access) {
  const int file = open_file(path, access);
  const u64 size = checked_size(file, path);
  // Two runs on one image would see each other's half-done file systems.
  if (::flock(file, (access == ImageAccess::Persist ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0)
    refuse(file, path, "is in use by another run that writes to it; end that run or copy the image");
  return DiskImage(file, size, access);
}

DiskImage DiskImage::blank(u64 bytes) {
  if (bytes == 0 || bytes % kSectorBytes != 0)
    throw UserError("a blank disk of " + std::to_string(bytes) +
                    " bytes: the size must be a multiple of 512");
  return DiskImage(-1, bytes, ImageAccess::Overlay);
}

DiskImage::DiskImage(DiskImage&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      capacity_(other.capacity_),
      access_(other.access_),
      pages_(std::move(other.pages_)),
      error_(std::move(other.error_)) {}

DiskImage::~DiskImage() {
  if (file_ >= 0) ::close(file_);
}

bool DiskImage::read_file(u64 offset, std::span<u8> to) const {
  if (file_ < 0) {
    std::fill(to.begin(), to.end(), u8{0});
    return true;
  }
  while (!to.empty()) {
    const ssize_t got = ::pread(file_, to.data(), to.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      error_ = got < 0 ? why(errno) : "the file has become shorter";
      return false;
    }
    to = to.subspan(static_cast<size_t>(got));
    offset += static_cast<u64>(got);
  }
  return true;
}

bool DiskImage::write_file(u64 offset, std::span<const u8> from) {
  size_t done = 0;
  std::vector<u8> before(from.size());  // a full host disk must not leave half of a request behind
  if (!read_file(offset, before)) return false;
  while (done < from.size()) {
    const ssize_t put =
        ::pwrite(file_, from.data() + done, from.size() - done, static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      error_ = why(errno);
      // Blocks written so far exist in the file, so putting the former bytes back needs no new space.
      if (done != 0 && ::pwrite(file_, before.data(), done, static_cast<off_t>(offset)) < 0)
        error_ += " (twice)";
      return false;
    }
    done += static_cast<size_t>(put);
  }
  return true;
}

bool DiskImage::read(u64 offset, std::span<u8> to) const {
  if (!contains(offset, to.size())) return false;
  if (pages_.empty()) return read_file(offset, to);
  while (!to.empty()) {
    const u64 page = offset / kPageBytes, within = offset % kPageBytes;
    const size_t chunk = static_cast<size_t>(std::min<u64>(kPageBytes - within, to.size()));
    const auto found = pages_.find(page);
    if (found == pages_.end()) {
      if (!read_file(offset, to.first(chunk))) return false;
    } else if (found->second.empty()) {
      std::memset(to.data(), 0, chunk);
    } else {
      std::memcpy(to.data(), found->second.data() + within, chunk);
    }
    to = to.subspan(chunk);
    offset += chunk;
  }
  return true;
}

/// The overlay's copy of `page`, filled from the file when it is new; nullptr if the file cannot be read.
std::vector<u8>* DiskImage::own_page(u64 page) {
  const auto [slot, fresh] = pages_.try_emplace(page);
  std::vector<u8>& bytes = slot->second;
  if (!bytes.empty()) return &bytes;
  bytes.assign(kPageBytes, 0);
  const u64 start = page * kPageBytes;
  const size_t present = static_cast<size_t>(std::min(kPageBytes, capacity_ - start));
  if (fresh && !read_file(start, std::span(bytes).first(present))) {
    pages_.erase(slot);
    return nullptr;
  }
  return &bytes;
}

bool DiskImage::write_overlay(u64 offset, std::span<const u8> from) {
  // All pages first: a read error of the file then leaves nothing half-written.
  for (u64 page = offset / kPageBytes; page * kPageBytes < offset + from.size(); ++page) {
    if (own_page(page) == nullptr) return false;
  }
  while (!from.empty()) {
    const u64 within = offset % kPageBytes;
    const size_t chunk = static_cast<size_t>(std::min<u64>(kPageBytes - within, from.size()));
    std::memcpy(pages_.at(offset / kPageBytes).data() + within, from.data(), chunk);
    from = from.subspan(chunk);
    offset += chunk;
  }
  return true;
}

bool DiskImage::write(u64 offset, std::span<const u8> from) {
  if (read_only() || !contains(offset, from.size())) return false;
  return access_ == ImageAccess::Persist ? write_file(offset, from) : write_overlay(offset, from);
}

/// Where the file next holds data at or after `offset`; holes read as zeros and need no page to say so.
u64 DiskImage::next_file_data(u64 offset) const {
  if (file_ < 0) return capacity_;
  const off_t next = ::lseek(file_, static_cast<off_t>(offset), SEEK_DATA);
  if (next < 0) return errno == ENXIO ? capacity_ : offset;
  return static_cast<u64>(next);
}

bool DiskImage::discard_overlay(u64 offset, u64 bytes) {
  static constexpr std::array<u8, kPageBytes> kZeros{};
  const u64 end = offset + bytes;
  u64 data = next_file_data(offset);
  while (offset < end) {
    const u64 chunk = std::min(kPageBytes - offset % kPageBytes, end - offset);
    if (data < offset) data = next_file_data(offset);
    if (chunk != kPageBytes) {
      if (!write_overlay(offset, std::span(kZeros).first(static_cast<size_t>(chunk)))) return false;
    } else if (data >= offset + chunk) {
      pages_.erase(offset / kPageBytes);
    } else {
      pages_[offset / kPageBytes] = {};
    }
    offset += chunk;
  }
  return true;
}

bool DiskImage::discard(u64 offset, u64 bytes) {
  if (read_only() || !contains(offset, bytes)) return false;
  if (access_ == ImageAccess::Overlay) return discard_overlay(offset, bytes);
  if (bytes == 0) return true;
  if (::fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                  static_cast<off_t>(bytes)) == 0)
    return true;
  std::vector<u8> zeros(static_cast<size_t>(std::min<u64>(bytes, 1 << 20)), u8{0});
  for (u64 done = 0; done < bytes; done += zeros.size()) {
    const size_t chunk = static_cast<size_t>(std::min<u64>(zeros.size(), bytes - done));
    if (!write_file(offset + done, std::span(zeros).first(chunk))) return false;
  }
  return true;
}

u64 DiskImage::overlay_bytes() const {
  u64 total = 0;
  for (const auto& [page, bytes] : pages_) total += bytes.size();
  return total;
}

}  // namespace hvlab::media
