// What the view "machine" writes as CSV.
#include <fmt/format.h>

#include "visualizer/machine_panes.hpp"

namespace hvlab::visualizer {

void add_machine_tables(Frame& frame, const MachineSource& source) {
  const std::string time = std::to_string(source.when);
  const auto flag = [](bool is) { return std::string(is ? "1" : "0"); };
  Table registers{.name = "registers",
                  .columns = {"time_ps", "processor", "group", "register", "value", "base", "limit",
                              "attributes", "text", "changed"},
                  .rows = {}};
  for (const views::MachineProcessor& it : source.document->processors)
    for (const views::MachineRegister& one : it.registers)
      registers.rows.push_back({time, std::to_string(it.number), one.group, one.name, one.value, one.base,
                                one.limit, one.attributes, one.text, flag(one.changed)});
  Table fields{
      .name = "control block fields",
      .columns = {"time_ps", "vm", "vcpu", "block", "group", "place", "field", "value", "text", "changed"},
      .rows = {}};
  for (const views::MachineControlBlock& it : source.document->blocks)
    for (const views::MachineRegister& one : it.fields)
      fields.rows.push_back({time, std::to_string(it.vm), std::to_string(it.vcpu), views::block_name(it.kind),
                             one.group, one.place, one.name, one.value, one.text, flag(one.changed)});
  Table devices{.name = "devices",
                .columns = {"time_ps", "device", "kind", "group", "name", "value", "text", "changed"},
                .rows = {}};
  for (const views::MachineDevice& it : source.document->devices)
    for (const views::MachineRegister& one : it.state)
      devices.rows.push_back(
          {time, it.name, it.kind, one.group, one.name, one.value, one.text, flag(one.changed)});
  frame.tables.push_back(std::move(registers));
  frame.tables.push_back(std::move(fields));
  if (!devices.rows.empty()) frame.tables.push_back(std::move(devices));
}

}  // namespace hvlab::visualizer
