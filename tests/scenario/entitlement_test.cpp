// What vms are promised of the processors, and the weights that keep it.
#include "sim/scenario/entitlement.hpp"

#include <catch2/catch.hpp>
#include <numeric>

#include "sample.hpp"

using namespace hvlab;
using namespace hvlab::scenario;

namespace {

Vm vm(double reservation, u64 shares = 100, unsigned vcpus = 1) {
  Vm result;
  result.vcpus = vcpus;
  result.shares = shares;
  result.reservation = reservation;
  return result;
}

double part(const std::vector<u64>& weights, size_t index) {
  return static_cast<double>(weights[index]) /
         static_cast<double>(std::accumulate(weights.begin(), weights.end(), u64{0}));
}

}  // namespace

// Catches lists that Linux would refuse at run time, or read otherwise.
TEST_CASE("lists of cores") {
  CHECK(cores_of("0", 1) == 1);
  CHECK(cores_of("0-1,3", 4) == 0b1011);
  CHECK(cores_of("2,0", 4) == 0b101);
  for (const char* bad : {"", "4", "1-0", "0,", ",0", "0-", "-1", "0 1", "a", "0-1-2", "99999999999"})
    CHECK_FALSE(cores_of(bad, 4));
}

// Catches a reservation that is not kept, shares that count twice, and host threads crowded out by weights.
TEST_CASE("weights keep reservations and divide the rest by shares") {
  CHECK(weights_of({vm(0, 200), vm(0, 50)}, 2) == std::vector<u64>{200, 50});
  CHECK(weights_of({vm(0.75, 100), vm(0, 100)}, 1) == std::vector<u64>{175, 25});
  const auto two = weights_of({vm(1, 100, 2), vm(0.5, 300), vm(0, 100)}, 2);
  CHECK(part(two, 0) * 2 == Approx(1 + 0.5 * 0.2).margin(0.02));
  CHECK(part(two, 1) * 2 == Approx(0.5 + 0.5 * 0.6).margin(0.02));
  CHECK(std::accumulate(two.begin(), two.end(), u64{0}) == 300);
  // Whole numbers of the usual size would take too much from the small one.
  const auto fine = weights_of({vm(0.985, 1), vm(0.015, 10'000)}, 1);
  CHECK(part(fine, 0) >= 0.975);
  for (const u64 weight : fine) CHECK((weight >= 1 && weight <= 10'000));
}

// Catches a promise that nobody can keep.
TEST_CASE("what cannot be kept is refused, with the vm that is too much") {
  CHECK_FALSE(refusal_of({vm(0.5), vm(0.5)}, 1));
  CHECK(refusal_of({vm(0.5), vm(0.6)}, 1)->vm == 1);
  CHECK(refusal_of({vm(1.5)}, 2)->why == "a vm of 1 vcpus cannot use 1.5 processors");
  Vm limited = vm(0.5);
  limited.limit = 0.25;
  CHECK(refusal_of({limited}, 1)->why == "0.5 processors are reserved, but the limit is 0.25");
  Vm left = vm(0.9), right = vm(0);
  left.cores = "0";
  CHECK(refusal_of({left, right}, 2)->vm == 0);  // the other one may run there too
  right.cores = "1";
  CHECK_FALSE(refusal_of({left, right}, 2));
  left.vcpus = 2;
  left.reservation = 1.1;
  CHECK(refusal_of({left, right}, 2)->why == "1.1 processors are reserved on 1 cores");
  left.cores = "0-1";
  right.cores.clear();
  CHECK_FALSE(refusal_of({left, right}, 2));  // all cores are no placement
}

TEST_CASE("a change after which a reservation cannot be kept is the file's mistake") {
  std::string report;
  CHECK_FALSE(
      test::read("title: t\nsoftware: {way: kvm}\nvms: [{reservation: 0.5}, {}]\nevents:\n"
                 "  - {at: 1s, change: 2, reservation: 0.4}\n"
                 "  - {at: 2s, change: 2, reservation: 0.6}\n",
                 report));
  CHECK(report.find("then of vm 2: the vms reserve 1.1 processors; the machine has 1") != std::string::npos);
  CHECK(report.find(":6:5:") != std::string::npos);
}
