// oracle [--seed N] [--cases N] [--only N] [--show N] [--mnemonic NAME]: the comparison with the host, as
// long as one likes.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "host.hpp"
#include "run.hpp"
#include "sim/decode/form.hpp"

namespace {

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

}  // namespace

int main(int argc, char** argv) {
  using namespace hvlab::oracle;
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto number = std::strtoull(argv[i + 1], nullptr, 0);
    if (!std::strcmp(argv[i], "--seed"))
      options.seed = number;
    else if (!std::strcmp(argv[i], "--cases"))
      options.cases = number;
    else if (!std::strcmp(argv[i], "--only"))
      options.only = number;
    else if (!std::strcmp(argv[i], "--show"))
      options.failures_shown = number;
    else if (!std::strcmp(argv[i], "--mnemonic"))
      options.mnemonic = argv[i + 1];
    else
      return std::fprintf(stderr, "unknown option %s\n", argv[i]), 2;
  }
  if (options.only != ~0ull && options.only >= options.cases) options.cases = options.only + 1;
  const char* why = nullptr;
  if (!host_available(why)) return std::printf("skipped: %s\n", why), 0;
  const Report r = run(options);
  std::printf("%s", r.failures.c_str());
  for (const auto& [name, count] : r.failed_by_mnemonic)
    std::printf("%-12s %lu of %lu differ\n", name.c_str(), count, r.compared_by_mnemonic.at(name));
  std::map<std::string, std::pair<unsigned long, unsigned>> families;
  for (const auto& [name, count] : r.compared_by_mnemonic)
    families[family(name)].first += count, ++families[family(name)].second;
  for (const auto& [name, counts] : families)
    std::printf("%-12s %lu cases of %u instructions\n", name.c_str(), counts.first, counts.second);
  std::printf(
      "seed %lu: %lu compared, %lu differ, %lu without end, %lu lost; %zu instructions; absent on the host:",
      options.seed, r.compared, r.failed, r.timed_out, r.lost, r.compared_by_mnemonic.size());
  for (const auto& name : r.absent) std::printf(" %s", name.c_str());
  std::printf("\n");
  return r.failed == 0 ? 0 : 1;
}
