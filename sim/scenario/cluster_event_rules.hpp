// What an event of a cluster may say.
#pragma once

#include "sim/scenario/cluster_names.hpp"

namespace hvlab::scenario {

/// Notes if an event is not exactly one thing, or is about things that there are not.
void check_cluster_event(const Value& event, const Value& cluster, const ClusterNames& names,
                         Problems& problems);

/// Notes if `name` is not known, or stands for several things where one is meant (`single`); null: nothing is
/// said. `what` is what messages call such a thing: "host".
void check_name_of(const Value* name, const NameTable& known, const char* what, bool single,
                   Problems& problems);
void check_names_of(const Value* names, const NameTable& known, const char* what, Problems& problems);

}  // namespace hvlab::scenario
