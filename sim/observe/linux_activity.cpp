#include "sim/observe/linux_activity.hpp"

#include <algorithm>

namespace hvlab::observe {

void LinuxActivity::on_event(const Event& event) {
  if (event.kind != EventKind::SystemCall) return;
  if (entry_ == 0 && view_.locate(event.b)) entry_ = event.b;
  if (entry_ == 0 || event.b != entry_) return;
  ++calls_[event.a];
  const auto process = view_.current_process(
      event.core, [&](u64 address, void* to, size_t bytes) { return read_(event.core, address, to, bytes); });
  if (process) ++processes_[{process->tgid, process->name}][event.a];
}

LinuxActivity::SystemCall LinuxActivity::call(u64 number, u64 count) const {
  const std::string& name = view_.system_call_name(number);
  return {number, name.empty() ? "#" + std::to_string(number) : name, count};
}

std::vector<LinuxActivity::SystemCall> LinuxActivity::system_calls() const {
  std::vector<SystemCall> list;
  for (const auto& [number, count] : calls_) list.push_back(call(number, count));
  std::stable_sort(list.begin(), list.end(),
                   [](const SystemCall& left, const SystemCall& right) { return left.count > right.count; });
  return list;
}

std::vector<LinuxActivity::Process> LinuxActivity::processes() const {
  std::vector<Process> list;
  for (const auto& [key, counts] : processes_) {
    Process& process = list.emplace_back(Process{key.first, key.second, 0, {}});
    for (const auto& [number, count] : counts) {
      process.calls.push_back(call(number, count));
      process.system_calls += count;
    }
  }
  return list;
}

}  // namespace hvlab::observe
