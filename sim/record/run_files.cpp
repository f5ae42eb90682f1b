#include "sim/record/run_files.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <sstream>

#include "sim/observe/exit.hpp"

namespace hvlab::record {

namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// When process `id` started, in clock ticks since the boot (proc(5), field 22); empty if there is none.
std::string start_of(long id) {
  const std::string line = first_line("/proc/" + std::to_string(id) + "/stat");
  const size_t name_end = line.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return "";
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (unsigned number = 3; number <= 22; ++number) fields >> field;
  return field;
}

std::string boot_id() { return first_line("/proc/sys/kernel/random/boot_id"); }

std::string host_name() {
  utsname system{};
  uname(&system);
  return system.nodename;
}

// The text after "KEY : " in a file of such lines.
std::string value_of(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const size_t colon = line.find(':');
    const size_t text = colon == std::string::npos ? colon : line.find_first_not_of(" \t", colon + 1);
    return text == std::string::npos ? "" : line.substr(text);
  }
  return "";
}

void quote(std::string& to, const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) {
    to += text;
    return;
  }
  to += '"';
  for (const char c : text) to += c == '"' ? std::string("\"\"") : std::string(1, c);
  to += '"';
}

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// Exits of one reason and several classes: the one that its reason does not say.
std::string other_class(const Json& exit) {
  const std::string of_reason = observe::class_of_label(text_of(exit["reason"]));
  const std::string own = exit.value("class", of_reason);
  return own == of_reason ? "" : own + ".";
}

std::string element_name(const Json& element, size_t index) {
  std::string name;
  if (element.is_object()) {
    if (element.contains("pid")) name += "pid" + text_of(element["pid"]) + ".";
    if (element.contains("name")) name += text_of(element["name"]) + ".";
    if (element.contains("vm")) name += "vm" + text_of(element["vm"]) + ".";
    if (element.contains("vcpu")) name += "vcpu" + text_of(element["vcpu"]) + ".";
    if (element.contains("reason")) name += text_of(element["reason"]) + "." + other_class(element);
  }
  if (name.empty()) return std::to_string(index);
  name.pop_back();
  return name;
}

void flatten(const Json& value, const std::string& path, std::vector<std::pair<std::string, Json>>& to) {
  const std::string before = path.empty() ? "" : path + ".";
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) flatten(member, before + key, to);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) flatten(value[i], before + element_name(value[i], i), to);
  } else if (value.is_number()) {
    to.emplace_back(path, value);
  }
}

}  // namespace

const char* name(RunState state) {
  static constexpr const char* kNames[] = {"running", "complete", "partial", "killed"};
  return kNames[static_cast<size_t>(state)];
}

Json process_identity() {
  const long id = getpid();
  return {{"host", host_name()}, {"boot", boot_id()}, {"id", id}, {"start", start_of(id)}};
}

bool may_be_running(const Json& identity) {
  if (identity.value("host", "") != host_name()) return true;  // of another host nothing is known
  if (identity.value("boot", "") != boot_id()) return false;
  return start_of(identity.value("id", 0L)) == identity.value("start", "-");
}

Json host_facts() {
  utsname system{};
  uname(&system);
  return {{"name", system.nodename},
          {"system", std::string(system.sysname) + " " + system.release},
          {"processor", value_of("/proc/cpuinfo", "model name")},
          {"processors", sysconf(_SC_NPROCESSORS_ONLN)},
          {"memory", value_of("/proc/meminfo", "MemTotal")}};
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::vector<std::pair<std::string, Json>> flat_numbers(const Json& document) {
  std::vector<std::pair<std::string, Json>> numbers;
  flatten(document, "", numbers);
  return numbers;
}

std::string flat_csv(const Json& document) {
  std::string text = "metric,value\n";
  for (const auto& [path, number] : flat_numbers(document)) {
    quote(text, path);
    text += "," + number.dump() + "\n";
  }
  return text;
}

}  // namespace hvlab::record
