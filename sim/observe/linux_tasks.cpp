#include "sim/observe/linux_tasks.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "sim/base/user_error.hpp"
#include "sim/observe/btf.hpp"

namespace hvlab::observe {

namespace {

// include/linux/sched.h: bits of task_struct's __state.
constexpr u32 kInterruptible = 0x1, kUninterruptible = 0x2, kStopped = 0x4, kTraced = 0x8, kDead = 0x80,
              kNoLoad = 0x400;
constexpr u32 kMostLevels = 32;  // MAX_PID_NS_LEVEL
constexpr unsigned kMostFolders = 32;
constexpr size_t kLongestName = 64;

template <class T>
T get(const LinuxTasks::Read& read, u64 address) {
  T value{};
  return read(address, &value, sizeof value) ? value : T{};
}

std::string printable(const char* text, size_t most) {
  std::string name(text, strnlen(text, most));
  for (char& c : name)
    if (c < ' ' || c > '~') c = '?';
  return name;
}

/// Collects offsets, and whether all of those asked for are there.
struct Finder {
  const Btf& btf;
  bool all = true;

  u32 operator()(const char* structure, const char* member, const char* older = nullptr) {
    auto found = btf.member(structure, member);
    if (!found && older != nullptr) found = btf.member(structure, older);
    all = all && found.has_value();
    return found ? found->offset : 0;
  }
};

}  // namespace

std::optional<LinuxTasks> LinuxTasks::from_vmlinux(Bytes vmlinux) {
  try {
    const ElfSection* section = nullptr;
    const ElfImage image = parse_elf(vmlinux, "vmlinux");
    section = image.section(".BTF");
    if (section == nullptr) return std::nullopt;
    const auto btf = Btf::parse(vmlinux.subspan(section->offset, section->bytes));
    const auto name = btf ? btf->member("task_struct", "comm") : std::nullopt;
    if (!name) return std::nullopt;
    LinuxTasks tasks;
    Offsets& at = tasks.at_;
    Finder task{*btf};
    at.name = name->offset;
    at.name_bytes = std::clamp<u32>(name->bytes, 1, kLongestName);
    at.pid = task("task_struct", "pid");
    at.tgid = task("task_struct", "tgid");
    at.state = task("task_struct", "__state", "state");
    at.queued = task("task_struct", "on_rq");
    if (!task.all) return std::nullopt;
    Finder space{*btf};
    at.thread_pid = space("task_struct", "thread_pid");
    at.level = space("pid", "level");
    at.numbers = space("pid", "numbers");
    at.ns = space("upid", "ns");
    at.inum = space("pid_namespace", "ns") + space("ns_common", "inum");
    at.number_bytes = btf->size("upid");
    tasks.namespaces_ = space.all && at.number_bytes != 0;
    Finder group{*btf};
    at.sets = group("task_struct", "cgroups");
    at.group = group("css_set", "dfl_cgrp");
    at.node = group("cgroup", "kn");
    at.node_name = group("kernfs_node", "name");
    at.node_parent = group("kernfs_node", "parent", "__parent");
    at.node_id = group("kernfs_node", "id");
    tasks.groups_ = group.all;
    return tasks;
  } catch (const UserError&) {
    return std::nullopt;
  }
}

std::optional<LinuxTasks::Identity> LinuxTasks::identity(u64 task, const Read& read) const {
  Identity found;
  std::array<char, kLongestName> name{};
  if (!read(task + at_.pid, &found.pid, 4) || !read(task + at_.tgid, &found.tgid, 4) ||
      !read(task + at_.name, name.data(), at_.name_bytes))
    return std::nullopt;
  found.name = printable(name.data(), at_.name_bytes);
  return found;
}

u32 LinuxTasks::namespace_of(u64 task, const Read& read) const {
  if (!namespaces_) return 0;
  const u64 pid = get<u64>(read, task + at_.thread_pid);
  if (pid == 0) return 0;
  const u32 level = get<u32>(read, pid + at_.level);
  if (level == 0 || level > kMostLevels) return 0;
  const u64 space = get<u64>(read, pid + at_.numbers + u64{level} * at_.number_bytes + at_.ns);
  return space == 0 ? 0 : get<u32>(read, space + at_.inum);
}

u64 LinuxTasks::group_set(u64 task, const Read& read) const {
  return groups_ ? get<u64>(read, task + at_.sets) : 0;
}

u64 LinuxTasks::node(u64 group_set, const Read& read) const {
  const u64 group = group_set == 0 ? 0 : get<u64>(read, group_set + at_.group);
  return group == 0 ? 0 : get<u64>(read, group + at_.node);
}

u64 LinuxTasks::group_id(u64 group_set, const Read& read) const {
  const u64 found = node(group_set, read);
  return found == 0 ? 0 : get<u64>(read, found + at_.node_id);
}

std::string LinuxTasks::group_path(u64 group_set, const Read& read) const {
  std::string path;
  u64 at = node(group_set, read);
  for (unsigned i = 0; at != 0 && i < kMostFolders; ++i) {
    const u64 parent = get<u64>(read, at + at_.node_parent), text = get<u64>(read, at + at_.node_name);
    if (parent == 0) break;  // the root
    // A name may end anywhere before a page that is not there.
    std::string name;
    for (char c; name.size() < kLongestName && read(text + name.size(), &c, 1) && c != '\0';) name += c;
    path = "/" + printable(name.data(), name.size()) + path;
    at = parent;
  }
  return path;
}

u32 LinuxTasks::state_bits(u64 task, const Read& read) const { return get<u32>(read, task + at_.state); }

// Set aside, a thread stays in the queue of those that run, whatever it was about to wait for.
ThreadState LinuxTasks::state_after(u64 task, const Read& read) const {
  const u32 bits = state_bits(task, read);
  if ((bits & kDead) != 0) return ThreadState::Ended;
  if (bits == 0 || get<u32>(read, task + at_.queued) != 0) return ThreadState::Ready;
  if ((bits & (kStopped | kTraced)) != 0) return ThreadState::Stopped;
  // A kernel thread that waits for work cannot be interrupted either, but is no load.
  if ((bits & kInterruptible) != 0 || (bits & kNoLoad) != 0) return ThreadState::Sleeping;
  return (bits & kUninterruptible) != 0 ? ThreadState::Blocked : ThreadState::Sleeping;
}

}  // namespace hvlab::observe
