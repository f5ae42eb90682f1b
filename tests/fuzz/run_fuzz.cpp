// Run directories that others have written: run.json and stats.json of any content are read and looked at, or
// refused with a UserError.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fuzz.hpp"
#include "sim/analysis/compare_runs.hpp"
#include "sim/analysis/run_statistics.hpp"
#include "sim/base/user_error.hpp"

using namespace hvlab;
using namespace hvlab::analysis;

namespace {

constexpr const char* kRun =
    R"({"schema": "hvlab.run/1", "state": "complete", "process": {"host": "h", "id": 1}})";
constexpr const char* kStats =
    R"({"seconds": 0.5, "instructions": 1, "cycles": 9, "events_hash": "0", "ledger": {"idle": 9}, "exits": [{"vm": 1, )"
    R"("vcpu": 0, "reason": "npf", "count": 3, "handled": 2, "cycles": 5, "least": 1, "most": 4}], "vcpus": [{"vm": 1, )"
    R"("vcpu": 0, "entries": 3, "exits": 3, "guest_cycles": 4}], "devices": [{"name": "pic", "port_reads": 1, )"
    R"("port_writes": 2, "mmio_reads": 0, "mmio_writes": 0}], "io": [{"system": 0, "operation": "read", "requests": 2, )"
    R"("picoseconds": 4, "hops": [{"label": "medium", "picoseconds": 2}]}], "end": {"why": "power-off", "status": 0}})";

void write(const std::filesystem::path& file, const u8* data, size_t size) {
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
}

}  // namespace

// The first byte says which of the two files the rest is.
extern "C" int LLVMFuzzerTestOneInput(const u8* data, size_t size) {
  static const std::filesystem::path folder = "/tmp/hvlab-fuzz-run-" + std::to_string(getpid());
  if (size == 0) return 0;
  const bool of_run = (data[0] & 1) != 0;
  std::filesystem::create_directories(folder);
  write(folder / record::kRunFile, reinterpret_cast<const u8*>(kRun), std::strlen(kRun));
  write(folder / record::kStatsFile, reinterpret_cast<const u8*>(kStats), std::strlen(kStats));
  write(folder / (of_run ? record::kRunFile : record::kStatsFile), data + 1, size - 1);
  try {
    const std::vector<record::RunReader> runs(2, record::RunReader(folder.string()));
    for (const StatBy by :
         {StatBy::All, StatBy::Vm, StatBy::Vcpu, StatBy::Reason, StatBy::Layer, StatBy::Device})
      for (const Table& table : run_statistics(runs.front(), by)) text_of(table), json_of(table);
    for (const Table& table : compare_runs(runs, true, 1).tables) text_of(table), json_of(table);
    record::flat_csv(runs.front().stats());
  } catch (const UserError&) {
  }
  std::filesystem::remove_all(folder);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(u8* data, size_t size, size_t most, unsigned seed) {
  static const auto sample = [](u8 first, const char* text) {
    std::vector<u8> bytes = {first};
    bytes.insert(bytes.end(), text, text + std::strlen(text));
    return bytes;
  };
  static const std::vector<std::vector<u8>> samples = {sample(0, kStats), sample(1, kRun)};
  return fuzz::mutate(data, size, most, seed, samples);
}
