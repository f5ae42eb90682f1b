// An unmodified 64-bit Linux seen from outside: which process a processor is running, what a system call is
// called.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sim/observe/elf.hpp"
#include "sim/observe/symbols.hpp"

namespace hvlab::observe {

class LinuxView {
 public:
  /// Reads `bytes` bytes of guest virtual memory at `address`, with supervisor rights and without side
  /// effects, in the address space that the processor in question has now. False if it is not mapped to RAM.
  using Read = std::function<bool(u64 address, void* to, size_t bytes)>;

  struct Process {
    u64 task = 0;      // address of its task_struct
    i32 pid = 0;       // of the thread
    i32 tgid = 0;      // of the process: what user space calls the pid
    std::string name;  // "comm": up to 15 characters
  };

  /// Learns from `vmlinux` (the ELF file in a bzImage): symbols from its kallsyms table, member offsets from
  /// its BTF. Nothing if it has neither table.
  static std::optional<LinuxView> from_vmlinux(Bytes vmlinux);

  /// Learns how far this boot moved the kernel (KASLR) from what IA32_LSTAR holds once the kernel has set up
  /// system calls: the address of entry_SYSCALL_64. False if the value cannot be that.
  bool locate(u64 lstar);
  bool located() const { return slide_.has_value(); }
  u64 slide() const { return slide_.value_or(0); }

  /// The process that processor `processor` runs. Nothing before locate(), or where the kernel's data cannot
  /// be read (with page-table isolation, in user mode). To be asked on entry to the kernel or on return from
  /// it: in the middle of a process switch the answer may be the old or the new process.
  std::optional<Process> current_process(unsigned processor, const Read& read) const;

  /// "openat" for 257; empty if the kernel has no such call.
  const std::string& system_call_name(u64 number) const;

  /// The kernel function (or datum) at run-time address `address`, or nullptr before locate().
  const Symbol* symbol_at(u64 address) const;
  const SymbolTable& symbols() const { return symbols_; }

 private:
  struct Offsets {
    u64 current = 0;  // of the current-task pointer in a processor's own area
    u32 pid = 0, tgid = 0, name = 0, name_bytes = 0;
  };
  bool learn_offsets(Bytes btf_section);
  void learn_system_calls(const ElfImage& image);

  SymbolTable symbols_;
  std::optional<Offsets> offsets_;
  std::vector<std::string> system_calls_;
  std::optional<u64> slide_;
};

}  // namespace hvlab::observe
