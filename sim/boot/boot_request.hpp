// What a loader is asked to load, ready in memory.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::boot {

/// A file with the name by which the guest and messages know it.
struct ImageFile {
  std::string name;
  std::vector<u8> bytes;
  std::string arguments;  // multiboot modules: what follows the file name in "FILE args"
};

struct BootRequest {
  ImageFile kernel;
  std::vector<ImageFile> initrds;  // Linux: joined; multiboot: a module each
  std::vector<ImageFile> modules;  // PVH: behind the initrd
  std::string command_line;
  u32 rsdp = 0;  // physical address of the ACPI root pointer, 0 for none
};

/// The initrds of a Linux boot as one: cpio archives one after the other, each padded with zeros to 4 bytes,
/// which the kernel's unpacker takes between archives (buffer-format.rst).
std::vector<u8> join_initrds(const std::vector<ImageFile>& initrds);

}  // namespace hvlab::boot
