// The symbol table that a Linux kernel carries in its own read-only data (kernel/kallsyms.c,
// scripts/kallsyms.c): found by its shape, since an unpacked kernel image has no other table.
#pragma once

#include <optional>

#include "sim/observe/elf.hpp"
#include "sim/observe/symbols.hpp"

namespace hvlab::observe {

/// The symbols of the kernel image `image` (the ELF file that a bzImage unpacks to, or any bytes that hold
/// its read-only data), at link-time addresses. Understands the format with a relative base, Linux 4.20 to
/// today, with the offsets before the names (until 6.1) or after them. Nothing if no such table is found.
std::optional<SymbolTable> find_kallsyms(Bytes image);

}  // namespace hvlab::observe
