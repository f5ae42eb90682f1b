// Shares, reservations and limits on the simulated machine: loads and rights by chance, under each policy and
// both hypervisors with processors of their own. What the hypervisor says of where the time went has to be
// what the simulator saw, and within the rights.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "kernel_run.hpp"
#include "temporary_folder.hpp"
#include "vcpu_lines.hpp"

using namespace hvlab;
using namespace hvlab::test;
using Json = nlohmann::json;

namespace {

constexpr unsigned kCores = 2;
constexpr double kMs = 1e6;  // nanoseconds

struct Rights {
  unsigned vcpus = 1, shares = 1000, reservation = 0, limit = 0;  // percent of a processor
};

struct Load {
  std::vector<Rights> machines;
  bool divides = false;  // by shares alone: each could use more than it gets
};

// Two or three machines of one or two, all of them busy as long as they live.
Load make_load(unsigned seed) {
  std::mt19937 engine(seed);
  const auto random = [&engine] { return static_cast<unsigned>(engine()); };
  Load load;
  const unsigned count = 2 + random() % 2;
  constexpr unsigned kShares[] = {500, 1000, 2000, 3000};
  for (unsigned i = 0; i < count; ++i) {
    Rights rights;
    rights.vcpus = 1 + random() % 2;
    rights.shares = kShares[random() % 4];
    load.machines.push_back(rights);
  }
  const unsigned kind = seed % 3;
  Rights& chosen = load.machines[random() % count];
  if (kind == 1) chosen.limit = 20 + random() % 5 * 10;
  if (kind == 2) {
    chosen.shares = 100;
    chosen.reservation = 40 + random() % 3 * 10;
  }
  load.divides = kind == 0;
  return load;
}

std::string words_of(const Load& load) {
  std::string words;
  for (size_t i = 0; i < load.machines.size(); ++i) {
    const Rights& r = load.machines[i];
    words += " vm" + std::to_string(i + 1) + "=memory:24,vcpus:" + std::to_string(r.vcpus) +
             ",shares:" + std::to_string(r.shares);
    if (r.limit != 0) words += ",limit:" + std::to_string(r.limit);
    if (r.reservation != 0) words += ",reservation:" + std::to_string(r.reservation);
  }
  return words;
}

// What the simulator saw, of all: by marks of the hypervisor's (running), and by itself (guest: between VMRUN
// and #VMEXIT).
struct Seen {
  double running = 0, guest = 0;
};
std::map<std::pair<int, int>, Seen> what_the_simulator_saw(const Json& statistics) {
  // Of one processor: the profile's frequency.
  const double cycles_per_nanosecond =
      statistics.at("cycles").get<double>() / (statistics.at("seconds").get<double>() * 1e9) / kCores;
  std::map<std::pair<int, int>, Seen> all;
  for (const Json& vcpu : statistics.at("vcpus")) {
    all[{vcpu.at("vm").get<int>(), vcpu.at("vcpu").get<int>()}] = {
        vcpu.at("picoseconds").at("running").get<double>() / 1000,
        vcpu.at("guest_cycles").get<double>() / cycles_per_nanosecond};
  }
  return all;
}

struct Hypervisor {
  const char *image, *kernel, *words;
  std::vector<std::string> options;
};
const Hypervisor kHypervisors[] = {
    {HVLAB_MONOLITHIC, HVLAB_HOSTILE, "", {"--module", HVLAB_PROGRAMS}},
    {HVLAB_DRIVER_DOMAIN,
     HVLAB_KERNEL,
     " management=vcpus:1,memory:32",
     {"--module", HVLAB_PROGRAMS, "--module", HVLAB_HOSTILE, "--module", HVLAB_PROGRAMS}}};

struct Observed {
  KernelRun run;
  std::map<std::pair<int, int>, Seen> seen;
};

Observed observe(const Hypervisor& hypervisor, const std::string& policy, const Load& load, const char* busy,
                 const std::string& most_time) {
  const TemporaryFolder folder("rights");
  const std::string statistics = (folder.path / "stats").string();
  std::vector<std::string> options = hypervisor.options;
  options.insert(options.end(), {"--stats", statistics});
  Observed result;
  result.run =
      run_image(hypervisor.image, hypervisor.kernel, kCores,
                "exit=debug scheduler=" + policy + hypervisor.words + words_of(load) + " -- busy=" + busy,
                options, most_time);
  result.seen = what_the_simulator_saw(Json::parse(std::ifstream(statistics)));
  return result;
}

// Since the last machine started, in nanoseconds of the machine's clock.
double last_start(const std::string& console) {
  double last = 0;
  for (size_t at = 0; (at = console.find(" start vcpus=", at)) != std::string::npos; ++at) {
    const size_t time = console.find(" at=", at);
    last = std::max(last, std::stod(console.substr(time + 4)));
  }
  return last;
}

double used(const std::map<std::pair<int, int>, Seen>& seen, size_t machine) {
  double all = 0;
  for (const auto& [who, times] : seen) {
    if (who.first == static_cast<int>(machine) + 1) all += times.running;
  }
  return all;
}

// By shares, nobody more than it can use: what is left over goes to the others.
std::vector<double> entitled(const Load& load, double time) {
  const size_t count = load.machines.size();
  std::vector<double> result(count, 0);
  std::vector<bool> full(count, false);
  double left = kCores * time;
  for (bool again = true; again;) {
    again = false;
    double shares = 0;
    for (size_t i = 0; i < count; ++i) shares += full[i] ? 0 : load.machines[i].shares;
    for (size_t i = 0; i < count; ++i) {
      const double most = load.machines[i].vcpus * time;
      if (full[i]) continue;
      result[i] = left * load.machines[i].shares / shares;
      if (result[i] < most) continue;
      result[i] = most;
      full[i] = again = true;
      left -= most;
      break;
    }
  }
  return result;
}

constexpr const char* kPolicies[] = {"strict", "relaxed", "balance", "credit"};

// The hypervisor's lines against what the simulator saw. A machine's last lines are printed while it counts
// as running.
void check_agreement(const Hypervisor& hypervisor, const std::string& policy, unsigned seed) {
  const Load load = make_load(seed);
  const Observed o = observe(hypervisor, policy, load, "150", "2s");
  CAPTURE(hypervisor.image, policy, seed, words_of(load), o.run.console, o.run.errors);
  REQUIRE(o.run.well());
  const auto said = times_of_vcpus(o.run.console);
  for (size_t i = 0; i < load.machines.size(); ++i)
    for (unsigned vcpu = 0; vcpu < load.machines[i].vcpus; ++vcpu)
      REQUIRE(said.contains({static_cast<int>(i + 1), static_cast<int>(vcpu)}));
  for (const auto& [who, times] : said) {
    const Seen& seen = o.seen.at(who);
    const double running = times.at("running");
    CAPTURE(who.first, who.second, running, seen.running, seen.guest);
    CHECK(seen.running > running - 0.1 * kMs);
    CHECK(seen.running < running + (who.second == 0 ? 40 : 0.1) * kMs);
    CHECK(seen.guest < running + 0.1 * kMs);
    CHECK(seen.guest > running - (who.second == 0 ? 10 : 2) * kMs);  // the first one's kernel prints
  }
}

void check_rights(const Hypervisor& hypervisor, const std::string& policy, unsigned seed) {
  const Load load = make_load(seed);
  const Observed o = observe(hypervisor, policy, load, "10000", "400ms");
  const double time = 400 * kMs - last_start(o.run.console);
  CAPTURE(hypervisor.image, policy, seed, words_of(load), o.run.console, o.run.errors, time);
  REQUIRE(o.run.console.find("PANIC") == std::string::npos);
  const std::vector<double> expected = entitled(load, time);
  double all = 0;
  for (size_t i = 0; i < load.machines.size(); ++i) {
    const Rights& r = load.machines[i];
    const double had = used(o.seen, i);
    all += had;
    CAPTURE(i, had / kMs, expected[i] / kMs);
    // A period is 100 ms; the first and the last are not whole.
    if (r.limit != 0) CHECK(had < r.limit / 100.0 * (time + 100 * kMs) + 2 * kMs);
    if (r.reservation != 0) CHECK(had > r.reservation / 100.0 * (time - 100 * kMs) - 10 * kMs);
    if (!load.divides) continue;
    if (policy == "strict") {  // what there is of gangs that fit; it is divided by shares all the same
      CHECK(had / r.shares == Approx(used(o.seen, 0) / load.machines[0].shares).epsilon(0.15));
    } else {
      CHECK(had > 0.94 * expected[i] - 10 * kMs);
    }
  }
  // All of them are busy, but for 10 ms in which a kernel waits for its other processors.
  const bool limited =
      std::any_of(load.machines.begin(), load.machines.end(), [](auto& m) { return m.limit != 0; });
  if (policy != "strict" && !limited) CHECK(all > 0.94 * kCores * time);
}

}  // namespace

// Would catch: a policy that divides otherwise than by shares, a limit that is passed, a reservation that is
// not kept, a processor that idles while somebody could use it.
TEST_CASE("rights: loads by chance have what their shares, reservations and limits say") {
  for (const Hypervisor& hypervisor : kHypervisors) {
    for (const char* policy : kPolicies) {
      for (unsigned seed = 0; seed < 6; ++seed) check_rights(hypervisor, policy, seed);
    }
  }
}

// Would catch: time that the hypervisor counts for the wrong one or not at all, on the whole or in any of its
// states.
TEST_CASE("rights: what the hypervisor says of its time is what the simulator saw") {
  for (const Hypervisor& hypervisor : kHypervisors) {
    for (const char* policy : kPolicies) {
      for (unsigned seed = 6; seed < 8; ++seed) check_agreement(hypervisor, policy, seed);
    }
  }
}
