#include "sim/scenario/cluster_names.hpp"

#include <fmt/format.h>

#include <set>

#include "sim/scenario/quantity.hpp"

namespace hvlab::scenario {

namespace {

const std::string kSwitch = "switch-";

void add_group(const std::string& name, u64 count, NameTable& table) {
  if (name.empty()) return;
  const std::vector<std::string> members = members_of(name, count);
  for (const std::string& member : members) table.try_emplace(member, std::vector{member});
  table.try_emplace(name, members);
}

void add_groups(const Value& cluster, const char* key, NameTable& table) {
  const Value* groups = cluster.find(key);
  if (groups == nullptr || count_of(groups) > kMostThings) return;
  for (const Value& group : groups->items) {
    const Value *name = group.find("name"), *count = group.find("count");
    if (name != nullptr) add_group(name->text, count == nullptr ? 1 : count->count, table);
  }
}

}  // namespace

u64 count_of(const Value* groups) {
  u64 sum = 0;
  if (groups == nullptr) return 0;
  for (const Value& group : groups->items) {
    const Value* count = group.find("count");
    sum += count == nullptr ? 1 : count->count;
  }
  return sum;
}

std::vector<std::string> members_of(const std::string& group, u64 count) {
  std::vector<std::string> names;
  if (count == 1) return {group};
  for (u64 i = 1; i <= count; ++i) names.push_back(fmt::format("{}-{}", group, i));
  return names;
}

ClusterNames names_of(const Value& cluster) {
  ClusterNames names;
  add_groups(cluster, "hosts", names.hosts);
  add_groups(cluster, "vms", names.machines);
  add_groups(cluster, "datastores", names.datastores);
  if (const Value* vms = cluster.find("vms"); vms != nullptr) {
    for (const Value& group : vms->items)
      if (const Value* name = group.find("name"); name != nullptr)
        names.groups.try_emplace(name->text, std::vector{name->text});
  }
  const Value* switches = cluster.at("networks.switches");
  for (u64 i = 1; switches != nullptr && i <= switches->count; ++i)
    add_group(kSwitch + std::to_string(i), 1, names.switches);
  return names;
}

u64 switch_number(const std::string& name) {
  if (!name.starts_with(kSwitch)) return 0;
  return parse_count(name.substr(kSwitch.size())).value_or(0);
}

std::vector<std::string> expand(const Value& names, const NameTable& known) {
  std::vector<std::string> all;
  std::set<std::string> taken;
  for (const Value& name : names.items) {
    const auto found = known.find(name.text);
    if (found == known.end()) continue;
    for (const std::string& member : found->second)
      if (taken.insert(member).second) all.push_back(member);
  }
  return all;
}

std::vector<std::string> known_names(const NameTable& table) {
  std::vector<std::string> names;
  for (const auto& [name, members] : table) names.push_back(name);
  return names;
}

std::pair<std::string, u64> card_of(const std::string& text) {
  const size_t slash = text.rfind('/');
  if (slash == std::string::npos) return {text, ~u64{0}};
  return {text.substr(0, slash), parse_count(text.substr(slash + 1)).value_or(~u64{0})};
}

}  // namespace hvlab::scenario
