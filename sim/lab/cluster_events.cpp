#include "sim/lab/cluster_events.hpp"

#include "sim/lab/cluster_values.hpp"

namespace hvlab::lab {

using cluster::Fault;
using cluster::FaultKind;
using cluster::Index;
using cluster::kNone;
using cluster::Order;
using cluster::OrderKind;
using cluster::Plan;
using scenario::ClusterNames;
using scenario::Value;

namespace {

PlanPlaces::Table table_of(const std::vector<std::string>& names) {
  PlanPlaces::Table table;
  for (const std::string& name : names) table.emplace(name, static_cast<Index>(table.size()));
  return table;
}

std::vector<Index> places_of(const Value* said, const scenario::NameTable& known,
                             const PlanPlaces::Table& table) {
  std::vector<Index> all;
  if (said == nullptr) return all;
  for (const std::string& name : scenario::expand(*said, known)) all.push_back(table.at(name));
  return all;
}

Index place_of(const Value* said, const PlanPlaces::Table& table) {
  return said == nullptr ? kNone : table.at(said->text);
}

/// Of the cluster's list, in which those of one host are side by side.
Index card_place(const Plan& plan, Index wanted, u64 number) {
  Index before = 0, card = 0;
  for (const cluster::HostPlan& group : plan.hosts) {
    if (wanted < before + group.count)
      return card + (wanted - before) * group.cards + static_cast<Index>(number);
    before += group.count;
    card += group.count * group.cards;
  }
  return card;
}

void add_faults(Fault fault, FaultKind kind, const std::vector<Index>& subjects, Plan& plan) {
  fault.kind = kind;
  for (const Index subject : subjects) {
    fault.subject = subject;
    plan.faults.push_back(fault);
  }
}

void add_part(const Value& part, Fault fault, const ClusterNames& names, const PlanPlaces& places,
              Plan& plan) {
  const auto hosts = [&](const char* key) { return places_of(part.find(key), names.hosts, places.hosts); };
  const auto stores = [&](const char* key) {
    return places_of(part.find(key), names.datastores, places.datastores);
  };
  add_faults(fault, FaultKind::Host, hosts("host"), plan);
  for (const Value& text : items_at(part, "card")) {
    const auto [host, number] = scenario::card_of(text.text);
    add_faults(fault, FaultKind::Card, {card_place(plan, places.hosts.at(host), number)}, plan);
  }
  for (const Value& text : items_at(part, "switch")) {
    const u64 number = scenario::switch_number(text.text);
    if (number != 0) add_faults(fault, FaultKind::Switch, {static_cast<Index>(number - 1)}, plan);
  }
  add_faults(fault, FaultKind::Datastore, stores("datastore"), plan);
  add_faults(fault, FaultKind::Disk, stores("disk"), plan);
  if (count_at(part, "manager") != 0) add_faults(fault, FaultKind::Manager, {0}, plan);
  add_faults(fault, FaultKind::PoolDisks, hosts("pool_disks"), plan);
  if (part.find("partition") == nullptr) return;
  fault.hosts = hosts("partition");
  add_faults(fault, FaultKind::Partition, {0}, plan);
}

void add_orders(Order order, OrderKind kind, const std::vector<Index>& machines, Plan& plan) {
  order.kind = kind;
  for (const Index machine : machines) {
    order.machine = machine;
    plan.orders.push_back(order);
  }
}

void add_maintenance(Order order, OrderKind kind, const std::vector<Index>& hosts, Plan& plan) {
  order.kind = kind;
  for (const Index host : hosts) {
    order.host = host;
    plan.orders.push_back(order);
  }
}

void read_sizes(const Value& resize, Order& order) {
  if (resize.find("reservation") != nullptr) order.values[0] = megahertz_at(resize, "reservation");
  if (resize.find("limit") != nullptr) order.values[1] = megahertz_at(resize, "limit");
  if (resize.find("shares") != nullptr) order.values[2] = count_at(resize, "shares");
}

}  // namespace

PlanPlaces::PlanPlaces(const Plan& plan)
    : hosts(table_of(cluster::host_names(plan))),
      machines(table_of(cluster::machine_names(plan))),
      datastores(table_of(cluster::datastore_names(plan))) {}

void add_event(const Value& event, const ClusterNames& names, const PlanPlaces& places, Plan& plan) {
  Fault fault;
  fault.at = nanoseconds_at(event, "at");
  if (const Value* part = event.find("fail"); part != nullptr) add_part(*part, fault, names, places, plan);
  fault.mended = true;
  if (const Value* part = event.find("repair"); part != nullptr) add_part(*part, fault, names, places, plan);

  const auto machines = [&](const Value* said) { return places_of(said, names.machines, places.machines); };
  const auto hosts = [&](const char* key) { return places_of(event.find(key), names.hosts, places.hosts); };
  Order order;
  order.at = fault.at;
  add_orders(order, OrderKind::PowerOn, machines(event.find("power_on")), plan);
  add_orders(order, OrderKind::PowerOff, machines(event.find("power_off")), plan);
  add_orders(order, OrderKind::CancelMove, machines(event.find("cancel_move")), plan);
  add_orders(order, OrderKind::Snapshot, machines(event.find("snapshot")), plan);
  if (const Value* start = event.find("start"); start != nullptr) {
    Order at_host = order;
    at_host.host = place_of(start->find("host"), places.hosts);
    add_orders(at_host, OrderKind::PowerOn, machines(start->find("vm")), plan);
  }
  if (const Value* service = event.find("service"); service != nullptr) {
    Order serviced = order;
    serviced.lasts = nanoseconds_at(*service, "lasts");
    add_maintenance(serviced, OrderKind::Service, places_of(service->find("host"), names.hosts, places.hosts),
                    plan);
  }
  add_maintenance(order, OrderKind::EnterMaintenance, hosts("enter_maintenance"), plan);
  add_maintenance(order, OrderKind::LeaveMaintenance, hosts("leave_maintenance"), plan);
  if (const Value* resize = event.find("resize"); resize != nullptr) {
    Order sizes = order;
    read_sizes(*resize, sizes);
    add_orders(sizes, OrderKind::Resize, machines(resize->find("vm")), plan);
  }
  if (const Value* move = event.find("move_disk"); move != nullptr) {
    order.datastore = place_of(move->find("to"), places.datastores);
    add_orders(order, OrderKind::MoveDisk, machines(move->find("vm")), plan);
  }
  if (const Value* move = event.find("move"); move != nullptr) {
    order.host = place_of(move->find("to"), places.hosts);
    order.datastore = place_of(move->find("datastore"), places.datastores);
    add_orders(order, OrderKind::Move, machines(move->find("vm")), plan);
  }
}

}  // namespace hvlab::lab
