// The machine's document for people.
#include <fmt/format.h>

#include <algorithm>

#include "sim/inspect/machine_document.hpp"
#include "sim/record/record_text.hpp"

namespace hvlab::inspect {

namespace {

constexpr size_t kColumns = 110;

std::string word(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string seconds(u64 time) { return record::seconds_text(time) + " s"; }

/// "0x" and zeros in front are noise for a reader; digits in one column are not.
std::string number(const Json& json, const char* name) {
  const std::string text = word(json, name);
  return text.starts_with("0x") ? text.substr(2) : text;
}

/// `text` in lines of kColumns, each after `indent` blanks.
std::string wrapped(const std::string& text, size_t indent) {
  std::string out, line;
  size_t from = 0;
  while (from < text.size()) {
    const size_t end = std::min(text.find(' ', from), text.size());
    const std::string part = text.substr(from, end - from);
    if (!line.empty() && indent + line.size() + 1 + part.size() > kColumns) {
      out += line + "\n" + std::string(indent, ' ');
      line.clear();
    }
    line += (line.empty() ? "" : " ") + part;
    from = end + 1;
  }
  return out + line;
}

/// Registers side by side, then those with words, a line each.
std::string registers_text(const Json& list, size_t in_a_row) {
  std::string out;
  size_t column = 0;
  const auto end_row = [&] {
    if (column != 0) out += '\n';
    column = 0;
  };
  for (const Json& one : list) {
    const std::string text = word(one, "text");
    if (!text.empty()) end_row();
    if (column == 0) out += "    ";
    out += fmt::format("{:<14} {}", word(one, "name"), number(one, "value"));
    if (!text.empty()) {
      out += "  " + wrapped(text, 37) + '\n';
      continue;
    }
    column = (column + 1) % in_a_row;
    out += column == 0 ? "\n" : "   ";
  }
  end_row();
  return out;
}

std::string segments_text(const Json& list) {
  std::string out;
  for (const Json& one : list)
    out += fmt::format("    {:<5} {:>4}  base {}  limit {:>8}  {}\n", word(one, "name"), number(one, "value"),
                       number(one, "base"), number(one, "limit"), word(one, "text"));
  return out;
}

std::string code_text(const Json& lines) {
  std::string out, last;
  for (const Json& line : lines) {
    const std::string symbol = word(line, "symbol");
    const std::string function = symbol.substr(0, symbol.find('+'));
    if (!function.empty() && function != last) out += fmt::format("    {}:\n", function);
    last = function;
    const std::string target = word(line, "target");
    out +=
        fmt::format("  {} {}  {:<24} {}{}\n", line.contains("current") ? "=>" : "  ", number(line, "address"),
                    word(line, "bytes"), word(line, "text"), target.empty() ? "" : "   ; " + target);
  }
  return out;
}

std::string bytes_text(u64 bytes) {
  if (bytes >= u64{1} << 30) return fmt::format("{} GiB", bytes >> 30);
  return bytes >= u64{1} << 20 ? fmt::format("{} MiB", bytes >> 20) : fmt::format("{} KiB", bytes >> 10);
}

std::string flags_text(const Json& flags) {
  std::vector<std::string> names = flags.get<std::vector<std::string>>();
  return fmt::format("{}", fmt::join(names, " "));
}

std::string steps_text(const Json& steps, size_t indent, const std::string& whose) {
  std::string out;
  for (const Json& step : steps) {
    if (step.contains("nested")) out += steps_text(step["nested"], indent + 4, "nested ");
    const std::string where =
        step.contains("in_register") ? "in the processor" : "at " + number(step, "address");
    out += fmt::format("{:{}}{}{:<5} {:<19}  {:>16}  ", "", indent, whose, word(step, "table"), where,
                       number(step, "entry"));
    if (step.contains("fault"))
      out += word(step, "fault");
    else
      out += fmt::format(
          "-> {} {}{}", word(step, "leads_to"), number(step, "next"),
          step.contains("page_bytes") ? " (" + bytes_text(step["page_bytes"].get<u64>()) + ")" : "");
    if (!step.contains("fault")) out += "  " + flags_text(step["flags"]);
    out += '\n';
  }
  return out;
}

std::string processor_heading(const Json& p) {
  std::string out = fmt::format("Processor {} at {}, {} cycles, {} instructions\n", word(p, "processor"),
                                seconds(p["time"].get<u64>()), word(p, "cycles"), word(p, "instructions"));
  std::string who = "    ";
  if (p["in_guest"].get<bool>()) {
    const Json& guest = p["guest"];
    who += guest.contains("vm") ? fmt::format("in vm {} vcpu {}, ", word(guest, "vm"), word(guest, "vcpu"))
                                : fmt::format("in the guest of block {}, ", word(guest, "block"));
  }
  who += fmt::format("{} mode, CPL {}, {}, interrupts {}{}, charged to {}", word(p, "mode"), word(p, "cpl"),
                     word(p, "activity"), p["interrupts_enabled"].get<bool>() ? "on" : "off",
                     p["gif"].get<bool>() ? "" : " (GIF clear)", word(p, "account"));
  if (!p["waiting"].empty())
    who += fmt::format(", waiting: {}", fmt::join(p["waiting"].get<std::vector<std::string>>(), ", "));
  out += who + '\n';
  if (p.contains("refused_entry")) {
    const Json& refused = p["refused_entry"];
    const std::string segment = refused.contains("segment") ? " (" + word(refused, "segment") + ")" : "";
    const std::string text = fmt::format(
        "the last VM entry that failed, of block {} at cycle {}, broke a rule of SDM vol. 3, {}{}: {}",
        word(refused, "block"), word(refused, "cycles"), word(refused, "section"), segment,
        word(refused, "rule"));
    out += "    " + wrapped(text, 4) + '\n';
  }
  return out;
}

std::string processor_text(const Json& p) {
  const Json& registers = p["registers"];
  std::string out = processor_heading(p);
  out += "  Registers\n" + registers_text(registers["general"], 3);
  out += "  Segments\n" + segments_text(registers["segments"]);
  out += "  Control\n" + registers_text(registers["control"], 3);
  out += "  Debug\n" + registers_text(registers["debug"], 3);
  out += "  Model-specific\n" + registers_text(registers["msrs"], 3);
  out += "  Code\n" + code_text(p["code"]);
  if (p.contains("walk")) out += walk_text(p["walk"]);
  return out;
}

std::string block_text(const Json& block) {
  std::string out = fmt::format(
      "Control block {} of vm {} vcpu {}: {} entries, {} exits, {}\n", number(block, "address"),
      word(block, "vm"), word(block, "vcpu"), word(block, "entries"), word(block, "exits"),
      block["runs_on"].is_null()
          ? std::string("not running")
          : "running on processor " + word(block, "runs_on") + ": the state below is that of its last exit");
  std::string group;
  for (const Json& field : block.value("fields", Json::array())) {
    if (word(field, "group") != group) out += fmt::format("  {}\n", group = word(field, "group"));
    out += fmt::format("    {} {:<27} {:>16}  {}\n",
                       number(field, field.contains("encoding") ? "encoding" : "offset"), word(field, "name"),
                       number(field, "value"), wrapped(word(field, "text"), 55));
  }
  if (block.contains("code")) out += "  Code of the guest\n" + code_text(block["code"]);
  if (block.contains("walk")) out += walk_text(block["walk"]);
  return out;
}

std::string apic_text(const Json& p) {
  const Json& apic = p["apic"];
  std::string out =
      fmt::format("  processor {}: {}, {}, priority task {} processor {}; requested {}; in service {}\n",
                  word(p, "processor"), word(apic, "mode"),
                  apic["software_enabled"].get<bool>() ? "enabled" : "not enabled by software",
                  number(apic, "task_priority"), number(apic, "processor_priority"), apic["requested"].dump(),
                  apic["in_service"].dump());
  for (const Json& lvt : apic["lvt"])
    out += fmt::format("    {:<12} {}\n", word(lvt, "name"), word(lvt, "text"));
  return out;
}

std::string interrupts_text(const Json& document) {
  std::string out = "Local APICs\n";
  for (const Json& p : document["processors"]) out += apic_text(p);
  out += "I/O APIC (pins that are not masked)\n";
  for (const Json& pin : document["interrupt_controllers"]["ioapic"]["pins"])
    if (word(pin, "text") != "masked")
      out += fmt::format("  {:>3}  {}{}\n", word(pin, "pin"), word(pin, "text"),
                         pin["asserted"].get<bool>() ? ", asserted" : "");
  out += "8259 (requests, in service, mask)\n";
  for (const Json& chip : document["interrupt_controllers"]["pic"])
    out += fmt::format("  {:<6}  {}  {}  {}\n", word(chip, "name"), number(chip, "requests"),
                       number(chip, "in_service"), number(chip, "mask"));
  return out;
}

std::string device_state_text(const Json& device) {
  if (!device.contains("state") || device["state"].empty()) return "";
  std::string out =
      fmt::format("\n{}: {}; {}\n", word(device, "name"), word(device, "kind"), word(device, "place"));
  std::string group;
  for (const Json& one : device["state"]) {
    if (word(one, "group") != group) out += fmt::format("  {}\n", group = word(one, "group"));
    out += fmt::format("    {:<20} {:>16}  {}\n", word(one, "name"), number(one, "value"),
                       wrapped(word(one, "text"), 43));
  }
  return out;
}

std::string devices_text(const Json& document) {
  std::string out = fmt::format("{:<16} {:>12} {:>12} {:>12} {:>12}\n", "Devices", "port reads",
                                "port writes", "mem reads", "mem writes");
  for (const Json& d : document["devices"])
    out += fmt::format("  {:<14} {:>12} {:>12} {:>12} {:>12}\n", word(d, "name"), word(d, "port_reads"),
                       word(d, "port_writes"), word(d, "memory_reads"), word(d, "memory_writes"));
  for (const Json& d : document["devices"]) out += device_state_text(d);
  return out;
}

}  // namespace

std::string walk_text(const Json& walk) {
  std::string out = fmt::format("  Walk of {} ({}, {})\n", number(walk, "linear"), word(walk, "privilege"),
                                word(walk, "access"));
  if (walk.contains("steps")) out += steps_text(walk["steps"], 4, "");
  if (walk.contains("nested") && !walk["nested"].empty())
    out += "    the page itself\n" + steps_text(walk["nested"], 8, "nested ");
  if (walk.contains("fault")) return out + "    => " + word(walk, "fault") + '\n';
  out += fmt::format("    => {}", number(walk, "physical"));
  if (walk.contains("guest_physical"))
    out += fmt::format(" (guest-physical {})", number(walk, "guest_physical"));
  return out + fmt::format(", page of {}, may {}; {} table entries read\n",
                           bytes_text(walk["page_bytes"].get<u64>()), flags_text(walk["allowed"]),
                           word(walk, "references"));
}

std::string machine_text(const Json& document) {
  std::string out =
      fmt::format("The machine at {}: {} instructions, {} events\n\n", seconds(document["time"].get<u64>()),
                  word(document, "instructions"), word(document, "events"));
  for (const Json& p : document["processors"]) out += processor_text(p) + '\n';
  for (const Json& block : document["control_blocks"]) out += block_text(block) + '\n';
  out += interrupts_text(document) + '\n' + devices_text(document);
  for (const Json& console : document["consoles"])
    out += fmt::format("\nConsole {} (its end)\n{}\n", word(console, "name"), word(console, "tail"));
  out += "\nNot shown: ";
  for (const Json& one : document["not_shown"])
    out += (&one == &document["not_shown"].front() ? "" : "; ") + one.get<std::string>();
  return out + '\n';
}

}  // namespace hvlab::inspect
