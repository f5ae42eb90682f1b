// The comparison with the host's processor, as long as one likes.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "host.hpp"
#include "run.hpp"
#include "sim/decode/form.hpp"
#include "undefined.hpp"

namespace {

using namespace hvlab;
using namespace hvlab::oracle;
using Clock = std::chrono::steady_clock;

constexpr const char* kHelp =
    "usage: oracle [--seed N] [--cases N]    N cases of seed N (default 100000 of seed 1)\n"
    "       oracle --minutes N [--seed N]    seeds from N on, 1000000 cases each, until the time is up or "
    "Ctrl-C\n"
    "       oracle --only N [--seed N]       one case again\n"
    "       oracle --undefined               what is not compared, with where the manual says so\n"
    "  --mnemonic NAME   only this instruction\n"
    "  --show N          print at most N failures of a seed (default 5)\n"
    "Ends with status 0 if nothing differs, 1 if something does, 2 for a mistake in the command line.\n";

volatile sig_atomic_t stopped = 0;

/// The part of the processor that a mnemonic belongs to, by what its rows need.
const char* family(const std::string& name) {
  using namespace hvlab::decode;
  unsigned needs = 0;
  for (const Row& row : rows())
    if (name == hvlab::decode::name(row.mnemonic)) needs |= row.attributes;
  if (needs & row::kX87) return "x87";
  if (needs & (row::kMmx | row::kSse | row::kFxsave)) return "MMX and SSE";
  return needs & row::kCpl0 ? "privileged" : "integer";
}

void print_families(const Report& r) {
  std::map<std::string, std::pair<u64, unsigned>> families;
  for (const auto& [name, count] : r.compared_by_mnemonic)
    families[family(name)].first += count, ++families[family(name)].second;
  for (const auto& [name, counts] : families)
    std::printf("%-12s %lu cases of %u instructions\n", name.c_str(), counts.first, counts.second);
}

void print(const Options& options, const Report& r) {
  std::printf("%s", r.failures.c_str());
  for (const auto& [name, count] : r.failed_by_mnemonic)
    std::printf("%-12s %lu of %lu differ\n", name.c_str(), count, r.compared_by_mnemonic.at(name));
  std::printf(
      "seed %lu: %lu compared, %lu differ, %lu without end, %lu lost; %zu instructions, %lu of %lu forms\n",
      options.seed, r.compared, r.failed, r.timed_out, r.lost, r.compared_by_mnemonic.size(),
      r.forms - r.never_formed.size(), r.forms);
  std::fflush(stdout);
}

void print_absent(const Report& r) {
  std::printf("absent on the host:");
  for (const auto& name : r.absent) std::printf(" %s", name.c_str());
  std::printf("\n");
}

int once(Options options) {
  if (options.only != ~u64{0} && options.only >= options.cases) options.cases = options.only + 1;
  options.go_on = [](u64) { return stopped == 0; };
  const Report r = run(options);
  print_families(r);
  print_absent(r);
  print(options, r);
  return r.failed == 0 ? 0 : 1;
}

int for_long(Options options, u64 minutes) {
  const Clock::time_point end = Clock::now() + std::chrono::minutes(minutes);
  u64 compared = 0, failed = 0, seeds = 0;
  options.cases = 1'000'000;
  options.go_on = [&](u64 done) {
    if (isatty(fileno(stderr)) && done % (64 * Host::kBatch) == 0)
      std::fprintf(stderr, "\rseed %lu: %lu000 cases ", options.seed, done / 1000);
    return stopped == 0 && Clock::now() < end;
  };
  for (; stopped == 0 && Clock::now() < end; ++options.seed, ++seeds) {
    const Report r = run(options);
    print(options, r);
    compared += r.compared;
    failed += r.failed;
  }
  std::printf("%lu seeds: %lu compared, %lu differ\n", seeds, compared, failed);
  return failed == 0 ? 0 : 1;
}

int mistake(const char* what) {
  std::fprintf(stderr, "oracle: %s; oracle --help tells more\n", what);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  u64 minutes = 0;
  for (int i = 1; i < argc; ++i) {
    const auto is = [&](const char* name) { return std::strcmp(argv[i], name) == 0; };
    if (is("--help")) return std::printf("%s", kHelp), 0;
    if (is("--undefined")) return print_rules(), 0;
    if (i + 1 == argc) return mistake("an option without its value, or an unknown one");
    char* end = nullptr;
    const u64 number = std::strtoull(argv[i + 1], &end, 0);
    if (is("--mnemonic")) {
      options.mnemonic = argv[++i];
      continue;
    }
    if (*end != 0) return mistake("a number is expected");
    u64* const to = is("--seed")      ? &options.seed
                    : is("--cases")   ? &options.cases
                    : is("--only")    ? &options.only
                    : is("--show")    ? &options.failures_shown
                    : is("--minutes") ? &minutes
                                      : nullptr;
    if (to == nullptr) return mistake("unknown option");
    *to = number;
    ++i;
  }
  const char* why = nullptr;
  if (!host_available(why)) return std::printf("skipped: %s\n", why), 0;
  struct sigaction action{};
  action.sa_handler = [](int) { stopped = 1; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return minutes != 0 ? for_long(options, minutes) : once(options);
}
