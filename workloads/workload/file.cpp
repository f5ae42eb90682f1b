// The file phases: the root file system, and a block device that the machine was given for it.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workload.hpp"

namespace workload {
namespace {

constexpr size_t kBlock = 16 * 1024;
alignas(4096) char block[kBlock];

void fill_block(uint64_t& state) {
  for (size_t i = 0; i < kBlock; i += 64) {
    const uint64_t word = next_random(state);
    for (size_t j = 0; j < 64; j += 8) memcpy(block + i + j, &word, 8);
  }
}

// Writes `bytes`, has them reach the medium, and reads them back.
uint64_t write_and_read(int file, size_t bytes, const char* what) {
  uint64_t state = 7;
  for (size_t at = 0; at < bytes; at += kBlock) {
    fill_block(state);
    if (pwrite(file, block, kBlock, static_cast<off_t>(at)) != static_cast<ssize_t>(kBlock)) fail(what);
  }
  if (fsync(file) != 0) fail(what);
  Hash hash;
  for (size_t at = 0; at < bytes; at += kBlock) {
    if (pread(file, block, kBlock, static_cast<off_t>(at)) != static_cast<ssize_t>(kBlock)) fail(what);
    hash.add(block, kBlock);
  }
  return hash.value();
}

// Told apart by process, so that instances of this program can share a /tmp.
unsigned instance() { return static_cast<unsigned>(getpid()); }

uint64_t small_files(unsigned count) {
  Hash hash;
  char name[32];
  for (unsigned i = 0; i < count; ++i) {
    snprintf(name, sizeof name, "/tmp/file-%u-%u", instance(), i);
    const int file = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    if (file < 0 || write(file, name, 16) != 16 || close(file) != 0) fail(name);
  }
  for (unsigned i = 0; i < count; ++i) {
    snprintf(name, sizeof name, "/tmp/file-%u-%u", instance(), i);
    struct stat status;
    if (stat(name, &status) != 0 || unlink(name) != 0) fail(name);
    hash.add(static_cast<uint64_t>(status.st_size));
  }
  return hash.value();
}

}  // namespace

uint64_t file_phase(const Size& size) {
  mkdir("/tmp", 0777);
  char name[32];
  snprintf(name, sizeof name, "/tmp/workload-%u", instance());
  const int file = open(name, O_CREAT | O_RDWR | O_TRUNC, 0600);
  if (file < 0) fail(name);
  Hash hash;
  hash.add(write_and_read(file, size.file_kibibytes * size_t{1024}, name));
  close(file);
  if (unlink(name) != 0) fail(name);
  hash.add(small_files(size.small_files));
  return hash.value();
}

uint64_t disk_phase(const Size& size, const char* device) {
  // Past the page cache: what is measured is the way to the medium and back.
  const int disk = open(device, O_RDWR | O_DIRECT);
  if (disk < 0) fail(device);
  const uint64_t hash = write_and_read(disk, size.disk_kibibytes * size_t{1024}, device);
  close(disk);
  return hash;
}

}  // namespace workload
