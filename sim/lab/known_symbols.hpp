// Names of addresses of whatever a processor runs, as far as they are known: the Linux or the ELF image that
// was booted, and the image that its virtual machines run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/cpu/cpu.hpp"
#include "sim/observe/linux_view.hpp"
#include "sim/observe/symbols.hpp"

namespace hvlab::lab {

class KnownSymbols {
 public:
  /// `kernel`: the file that was booted; `modules`: the files beside it, of which the first ELF image that
  /// runs in the kernel's half of memory, as it is or in a tar archive, is taken for what virtual machines
  /// run. Nothing is read before the first question.
  KnownSymbols(std::string kernel, std::vector<std::string> modules)
      : kernel_(std::move(kernel)), modules_(std::move(modules)) {}

  /// "name+0x12" of a kernel's address at CPL 0 to 2, or empty. A Linux in a virtual machine is taken for the
  /// one that was booted, moved to where its own IA32_LSTAR says.
  std::string at(const cpu::Cpu& cpu, u64 address);

  struct Function {
    u64 begin = 0;
    std::string name;  // empty: not known
  };
  /// The function of virtual machines' kernel that `address` is in. `lstar`: where a Linux in one has its
  /// system calls begin; 0: none is known to run.
  Function of_guest(u64 address, u64 lstar);

 private:
  /// One ELF image: addresses between its first and its last symbol have names.
  struct Image {
    observe::SymbolTable symbols;
    Function function(u64 address) const;
  };
  void learn();
  Function of_linux(u64 lstar, u64 address);

  std::string kernel_;
  std::vector<std::string> modules_;
  bool learnt_ = false;
  std::optional<observe::LinuxView> linux_;
  std::optional<Image> host_, guest_;
};

}  // namespace hvlab::lab
