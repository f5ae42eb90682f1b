// The tables that a Linux kernel carries: kallsyms, BTF and the ELF file around them, all of them believed by
// nobody.
#include "fuzz.hpp"
#include "observe/sample_kernel.hpp"
#include "sim/observe/btf.hpp"
#include "sim/observe/kallsyms.hpp"
#include "sim/observe/linux_view.hpp"

using namespace hvlab;
using namespace hvlab::observe;

namespace {

constexpr u64 kBase = 0xFFFF'FFFF'8100'0000;

sample::Image kernel(sample::Era era) {
  std::vector<sample::NamedAddress> list = {{0x1FB80, 'A', "current_task"},
                                            {kBase, 'D', "sys_call_table"},
                                            {kBase + 24, 'D', "behind_the_table"},
                                            {kBase + 0x1000, 'T', "__x64_sys_read"},
                                            {kBase + 0x2000, 'T', "entry_SYSCALL_64"},
                                            {kBase + 0x3000, 'D', "__per_cpu_offset"}};
  for (u64 i = 0; i < 300; ++i)
    list.push_back({kBase + 0x4000 + i * 16, 't', "function_" + std::to_string(i)});
  return sample::elf(sample::kallsyms(list, kBase, era), sample::btf(), kBase);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, size_t size) {
  const Bytes bytes(data, size);
  find_kallsyms(bytes);
  if (const auto types = Btf::parse(bytes)) types->member("task_struct", "tgid");
  if (auto view = LinuxView::from_vmlinux(bytes)) {
    view->locate(kBase + 0x2000);
    view->current_process(0, [](u64 address, void* to, size_t count) {
      std::memset(to, static_cast<int>(address & 0xFF), count);
      return true;
    });
  }
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(u8* data, size_t size, size_t most, unsigned seed) {
  static const std::vector<std::vector<u8>> samples = {kernel(sample::Era::OffsetsFirst),
                                                       kernel(sample::Era::WithSequence),
                                                       kernel(sample::Era::OffsetsLast), sample::btf()};
  return fuzz::mutate(data, size, most, seed, samples);
}
