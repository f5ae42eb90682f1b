#include "sim/scenario/cluster_event_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/cluster_rule_parts.hpp"

namespace hvlab::scenario {

namespace {

constexpr const char* kKinds[] = {"fail",
                                  "repair",
                                  "move",
                                  "move_disk",
                                  "cancel_move",
                                  "enter_maintenance",
                                  "leave_maintenance",
                                  "power_on",
                                  "start",
                                  "power_off",
                                  "service",
                                  "snapshot",
                                  "resize"};

void check_cards(const Value& part, const Value& cluster, const ClusterNames& names, Problems& problems) {
  const Value *cards = part.find("card"), *hosts = cluster.find("hosts");
  if (cards == nullptr || hosts == nullptr) return;
  for (const Value& card : cards->items) {
    const auto [host, number] = card_of(card.text);
    Value name = card;
    name.text = host;
    if (number == ~u64{0}) {
      problems.add(card.place, card.text, fmt::format("'{}' is no card", card.text),
                   "HOST/NUMBER, like server-1/0");
      continue;
    }
    check_name_of(&name, names.hosts, "host", true, problems);
    for (const Value& group : hosts->items) {
      const Value *group_name = group.find("name"), *count = group.find("cards"), *size = group.find("count");
      if (group_name == nullptr || count == nullptr || size == nullptr || number < count->count) continue;
      if (std::ranges::count(members_of(group_name->text, size->count), host) != 0)
        problems.add(card.place, card.text,
                     fmt::format("{} has {} card{}", host, count->count, count->count == 1 ? "" : "s"),
                     "numbers from 0");
    }
  }
}

void check_pool_disks(const Value& part, const Value& cluster, Problems& problems) {
  const Value *said = part.find("pool_disks"), *stores = cluster.find("datastores");
  const bool pool = stores != nullptr && std::ranges::any_of(stores->items, [](const Value& store) {
                      const Value* kind = store.find("kind");
                      return kind != nullptr && kind->text == "pooled";
                    });
  if (said != nullptr && !pool)
    problems.add(said->key_place, "pool_disks", "there is no pooled datastore",
                 "a datastore of kind: pooled");
}

void check_part(const Value* part, const Value& cluster, const ClusterNames& names, Problems& problems) {
  if (part == nullptr) return;
  if (part->keys.empty() && part->broken.empty())
    problems.add(part->key_place, "", "nothing is said that breaks or is mended", "{host: NAME}");
  check_names_of(part->find("host"), names.hosts, "host", problems);
  check_names_of(part->find("switch"), names.switches, "switch", problems);
  check_names_of(part->find("datastore"), names.datastores, "datastore", problems);
  check_names_of(part->find("disk"), names.datastores, "datastore", problems);
  check_names_of(part->find("partition"), names.hosts, "host", problems);
  check_names_of(part->find("pool_disks"), names.hosts, "host", problems);
  check_cards(*part, cluster, names, problems);
  check_pool_disks(*part, cluster, problems);
}

void check_resize(const Value* resize, const ClusterNames& names, Problems& problems) {
  if (resize == nullptr) return;
  check_names_of(resize->find("vm"), names.machines, "machine", problems);
  if (!resize->mentions("reservation") && !resize->mentions("limit") && !resize->mentions("shares"))
    problems.add(resize->key_place, "resize", "nothing changes", "reservation, limit or shares");
  for (const char* key : {"reservation", "limit"}) {
    const Value* value = resize->find(key);
    if (value != nullptr && value->count % 1'000'000 != 0)
      problems.add(value->place, value->text, "not a whole number of MHz");
  }
}

}  // namespace

void check_cluster_event(const Value& event, const Value& cluster, const ClusterNames& names,
                         Problems& problems) {
  const auto said = std::ranges::count_if(kKinds, [&](const char* key) { return event.mentions(key); });
  if (said != 1 && event.broken.empty())
    problems.add(event.place, "",
                 said == 0 ? "nothing happens at this event" : "an event is one thing; give each its own",
                 fmt::format("at and one of {}", fmt::join(kKinds, ", ")));
  const Value *at = event.find("at"), *length = cluster.find("length");
  if (at != nullptr && length != nullptr && at->count > length->count)
    problems.add(at->place, at->text, fmt::format("the run ends before, after {}", length->text),
                 "a time within 'length', or a greater length");
  check_part(event.find("fail"), cluster, names, problems);
  check_part(event.find("repair"), cluster, names, problems);
  if (const Value* move = event.find("move"); move != nullptr) {
    check_names_of(move->find("vm"), names.machines, "machine", problems);
    check_name_of(move->find("to"), names.hosts, "host", true, problems);
    check_name_of(move->find("datastore"), names.datastores, "datastore", true, problems);
  }
  if (const Value* move = event.find("move_disk"); move != nullptr) {
    check_names_of(move->find("vm"), names.machines, "machine", problems);
    check_name_of(move->find("to"), names.datastores, "datastore", true, problems);
  }
  check_names_of(event.find("cancel_move"), names.machines, "machine", problems);
  check_names_of(event.find("enter_maintenance"), names.hosts, "host", problems);
  check_names_of(event.find("leave_maintenance"), names.hosts, "host", problems);
  check_names_of(event.find("power_on"), names.machines, "machine", problems);
  check_names_of(event.find("power_off"), names.machines, "machine", problems);
  check_names_of(event.find("snapshot"), names.machines, "machine", problems);
  if (const Value* start = event.find("start"); start != nullptr) {
    check_names_of(start->find("vm"), names.machines, "machine", problems);
    check_name_of(start->find("host"), names.hosts, "host", true, problems);
  }
  if (const Value* service = event.find("service"); service != nullptr)
    check_names_of(service->find("host"), names.hosts, "host", problems);
  check_resize(event.find("resize"), names, problems);
}

}  // namespace hvlab::scenario
