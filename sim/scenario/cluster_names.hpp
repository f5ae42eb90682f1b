// What the things of a cluster are called: groups give their members numbers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/scenario/value.hpp"

namespace hvlab::scenario {

/// Names that can be said, each with what it stands for: a member itself, a group all of its members, in
/// order.
using NameTable = std::map<std::string, std::vector<std::string>, std::less<>>;

struct ClusterNames {
  NameTable hosts, machines, datastores, switches;
  NameTable groups;  // of machines, each as one
};

/// Hosts, or machines, that a cluster has at most.
inline constexpr u64 kMostThings = 1'000'000;

/// How many things a list of groups stands for together; null: none.
u64 count_of(const Value* groups);

/// "web-1", "web-2", ... of a group of several, "web" of one.
std::vector<std::string> members_of(const std::string& group, u64 count);

/// Of a resolved `cluster`. Empty if there are more than kMostThings of a kind.
ClusterNames names_of(const Value& cluster);

/// What a list of names stands for, each once, in the order said; names of nothing are left out.
std::vector<std::string> expand(const Value& names, const NameTable& known);

/// The known names, for messages.
std::vector<std::string> known_names(const NameTable& table);

/// 3 of "switch-3"; 0 if it is no such name.
u64 switch_number(const std::string& name);

/// "server-1/0": a host's name and the number of its card, which is ~0 if it is no number.
std::pair<std::string, u64> card_of(const std::string& text);

}  // namespace hvlab::scenario
