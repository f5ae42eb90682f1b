#include "sim/views/machine_document.hpp"

#include <algorithm>

namespace hvlab::views {

using record::Json;

namespace {

const Json& member(const Json& json, const char* name) {
  static const Json kNothing;
  const auto found = json.is_object() ? json.find(name) : json.end();
  return !json.is_object() || found == json.end() ? kNothing : *found;
}
std::string text(const Json& json, const char* name) {
  const Json& it = member(json, name);
  return it.is_string() ? it.get<std::string>() : "";
}
u64 number(const Json& json, const char* name) {
  const Json& it = member(json, name);
  return it.is_number_unsigned() ? it.get<u64>() : 0;
}
bool flag(const Json& json, const char* name) {
  const Json& it = member(json, name);
  return it.is_boolean() && it.get<bool>();
}

template <typename Each>
auto list(const Json& json, const char* name, Each each) {
  std::vector<decltype(each(json))> all;
  const Json& it = member(json, name);
  if (it.is_array())
    for (const Json& one : it) all.push_back(each(one));
  return all;
}

std::string word(const Json& json) { return json.is_string() ? json.get<std::string>() : ""; }

// A walk has at most two stages, so what is nested deeper than that is not read.
MachineStep step(const Json& json, bool outer) {
  MachineStep it{text(json, "table"), text(json, "address"),     text(json, "system_address"),
                 text(json, "entry"), text(json, "leads_to"),    text(json, "next"),
                 text(json, "fault"), list(json, "flags", word), {}};
  if (outer) it.nested = list(json, "nested", [](const Json& one) { return step(one, false); });
  return it;
}

MachineWalk walk(const Json& json) {
  return {.linear = text(json, "linear"),
          .guest_physical = text(json, "guest_physical"),
          .physical = text(json, "physical"),
          .fault = text(json, "fault"),
          .error = text(json, "error"),
          .page_bytes = number(json, "page_bytes"),
          .second_stage = flag(json, "second_stage"),
          .nested_fault = flag(json, "nested_fault"),
          .allowed = list(json, "allowed", word),
          .steps = list(json, "steps", [](const Json& one) { return step(one, true); }),
          .nested = list(json, "nested", [](const Json& one) { return step(one, false); })};
}

std::vector<MachineRegister> registers(const Json& groups) {
  std::vector<MachineRegister> all;
  if (!groups.is_object()) return all;
  for (const auto& [group, entries] : groups.items())
    if (entries.is_array())
      for (const Json& one : entries)
        all.push_back({group, text(one, "name"), text(one, "value"), text(one, "text"), false});
  return all;
}

MachineCode code(const Json& json) {
  return {text(json, "address"), text(json, "bytes"),  text(json, "text"),
          text(json, "symbol"),  text(json, "target"), flag(json, "current")};
}

MachineProcessor processor(const Json& json) {
  return {.number = number(json, "processor"),
          .time = number(json, "time"),
          .mode = text(json, "mode"),
          .activity = text(json, "activity"),
          .account = text(json, "account"),
          .in_guest = flag(json, "in_guest"),
          .registers = registers(member(json, "registers")),
          .code = list(json, "code", code),
          .walk = walk(member(json, "walk"))};
}

}  // namespace

MachineDocument machine_document(const Json& json) {
  return {.time = number(json, "time"),
          .processors = list(json, "processors", processor),
          .not_shown = list(json, "not_shown", word)};
}

void mark_changed(MachineDocument& now, const MachineDocument& before) {
  for (MachineProcessor& it : now.processors) {
    const auto old = std::ranges::find(before.processors, it.number, &MachineProcessor::number);
    if (old == before.processors.end()) continue;
    for (MachineRegister& one : it.registers) {
      const auto was = std::ranges::find_if(old->registers, [&](const MachineRegister& other) {
        return other.group == one.group && other.name == one.name;
      });
      one.changed = was != old->registers.end() && was->value != one.value;
    }
  }
}

}  // namespace hvlab::views
