// Traces of all kinds, their checksums made right so that what is behind them is reached: each is read, or
// refused with a UserError.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "fuzz.hpp"
#include "record/trace_samples.hpp"
#include "sim/base/user_error.hpp"
#include "sim/record/little_endian.hpp"
#include "sim/record/trace_reader.hpp"

using namespace hvlab;
using namespace hvlab::record;

namespace {

constexpr size_t kMost = 1 << 16;

void repair(std::vector<u8>& file) {
  if (file.size() < kFileHeaderBytes) return;
  put<u32>(&file[28], crc32_of({file.data(), 28}));
  for (size_t at = kFileHeaderBytes; at + kBlockHeaderBytes <= file.size();) {
    const size_t left = file.size() - at - kBlockHeaderBytes;
    const size_t stored = std::min<size_t>(take<u32>(&file[at + 12]), left);
    put<u32>(&file[at + 20], crc32_of({&file[at] + kBlockHeaderBytes, stored}));
    put<u32>(&file[at + 60], crc32_of({&file[at], 60}));
    at += kBlockHeaderBytes + stored;
  }
}

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
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, size_t size) {
  static const int file = memfd_create("trace", 0);
  std::vector<u8> bytes(data, data + size);
  repair(bytes);
  if (ftruncate(file, 0) != 0 ||
      pwrite(file, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return 0;
  try {
    read_all("/proc/self/fd/" + std::to_string(file));
  } catch (const UserError&) {
  }
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
