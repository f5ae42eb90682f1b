// Boots a kernel file whatever its kind: what the command line calls.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/boot/load_target.hpp"

namespace hvlab::boot {

enum class KernelKind : u8 { Unknown, BzImage, Pvh, Multiboot1 };

/// What `file` is. An image with a multiboot header is taken as that even if it has a PVH note too (Xen has
/// both).
KernelKind kernel_kind(std::span<const u8> file);

/// "bzImage", "ELF with PVH entry", "multiboot", "unknown".
const char* name(KernelKind kind);

/// How to enter a Linux kernel given as a bzImage.
enum class Entry : u8 {
  AsGiven,  // a bzImage's own decompressor runs
  Pvh,      // the kernel in it is unpacked on the host (once, cached) and entered by its PVH note
};

struct BootSetup {
  std::string kernel;                // path; a gzipped multiboot or PVH kernel is unpacked
  std::vector<std::string> initrds;  // paths; for multiboot "FILE args"
  std::vector<std::string> modules;  // paths; further modules of a PVH or multiboot kernel
  std::string command_line;
  Entry entry = Entry::AsGiven;
  u64 ram_bytes = 0;
  unsigned processors = 1;
};

struct BootResult {
  KernelKind kind = KernelKind::Unknown;  // how the kernel was entered
  EntryState state;
};

/// Reads the files and fills memory: BIOS data area, ACPI tables, kernel, modules, boot structures. Throws
/// UserError on whatever is wrong with the files or does not fit.
BootResult load(const BootSetup& setup, LoadTarget& target);

/// The ELF file of the Linux kernel in `kernel` (a bzImage or a vmlinux), for whoever wants its symbols
/// (observe::LinuxView). Empty if the file is no Linux kernel, or cannot be read or unpacked: symbols are a
/// help, not a condition.
std::vector<u8> linux_symbols_file(const std::string& kernel);

}  // namespace hvlab::boot
