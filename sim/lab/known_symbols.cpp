#include "sim/lab/known_symbols.hpp"

#include <cxxabi.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

#include "sim/base/user_error.hpp"
#include "sim/boot/load.hpp"
#include "sim/observe/elf_symbols.hpp"

namespace hvlab::lab {

namespace {

constexpr u64 kFurthest = 1 << 20;  // behind a symbol that an address can still belong to

std::vector<u8> file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// C++ names as they are written, without the types of parameters.
std::string readable(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), &std::free);
  if (status != 0 || !text) return name;
  std::string whole = text.get();
  const std::string anonymous = "(anonymous namespace)::";
  for (size_t at; (at = whole.find(anonymous)) != std::string::npos;) whole.erase(at, anonymous.size());
  return whole.substr(0, whole.find('('));
}

/// Symbols are a help, not a condition: nothing of a file that is no ELF image or a broken one.
observe::SymbolTable symbols_of(const std::string& path) {
  const std::vector<u8> bytes = file_bytes(path);
  if (!observe::is_elf(bytes)) return {};
  try {
    return observe::elf_symbols(observe::parse_elf(bytes, path));
  } catch (const UserError&) {
    return {};
  }
}

}  // namespace

std::string KnownSymbols::Image::at(u64 address) const {
  const observe::Symbol* symbol = symbols.at_or_below(address);
  if (symbol == nullptr || address - symbol->address > kFurthest) return "";
  return fmt::format("{}+{:#x}", readable(symbol->name), address - symbol->address);
}

void KnownSymbols::learn() {
  learnt_ = true;
  linux_ = observe::LinuxView::from_vmlinux(boot::linux_symbols_file(kernel_));
  if (linux_) return;
  if (observe::SymbolTable table = symbols_of(kernel_); !table.empty()) host_ = Image{std::move(table)};
  for (const std::string& module : modules_) {
    observe::SymbolTable table = symbols_of(module.substr(0, module.find(' ')));
    if (table.empty()) continue;
    guest_ = Image{std::move(table)};
    return;
  }
}

std::string KnownSymbols::of_linux(u64 lstar, u64 address) {
  if (address >> 63 == 0 || !linux_->locate(lstar)) return "";
  const observe::Symbol* symbol = linux_->symbol_at(address);
  return symbol == nullptr
             ? ""
             : fmt::format("{}+{:#x}", symbol->name, address - linux_->slide() - symbol->address);
}

std::string KnownSymbols::at(const cpu::Cpu& cpu, u64 address) {
  if (cpu.cpl == 3 || kernel_.empty()) return "";
  if (!learnt_) learn();
  if (linux_) return of_linux(cpu.lstar, address);
  const std::optional<Image>& image = cpu.guest != nullptr ? guest_ : host_;
  return image ? image->at(address) : "";
}

}  // namespace hvlab::lab
