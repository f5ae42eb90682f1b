// Clusters' traces of all kinds, their checksums made right so that what is behind them is reached: each is
// read as far as it goes, or refused with a UserError.
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz.hpp"
#include "fuzz_file.hpp"
#include "include/cluster_samples.hpp"
#include "sim/record/cluster_reader.hpp"
#include "sim/record/little_endian.hpp"
#include "sim/record/trace_codec.hpp"

using namespace hvlab;
using namespace hvlab::record;

namespace {

constexpr size_t kMost = 1 << 16;

void repair(std::vector<u8>& file) {
  if (file.size() < kClusterFileHeaderBytes) return;
  put<u32>(&file[12], crc32_of({file.data(), 12}));
  for (size_t at = kClusterFileHeaderBytes; at + kClusterBlockHeaderBytes <= file.size();) {
    const size_t left = file.size() - at - kClusterBlockHeaderBytes;
    const size_t stored = std::min<size_t>(take<u32>(&file[at + 12]), left);
    put<u32>(&file[at + 20], crc32_of({file.data() + at + kClusterBlockHeaderBytes, stored}));
    put<u32>(&file[at + 44], crc32_of({&file[at], 44}));
    at += kClusterBlockHeaderBytes + stored;
  }
}

void read_all(const std::string& path) {
  ClusterReader reader(path);
  u64 sum = reader.events().size() + reader.moves().size() + reader.overview().spans;
  size_t seen = 0;
  reader.each(0, kClusterNever, [&](ClusterTime at, const ClusterState& state) {
    sum += at + state.hosts.size();
    return ++seen < 1000;
  });
  sum += reader.at(reader.end() / 2).machines.size();
}

// Blocks are compressed, which mutation does not get through: the contents are tried as they are as well.
void read_contents(std::span<const u8> bytes) {
  facts_of(Json::parse(bytes.begin(), bytes.end(), nullptr, false));
  decode_moves(bytes, 3);
  decode_events(bytes, 5);
  decode_overview(bytes, 3, 1);
  ClusterState state = blank_state(test::cluster_facts(3, 10));
  for (StateDecoder decoder(bytes, 0); decoder.next();) decoder.apply(state);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, size_t size) {
  read_contents({data, size});
  std::vector<u8> bytes(data, data + size);
  repair(bytes);
  fuzz::read_as_file(bytes, read_all);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(u8* data, size_t size, size_t most, unsigned seed) {
  static const std::vector<std::vector<u8>> samples = [] {
    const std::string path = "/tmp/hvlab-fuzz-cluster-" + std::to_string(getpid());
    test::write_cluster(path, 3, 10, 10);
    std::ifstream in(path, std::ios::binary);
    const std::vector<u8> bytes(std::istreambuf_iterator<char>(in), {});
    unlink(path.c_str());
    StateEncoder states;
    states.begin(0);
    states.time(0);
    states.change(1, HostSample{}, HostSample{1, 2, 0, 4000, 10, 5, 100, 7});
    states.time(60);
    states.change(9, MachineSample{}, MachineSample{1, 2, 0, 500, 3});
    std::vector<u8> move;
    encode_move(test::cluster_move(0), move);
    return std::vector<std::vector<u8>>{bytes, states.bytes(), move};
  }();
  return fuzz::mutate(data, size, std::min(most, kMost), seed, samples);
}
