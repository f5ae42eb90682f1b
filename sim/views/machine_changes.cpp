// What is another than in the machine's document before.
#include <algorithm>
#include <map>
#include <utility>

#include "sim/views/machine_document.hpp"

namespace hvlab::views {

namespace {

using Registers = std::vector<MachineRegister>;

// A segment is its descriptor, too: one that is loaded anew can have the same selector.
std::string content(const MachineRegister& one) {
  return one.value + ' ' + one.base + ' ' + one.limit + ' ' + one.attributes;
}

void mark(Registers& now, const Registers& before) {
  std::map<std::pair<std::string, std::string>, std::string> old;
  for (const MachineRegister& one : before) old.insert_or_assign({one.group, one.name}, content(one));
  for (MachineRegister& one : now) {
    const auto was = old.find({one.group, one.name});
    one.changed = was != old.end() && was->second != content(one);
  }
}

/// The element of `all` that `same` is true of; null if there is none.
template <typename T, typename Same>
const T* found(const std::vector<T>& all, Same same) {
  const auto at = std::ranges::find_if(all, same);
  return at == all.end() ? nullptr : &*at;
}

}  // namespace

void mark_changed(MachineDocument& now, const MachineDocument& before) {
  for (MachineProcessor& it : now.processors)
    if (const auto* old = found(before.processors, [&](const auto& one) { return one.number == it.number; }))
      mark(it.registers, old->registers);
  for (MachineControlBlock& it : now.blocks) {
    const auto* old = found(before.blocks, [&](const auto& one) {
      return one.vm == it.vm && one.vcpu == it.vcpu && one.kind == it.kind;
    });
    if (old == nullptr) continue;
    mark(it.fields, old->fields);
    mark(it.guest.registers, old->guest.registers);
  }
  for (MachineDevice& it : now.devices)
    if (const auto* old = found(before.devices, [&](const auto& one) { return one.name == it.name; }))
      mark(it.state, old->state);
}

}  // namespace hvlab::views
