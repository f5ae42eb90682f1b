// The bytes of a disk: a raw file, with or without a layer in memory that keeps the file untouched.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::media {

inline constexpr u64 kSectorBytes = 512;

enum class ImageAccess : u8 {
  ReadOnly,  // writes fail
  Overlay,   // writes stay in memory and end with the run: every run starts from the same bytes
  Persist,   // writes go to the file
};

class DiskImage {
 public:
  /// Opens the raw image `path`. Throws UserError if it is missing, not a regular file, empty, not a multiple
  /// of 512 bytes, or (Persist) not writable or in use by another run. The file is locked: shared, or
  /// exclusively for Persist.
  static DiskImage open(const std::string& path, ImageAccess access);

  /// A disk of zeros in memory; `bytes` is a positive multiple of 512, else UserError.
  static DiskImage blank(u64 bytes);

  DiskImage(DiskImage&& other) noexcept;
  DiskImage& operator=(DiskImage&&) = delete;
  ~DiskImage();

  /// Size in bytes; constant, even if the file shrinks meanwhile (reads beyond its end then fail).
  u64 capacity() const { return capacity_; }
  bool read_only() const { return access_ == ImageAccess::ReadOnly; }

  /// Copy bytes out of or into the image. False: the range leaves the disk, the disk is read-only, or the
  /// host could not; the reason of the last host failure is in error(). A failed write leaves the range's
  /// former content (as far as the host lets it be restored).
  bool read(u64 offset, std::span<u8> to) const;
  bool write(u64 offset, std::span<const u8> from);

  /// Makes the range read as zeros.
  bool discard(u64 offset, u64 bytes);

  /// Host memory that written pages occupy, in bytes.
  u64 overlay_bytes() const;
  const std::string& error() const { return error_; }

 private:
  DiskImage(int file, u64 capacity, ImageAccess access) : file_(file), capacity_(capacity), access_(access) {}
  bool contains(u64 offset, u64 bytes) const { return offset <= capacity_ && bytes <= capacity_ - offset; }
  bool read_file(u64 offset, std::span<u8> to) const;
  bool write_file(u64 offset, std::span<const u8> from);
  bool write_overlay(u64 offset, std::span<const u8> from);
  bool discard_overlay(u64 offset, u64 bytes);
  u64 next_file_data(u64 offset) const;
  std::vector<u8>* own_page(u64 page);

  int file_ = -1;
  u64 capacity_ = 0;
  ImageAccess access_ = ImageAccess::ReadOnly;
  /// Pages of the overlay by number; an empty vector is a page of zeros. Never iterated over for anything
  /// simulated.
  std::unordered_map<u64, std::vector<u8>> pages_;
  mutable std::string error_;
};

}  // namespace hvlab::media
