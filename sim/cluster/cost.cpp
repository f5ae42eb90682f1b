#include "sim/cluster/cost.hpp"

#include <algorithm>

namespace hvlab::cluster {

namespace {

constexpr double kHoursAYear = 365.25 * 24;

/// Servers are bought at the beginning and replaced as often as a life ends before the last year does.
u32 purchases(u32 years, u32 life) { return life == 0 ? 1 : (years + life - 1) / life; }

template <class Value>
double each(const std::vector<ServerCosts>& servers, Value value) {
  double sum = 0;
  for (const ServerCosts& kind : servers) sum += kind.count * value(kind);
  return sum;
}

}  // namespace

std::vector<CostShare> total_cost(const std::vector<ServerCosts>& servers, const CommonCosts& common,
                                  u32 years) {
  const double bought = purchases(years, common.life);
  const double kilowatts = each(servers, [](const ServerCosts& kind) { return kind.watts; }) / 1000;
  const double replaced = bought - 1;
  std::vector<CostShare> shares = {
      {"purchase",
       bought * (each(servers, [](const ServerCosts& kind) { return kind.price; }) + common.storage)},
      {"licences", bought * each(servers, [](const ServerCosts& kind) { return kind.licences; })},
      {"support", years * each(servers, [](const ServerCosts& kind) { return kind.support; })},
      {"maintenance", years * (each(servers, [](const ServerCosts& kind) { return kind.maintenance; }) +
                               common.storage_maintenance)},
      {"space", years * common.rack_unit_year *
                    each(servers, [](const ServerCosts& kind) { return kind.rack_units; })},
      {"power", years * kHoursAYear * kilowatts * (1 + common.cooling) * common.kilowatt_hour},
      {"moving", replaced * common.systems * (common.moves ? common.move : common.reinstallation)}};
  std::erase_if(shares, [](const CostShare& share) { return share.amount == 0; });
  return shares;
}

std::vector<CostShare> refresh_cost(const std::vector<ServerCosts>& servers, const CommonCosts& common) {
  std::vector<CostShare> shares = {
      {"purchase", each(servers, [](const ServerCosts& kind) { return kind.price; }) + common.storage},
      {"licences", each(servers, [](const ServerCosts& kind) { return kind.licences; })},
      {"moving", common.systems * (common.moves ? common.move : common.reinstallation)}};
  std::erase_if(shares, [](const CostShare& share) { return share.amount == 0; });
  return shares;
}

double sum_of(const std::vector<CostShare>& shares) {
  double sum = 0;
  for (const CostShare& share : shares) sum += share.amount;
  return sum;
}

double share(const std::vector<CostShare>& shares, const std::string& what) {
  const auto found = std::ranges::find(shares, what, &CostShare::what);
  return found == shares.end() ? 0 : found->amount;
}

}  // namespace hvlab::cluster
