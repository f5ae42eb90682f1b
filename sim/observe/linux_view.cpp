#include "sim/observe/linux_view.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "sim/base/user_error.hpp"
#include "sim/observe/btf.hpp"
#include "sim/observe/kallsyms.hpp"

namespace hvlab::observe {
namespace {

constexpr u64 kSlideUnit = 0x20'0000;     // the kernel is moved by multiples of 2 MiB (CONFIG_PHYSICAL_ALIGN)
constexpr u64 kSlideLimit = 0x4000'0000;  // within the 1 GiB of its mapping
constexpr u64 kMostSystemCalls = 1024;
constexpr std::string_view kCallPrefix = "__x64_sys_";

}  // namespace

std::optional<LinuxView> LinuxView::from_vmlinux(Bytes vmlinux) {
  try {
    const ElfImage image = parse_elf(vmlinux, "vmlinux");
    const ElfSection* read_only = image.section(".rodata");
    auto symbols =
        find_kallsyms(read_only != nullptr ? vmlinux.subspan(read_only->offset, read_only->bytes) : vmlinux);
    if (!symbols) return std::nullopt;
    LinuxView view;
    view.symbols_ = std::move(*symbols);
    view.learn_system_calls(image);
    if (const ElfSection* btf = image.section(".BTF"))
      view.learn_offsets(vmlinux.subspan(btf->offset, btf->bytes));
    return view;
  } catch (const UserError&) {
    return std::nullopt;
  }
}

bool LinuxView::learn_offsets(Bytes btf_section) {
  const auto btf = Btf::parse(btf_section);
  if (!btf) return false;
  const auto pid = btf->member("task_struct", "pid"), tgid = btf->member("task_struct", "tgid"),
             name = btf->member("task_struct", "comm");
  // The pointer stands alone, or (Linux 6.2 to 6.13) in the structure pcpu_hot.
  auto current = symbols_.address_of("current_task");
  if (!current) {
    const auto area = symbols_.address_of("pcpu_hot");
    const auto member = btf->member("pcpu_hot", "current_task");
    if (area && member) current = *area + member->offset;
  }
  if (!pid || !tgid || !name || !current) return false;
  offsets_ = Offsets{*current, pid->offset, tgid->offset, name->offset, std::clamp<u32>(name->bytes, 1, 64)};
  return true;
}

void LinuxView::learn_system_calls(const ElfImage& image) {
  const auto table = symbols_.address_of("sys_call_table");
  if (!table) return;
  const auto& all = symbols_.symbols();
  const auto next = std::upper_bound(all.begin(), all.end(), *table,
                                     [](u64 value, const Symbol& symbol) { return value < symbol.address; });
  for (u64 number = 0; number < kMostSystemCalls; ++number) {
    const u64 at = *table + number * 8;
    if (next != all.end() && at >= next->address) break;
    const Bytes entry = image.at_virtual(at, 8);
    if (entry.empty()) break;
    const auto names = symbols_.at(little_endian(entry, 0, 8));
    if (names.empty()) break;
    const auto call = std::find_if(names.begin(), names.end(),
                                   [](const Symbol& each) { return each.name.starts_with(kCallPrefix); });
    const bool known = call != names.end() && call->name != "__x64_sys_ni_syscall";
    system_calls_.push_back(known ? call->name.substr(kCallPrefix.size()) : std::string());
  }
}

bool LinuxView::locate(u64 lstar) {
  const auto entry = symbols_.address_of("entry_SYSCALL_64");
  if (!entry || lstar < *entry || (lstar - *entry) % kSlideUnit != 0 || lstar - *entry >= kSlideLimit)
    return false;
  slide_ = lstar - *entry;
  return true;
}

std::optional<LinuxView::Process> LinuxView::current_process(unsigned processor, const Read& read) const {
  const auto areas = symbols_.address_of("__per_cpu_offset");
  if (!slide_ || !offsets_ || !areas) return std::nullopt;
  u64 area = 0;
  Process process;
  std::array<char, 64> name{};
  if (!read(*areas + *slide_ + u64{processor} * 8, &area, 8)) return std::nullopt;
  if (!read(area + offsets_->current, &process.task, 8) || process.task == 0) return std::nullopt;
  if (!read(process.task + offsets_->pid, &process.pid, 4) ||
      !read(process.task + offsets_->tgid, &process.tgid, 4) ||
      !read(process.task + offsets_->name, name.data(), offsets_->name_bytes)) {
    return std::nullopt;
  }
  process.name.assign(name.data(), strnlen(name.data(), offsets_->name_bytes));
  return process;
}

const std::string& LinuxView::system_call_name(u64 number) const {
  static const std::string kNone;
  return number < system_calls_.size() ? system_calls_[number] : kNone;
}

const Symbol* LinuxView::symbol_at(u64 address) const {
  return slide_ ? symbols_.at_or_below(address - *slide_) : nullptr;
}

}  // namespace hvlab::observe
