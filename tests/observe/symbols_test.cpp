// Would catch: a table of a neighbouring kernel version read wrongly, per-processor symbols taken for
// addresses, a member offset of the wrong structure, a process read at the address without the slide, bytes
// believed unchecked.
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "sample_kernel.hpp"
#include "sim/observe/btf.hpp"
#include "sim/observe/kallsyms.hpp"
#include "sim/observe/linux_activity.hpp"
#include "sim/observe/linux_view.hpp"

using namespace hvlab;
using namespace hvlab::observe;

namespace {

constexpr u64 kBase = 0xFFFF'FFFF'8100'0000;

std::vector<sample::NamedAddress> symbols() {
  std::vector<sample::NamedAddress> list = {{0x1FB80, 'A', "current_task"},
                                            {kBase, 'T', "_text"},
                                            {kBase, 'D', "sys_call_table"},
                                            {kBase + 24, 'D', "behind_the_table"},
                                            {kBase + 0x1000, 'T', "__x64_sys_read"},
                                            {kBase + 0x1000, 'T', "__ia32_sys_read"},
                                            {kBase + 0x1100, 'T', "__x64_sys_ni_syscall"},
                                            {kBase + 0x1200, 'T', "__x64_sys_getpid"},
                                            {kBase + 0x1200, 't', "__do_sys_getpid"},
                                            {kBase + 0x2000, 'T', "entry_SYSCALL_64"},
                                            {kBase + 0x3000, 'D', "__per_cpu_offset"},
                                            {kBase + 0x3100, 't', std::string(200, 'l')}};
  for (u64 i = 0; i < 600; ++i)
    list.push_back({kBase + 0x4000 + i * 16, 't', "function_" + std::to_string(i)});
  return list;
}

/// As symbols(), for a kernel that keeps the current task in pcpu_hot.
std::vector<sample::NamedAddress> newer_symbols() {
  auto list = symbols();
  list[0] = {0x1FB00, 'A', "pcpu_hot"};
  return list;
}

/// A vmlinux whose sys_call_table holds read, an empty place, and getpid.
sample::Image vmlinux(const std::vector<sample::NamedAddress>& list) {
  sample::Image read_only;
  for (const u64 entry : {kBase + 0x1000, kBase + 0x1100, kBase + 0x1200, kBase + 0x1000})
    sample::append(read_only, entry);
  const sample::Image table = sample::kallsyms(list, kBase, sample::Era::WithSequence);
  read_only.insert(read_only.end(), table.begin(), table.end());
  return sample::elf(read_only, sample::btf(), kBase);
}

}  // namespace

TEST_CASE("kallsyms gives every symbol its address in each era of the format") {
  for (const auto era : {sample::Era::OffsetsFirst, sample::Era::WithSequence, sample::Era::OffsetsLast}) {
    const auto list = symbols();
    const auto table = find_kallsyms(sample::kallsyms(list, kBase, era));
    REQUIRE(table);
    CHECK(table->symbols().size() == list.size());
    for (const auto& each : list) {
      if (era == sample::Era::OffsetsLast && each.address < kBase)
        continue;  // no absolute symbols in that era
      CHECK(table->address_of(each.name) == each.address);
    }
    CHECK(table->at_or_below(kBase + 0x4000 + 599 * 16 + 5)->name == "function_599");
    CHECK(table->at_or_below(kBase)->name == "_text");  // code before data at the same address
    CHECK(table->at(kBase + 0x1200).size() == 2);
    CHECK_FALSE(table->address_of("no_such_symbol"));
  }
}

TEST_CASE("no table, a cut table and a changed table are not taken for one") {
  CHECK_FALSE(find_kallsyms({}));
  CHECK_FALSE(find_kallsyms(sample::Image(100'000, '0')));
  sample::Image image = sample::kallsyms(symbols(), kBase, sample::Era::OffsetsFirst);
  std::mt19937 random(1);
  for (unsigned i = 0; i < 150; ++i) {  // must not read outside, whatever the bytes
    sample::Image broken = image;
    for (unsigned k = 0; k < 4; ++k) broken[random() % broken.size()] = static_cast<u8>(random());
    if (i % 4 == 0) broken.resize(random() % broken.size());
    find_kallsyms(broken);
  }
}

TEST_CASE("BTF gives members, also of unnamed unions, and no bit fields") {
  const sample::Image data = sample::btf();
  const auto btf = Btf::parse(data);
  REQUIRE(btf);
  CHECK(btf->member("task_struct", "pid")->offset == 8);
  CHECK(btf->member("task_struct", "pid")->bytes == 4);
  CHECK(btf->member("task_struct", "tgid")->offset == 12);
  CHECK(btf->member("task_struct", "comm")->offset == 16);
  CHECK(btf->member("task_struct", "comm")->bytes == 64);
  CHECK(btf->member("pcpu_hot", "current_task")->offset == 16);
  CHECK(btf->member("pcpu_hot", "current_task")->bytes == 8);
  CHECK_FALSE(btf->member("task_struct", "flags"));
  CHECK_FALSE(btf->member("int", "pid"));
}

TEST_CASE("broken BTF is refused or read within its bounds") {
  const sample::Image good = sample::btf();
  CHECK_FALSE(Btf::parse({}));
  CHECK_FALSE(Btf::parse(sample::Image(24)));
  std::mt19937 random(2);
  for (unsigned i = 0; i < 3000; ++i) {
    sample::Image data = good;
    for (unsigned k = 0; k < 3; ++k) data[random() % data.size()] = static_cast<u8>(random());
    if (i % 4 == 0) data.resize(random() % data.size());
    if (const auto btf = Btf::parse(data)) btf->member("task_struct", "comm");
  }
}

TEST_CASE("a Linux kernel is located by LSTAR, and its processes and system calls have names") {
  for (const bool newer : {false, true}) {
    const sample::Image image = vmlinux(newer ? newer_symbols() : symbols());
    auto view = LinuxView::from_vmlinux(image);
    REQUIRE(view);
    CHECK(view->system_call_name(0) == "read");
    CHECK(view->system_call_name(1).empty());
    CHECK(view->system_call_name(2) == "getpid");
    CHECK(view->system_call_name(3).empty());  // behind the table's end
    CHECK(view->system_call_name(~u64{0}).empty());

    constexpr u64 kSlide = 0x1C0'0000, kArea = 0xFFFF'8880'0010'0000, kTask = 0xFFFF'8880'0200'0000;
    std::map<u64, u64> memory = {{kBase + 0x3008 + kSlide, kArea},
                                 {kArea + (newer ? 0x1FB10 : 0x1FB80), kTask}};
    const auto read = [&](u64 address, void* to, size_t bytes) {
      if (address == kTask + 8) return std::memcpy(to, "\x2A\0\0\0", bytes) != nullptr;
      if (address == kTask + 12) return std::memcpy(to, "\x29\0\0\0", bytes) != nullptr;
      if (address == kTask + 16) {
        std::memset(to, 0, bytes);
        return std::memcpy(to, "busybox", 7) != nullptr;
      }
      return memory.contains(address) && bytes == 8 && std::memcpy(to, &memory[address], 8) != nullptr;
    };
    CHECK_FALSE(view->current_process(1, read));  // not located yet
    CHECK(view->symbol_at(kBase) == nullptr);
    CHECK_FALSE(view->locate(kBase + 0x2000 + kSlide + 8));
    CHECK_FALSE(view->locate(0));
    CHECK_FALSE(view->located());
    REQUIRE(view->locate(kBase + 0x2000 + kSlide));
    CHECK(view->slide() == kSlide);
    const auto process = view->current_process(1, read);
    REQUIRE(process);
    CHECK(process->pid == 42);
    CHECK(process->tgid == 41);
    CHECK(process->name == "busybox");
    CHECK_FALSE(view->current_process(0, read));  // its area is not mapped
    CHECK(view->symbol_at(kBase + 0x2004 + kSlide)->name == "entry_SYSCALL_64");
  }
}

TEST_CASE("a file without the tables gives no view") {
  CHECK_FALSE(LinuxView::from_vmlinux({}));
  CHECK_FALSE(LinuxView::from_vmlinux(sample::elf(sample::Image(5000), {}, kBase)));
}

TEST_CASE("system calls are counted by name and by process, from the first one on") {
  const sample::Image image = vmlinux(symbols());
  constexpr u64 kEntry = kBase + 0x2000 + 0x40'0000, kArea = 0xFFFF'8880'0010'0000,
                kTask = 0xFFFF'8880'0200'0000;
  char name[16] = "init";
  const auto read = [&](unsigned core, u64 address, void* to, size_t bytes) {
    std::memset(to, 0, bytes);
    if (address == kBase + 0x3000 + 0x40'0000 + core * 8) return std::memcpy(to, &kArea, 8) != nullptr;
    if (address == kArea + 0x1FB80) return std::memcpy(to, &kTask, 8) != nullptr;
    if (address == kTask + 12) return std::memcpy(to, "\1\0\0\0", 4) != nullptr;
    if (address == kTask + 16) return std::memcpy(to, name, sizeof name) != nullptr;
    return address == kTask + 8;
  };
  LinuxActivity activity(LinuxView::from_vmlinux(image).value(), read);
  const auto call = [&](u64 number, u64 target, EventKind kind = EventKind::SystemCall) {
    activity.on_event(
        {.time = 0, .a = number, .b = target, .rip = 0, .kind = kind, .core = 1, .device = 0, .sequence = 0});
  };
  call(0, 0x1234);  // another kernel's entry
  call(0, kEntry, EventKind::Exception);
  CHECK(activity.system_calls().empty());
  call(2, kEntry);
  call(2, kEntry);
  call(999, kEntry);
  std::strcpy(name, "workload");
  call(0, kEntry);
  call(0, kEntry + 0x20'0000);  // not this kernel's
  const auto calls = activity.system_calls();
  REQUIRE(calls.size() == 3);
  CHECK(calls[0].name == "getpid");
  CHECK(calls[0].count == 2);
  CHECK(calls[1].name == "read");
  CHECK(calls[2].name == "#999");
  const auto processes = activity.processes();
  REQUIRE(processes.size() == 2);
  CHECK(processes[0].name == "init");
  CHECK(processes[0].system_calls == 3);
  REQUIRE(processes[0].calls.size() == 2);
  CHECK(processes[0].calls[0].name == "getpid");
  CHECK(processes[0].calls[0].count == 2);
  CHECK(processes[1].name == "workload");
  CHECK(processes[1].tgid == 1);
}
