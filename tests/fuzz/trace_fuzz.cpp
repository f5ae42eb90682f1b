// Traces of all kinds, their checksums made right so that what is behind them is reached: each is read, or
// refused with a UserError.
#include <unistd.h>

#include <algorithm>
#include <string>

#include "fuzz.hpp"
#include "fuzz_file.hpp"
#include "fuzz_trace.hpp"
#include "record/trace_samples.hpp"
#include "sim/record/trace_reader.hpp"

using namespace hvlab;
using namespace hvlab::record;

namespace {

constexpr size_t kMost = 1 << 16;

void read_all(const std::string& path) {
  const TraceReader reader(path);
  u64 sum = 0;
  reader.each(0, kNever, [&](const Record& record) {
    sum += reader.state_name(record.lane, record.a).size();
    return true;
  });
  for (const SummaryLevel& level : reader.levels()) sum += level.entries.size();
  sum += reader.summary(reader.begin(), reader.end(), 100).entries.size();
  sum += reader.summary(reader.begin(), reader.begin() + 1000, 100).entries.size();
  sum += reader.sums(reader.begin() + 1, reader.end(), {0, 1, 2, 3}).size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, size_t size) {
  std::vector<u8> bytes(data, data + size);
  fuzz::repair_trace(bytes);
  fuzz::read_as_file(bytes, read_all);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(u8* data, size_t size, size_t most, unsigned seed) {
  static const std::vector<std::vector<u8>> samples = [] {
    const std::string path = "/tmp/hvlab-fuzz-trace-" + std::to_string(getpid());
    test::write_sample(path, test::sample_records());
    const std::vector<u8> bytes = test::file_content(path);
    unlink(path.c_str());
    return std::vector<std::vector<u8>>{bytes};
  }();
  return fuzz::mutate(data, size, std::min(most, kMost), seed, samples);
}
