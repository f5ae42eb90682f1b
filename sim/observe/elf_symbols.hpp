// The symbol table of an ELF executable.
#pragma once

#include "sim/observe/elf.hpp"
#include "sim/observe/symbols.hpp"

namespace hvlab::observe {

/// Functions and data of `image` that its .symtab names; empty if it has none. Broken entries are left out.
SymbolTable elf_symbols(const ElfImage& image);

}  // namespace hvlab::observe
