#include "sim/views/machine_document.hpp"

namespace hvlab::views {

using record::Json;

namespace {

const Json& member(const Json& json, const char* name) {
  static const Json kNothing;
  const auto found = json.is_object() ? json.find(name) : json.end();
  return !json.is_object() || found == json.end() ? kNothing : *found;
}
std::string word(const Json& json) { return json.is_string() ? json.get<std::string>() : ""; }
std::string text(const Json& json, const char* name) { return word(member(json, name)); }
u64 count(const Json& json) { return json.is_number_unsigned() ? json.get<u64>() : 0; }
u64 number(const Json& json, const char* name) { return count(member(json, name)); }
std::optional<u64> known_number(const Json& json, const char* name) {
  const Json& it = member(json, name);
  return it.is_number_unsigned() ? std::optional(it.get<u64>()) : std::nullopt;
}
bool flag(const Json& json, const char* name, bool without = false) {
  const Json& it = member(json, name);
  return it.is_boolean() ? it.get<bool>() : without;
}

template <typename Each>
auto list(const Json& json, const char* name, Each each) {
  std::vector<decltype(each(json))> all;
  const Json& it = member(json, name);
  if (it.is_array())
    for (const Json& one : it) all.push_back(each(one));
  return all;
}

// A walk has at most two stages, so what is nested deeper than that is not read.
MachineStep step(const Json& json, bool outer) {
  MachineStep it{.table = text(json, "table"),
                 .address = text(json, "address"),
                 .system_address = text(json, "system_address"),
                 .entry = text(json, "entry"),
                 .leads_to = text(json, "leads_to"),
                 .next = text(json, "next"),
                 .fault = text(json, "fault"),
                 .flags = list(json, "flags", word),
                 .nested = {},
                 .stage = text(json, "stage"),
                 .level = number(json, "level"),
                 .page_bytes = number(json, "page_bytes"),
                 .index = number(json, "index"),
                 .high_bit = number(json, "high_bit"),
                 .low_bit = number(json, "low_bit"),
                 .read = flag(json, "read", true),
                 .in_register = flag(json, "in_register")};
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
          .nested = list(json, "nested", [](const Json& one) { return step(one, false); }),
          .access = text(json, "access"),
          .privilege = text(json, "privilege"),
          .paging = flag(json, "paging"),
          .mode = text(json, "mode"),
          .second_mode = text(json, "second_mode"),
          .references = number(json, "references")};
}

// Where it is has another name in each list: an MSR's number, a field's offset (VMCB) or encoding (VMCS).
std::string place(const Json& json) {
  for (const char* name : {"offset", "encoding", "number"})
    if (std::string it = text(json, name); !it.empty()) return it;
  return "";
}

MachineRegister value(const Json& json) {
  return {.group = text(json, "group"),
          .name = text(json, "name"),
          .value = text(json, "value"),
          .text = text(json, "text"),
          .place = place(json),
          .base = text(json, "base"),
          .limit = text(json, "limit"),
          .attributes = text(json, "attributes")};
}

std::vector<MachineRegister> registers(const Json& groups) {
  std::vector<MachineRegister> all;
  if (!groups.is_object()) return all;
  for (const auto& [group, entries] : groups.items()) {
    if (!entries.is_array()) continue;
    for (const Json& one : entries) {
      all.push_back(value(one));
      all.back().group = group;
    }
  }
  return all;
}

MachineCode code(const Json& json) {
  return {text(json, "address"), text(json, "bytes"),  text(json, "text"),
          text(json, "symbol"),  text(json, "target"), flag(json, "current")};
}

std::optional<MachineGuest> guest(const Json& json) {
  const Json& now = member(json, "guest");
  const Json& it = now.is_object() ? now : member(json, "last_guest");
  if (!it.is_object()) return std::nullopt;
  return MachineGuest{known_number(it, "vm"), known_number(it, "vcpu"), text(it, "block")};
}

std::optional<MachineApic> apic(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const Json& timer = member(json, "timer");
  return MachineApic{.id = number(json, "id"),
                     .mode = text(json, "mode"),
                     .task_priority = text(json, "task_priority"),
                     .processor_priority = text(json, "processor_priority"),
                     .spurious = text(json, "spurious"),
                     .software_enabled = flag(json, "software_enabled"),
                     .requested = list(json, "requested", count),
                     .in_service = list(json, "in_service", count),
                     .lvt = list(json, "lvt", value),
                     .timer_mode = text(timer, "mode"),
                     .timer_running = flag(timer, "running"),
                     .timer_initial = number(timer, "initial_count"),
                     .timer_divide = number(timer, "divide_configuration"),
                     .timer_started = number(timer, "started")};
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
          .walk = walk(member(json, "walk")),
          .cycles = number(json, "cycles"),
          .instructions = number(json, "instructions"),
          .cpl = number(json, "cpl"),
          .interrupts_enabled = flag(json, "interrupts_enabled"),
          .gif = flag(json, "gif", true),
          .interrupt_shadow = flag(json, "interrupt_shadow"),
          .waiting = list(json, "waiting", word),
          .guest = guest(json),
          .apic = apic(member(json, "apic"))};
}

MachineControlBlock block(const Json& json) {
  return {.kind = text(json, "kind"),
          .address = text(json, "address"),
          .problem = text(json, "problem"),
          .vm = number(json, "vm"),
          .vcpu = number(json, "vcpu"),
          .entries = number(json, "entries"),
          .exits = number(json, "exits"),
          .guest_cycles = number(json, "guest_cycles"),
          .runs_on = known_number(json, "runs_on"),
          .fields = list(json, "fields", value),
          .guest = processor(json)};
}

MachinePin pin(const Json& json) {
  return {number(json, "pin"), flag(json, "asserted"), text(json, "entry"), text(json, "text")};
}

MachinePic pic(const Json& json) {
  return {text(json, "name"), text(json, "requests"), text(json, "in_service"),
          text(json, "mask"), text(json, "level"),    number(json, "vector_base")};
}

MachineDevice device(const Json& json) {
  return {.name = text(json, "name"),
          .kind = text(json, "kind"),
          .place = text(json, "place"),
          .port_reads = number(json, "port_reads"),
          .port_writes = number(json, "port_writes"),
          .memory_reads = number(json, "memory_reads"),
          .memory_writes = number(json, "memory_writes"),
          .state = list(json, "state", value)};
}

}  // namespace

MachineDocument machine_document(const Json& json) {
  const Json& controllers = member(json, "interrupt_controllers");
  const Json& io = member(controllers, "ioapic");
  return {.time = number(json, "time"),
          .processors = list(json, "processors", processor),
          .not_shown = list(json, "not_shown", word),
          .frequency_hz = number(json, "frequency_hz"),
          .instructions = number(json, "instructions"),
          .events = number(json, "events"),
          .blocks = list(json, "control_blocks", block),
          .ioapic_id = known_number(io, "id"),
          .pins = list(io, "pins", pin),
          .pics = list(controllers, "pic", pic),
          .devices = list(json, "devices", device),
          .consoles = list(json, "consoles", [](const Json& one) {
            return MachineConsole{text(one, "name"), text(one, "tail")};
          })};
}

std::string block_name(const std::string& kind) {
  return kind == "svm" ? "VMCB" : kind == "vmx" ? "VMCS" : kind;
}

}  // namespace hvlab::views
