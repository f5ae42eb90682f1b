// What servers cost over the years: purchase and refresh, space, power, maintenance, licences, and the work
// of moving what runs on them.
#pragma once

#include <string>
#include <vector>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

/// A kind of server and what it takes, in whole units of one currency; watts are means, as a run measured
/// them.
struct ServerCosts {
  std::string name;
  u32 count = 0;
  double price = 0;        // of one
  double maintenance = 0;  // of one, a year
  double rack_units = 1;   // of one
  double watts = 0;        // of one
  double licences = 0;     // of what it is virtualized with, one, once in a server's life
  double support = 0;      // of that, one, a year
};

/// What is paid for all of them.
struct CommonCosts {
  double rack_unit_year = 0;
  double kilowatt_hour = 0;
  double cooling = 0;              // watts besides for each watt
  double storage = 0;              // shared, at each refresh
  double storage_maintenance = 0;  // a year
  u32 life = 5;                    // years, after which servers and storage are replaced
  // At each replacement:
  u32 systems = 0;            // servers' systems that are to be on the new ones
  double reinstallation = 0;  // of one system, if it has to be installed, configured and tested anew
  double move = 0;            // of one system, if it is moved as it is
  bool moves = false;         // which of these two it is
};

struct CostShare {
  std::string what;
  double amount = 0;
};

/// The shares of the whole cost over so many years, the first purchase included, and nothing left at the end.
/// What costs nothing is not listed.
std::vector<CostShare> total_cost(const std::vector<ServerCosts>& servers, const CommonCosts& common,
                                  u32 years);

/// What is paid for one replacement of all servers and of the storage: purchase, licences, moving.
std::vector<CostShare> refresh_cost(const std::vector<ServerCosts>& servers, const CommonCosts& common);

/// Their sum.
double sum_of(const std::vector<CostShare>& shares);

/// One of them; 0 if it is not listed.
double share(const std::vector<CostShare>& shares, const std::string& what);

}  // namespace hvlab::cluster
