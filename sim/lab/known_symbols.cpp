#include "sim/lab/known_symbols.hpp"

#include <cxxabi.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string_view>

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
observe::SymbolTable symbols_of(std::span<const u8> bytes, const std::string& path) {
  if (!observe::is_elf(bytes)) return {};
  try {
    return observe::elf_symbols(observe::parse_elf(bytes, path));
  } catch (const UserError&) {
    return {};
  }
}

bool is_kernel(const observe::SymbolTable& table) {
  return !table.empty() && table.symbols().back().address >> 63 != 0;
}

/// The symbols of the first kernel among the members of a tar archive (POSIX ustar: headers of 512 bytes, the
/// size in octal at 124, the content in blocks of 512); none if it is no archive.
observe::SymbolTable kernel_in_archive(const std::vector<u8>& bytes, const std::string& path) {
  constexpr size_t kBlock = 512, kSizeAt = 124, kSizeDigits = 11, kMagicAt = 257;
  for (size_t at = 0; at + kBlock <= bytes.size();) {
    const auto* header = reinterpret_cast<const char*>(&bytes[at]);
    if (std::string_view(header + kMagicAt, 5) != "ustar") break;
    size_t size = 0;
    for (size_t i = 0; i < kSizeDigits && header[kSizeAt + i] >= '0' && header[kSizeAt + i] <= '7'; ++i)
      size = size * 8 + static_cast<size_t>(header[kSizeAt + i] - '0');
    at += kBlock;
    if (size > bytes.size() - at) break;
    observe::SymbolTable table = symbols_of(std::span(bytes).subspan(at, size), path);
    if (is_kernel(table)) return table;
    at += (size + kBlock - 1) / kBlock * kBlock;
  }
  return {};
}

std::string place_in(const KnownSymbols::Function& function, u64 address) {
  return function.name.empty() ? "" : fmt::format("{}+{:#x}", function.name, address - function.begin);
}

}  // namespace

KnownSymbols::Function KnownSymbols::Image::function(u64 address) const {
  const observe::Symbol* symbol = symbols.at_or_below(address);
  if (symbol == nullptr || address - symbol->address > kFurthest) return {};
  return {symbol->address, readable(symbol->name)};
}

void KnownSymbols::learn() {
  learnt_ = true;
  linux_ = observe::LinuxView::from_vmlinux(boot::linux_symbols_file(kernel_));
  if (linux_) return;
  if (observe::SymbolTable table = symbols_of(file_bytes(kernel_), kernel_); !table.empty())
    host_ = Image{std::move(table)};
  for (const std::string& module : modules_) {
    const std::string path = module.substr(0, module.find(' '));
    const std::vector<u8> bytes = file_bytes(path);
    observe::SymbolTable table = symbols_of(bytes, path);
    if (!is_kernel(table)) table = kernel_in_archive(bytes, path);
    if (table.empty()) continue;
    guest_ = Image{std::move(table)};
    return;
  }
}

KnownSymbols::Function KnownSymbols::of_linux(u64 lstar, u64 address) {
  if (address >> 63 == 0 || !linux_->locate(lstar)) return {};
  const observe::Symbol* symbol = linux_->symbol_at(address);
  if (symbol == nullptr) return {};
  return {symbol->address + linux_->slide(), symbol->name};
}

KnownSymbols::Function KnownSymbols::of_guest(u64 address, u64 lstar) {
  if (kernel_.empty()) return {};
  if (!learnt_) learn();
  if (linux_) return of_linux(lstar, address);
  return guest_ ? guest_->function(address) : Function{};
}

std::string KnownSymbols::at(const cpu::Cpu& cpu, u64 address) {
  if (cpu.cpl == 3 || kernel_.empty()) return "";
  if (!learnt_) learn();
  if (linux_) return place_in(of_linux(cpu.lstar, address), address);
  const std::optional<Image>& image = cpu.guest != nullptr ? guest_ : host_;
  return image ? place_in(image->function(address), address) : "";
}

}  // namespace hvlab::lab
