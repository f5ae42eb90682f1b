#include "sim/record/cluster_codec.hpp"

#include <cstring>

#include "sim/record/little_endian.hpp"
#include "sim/record/trace_codec.hpp"
#include "sim/record/varint.hpp"

namespace hvlab::record {

namespace {

constexpr char kFileMagic[8] = {'H', 'V', 'L', 'A', 'B', 'C', 'L', 'U'};
constexpr char kBlockMagic[4] = {'H', 'V', 'C', 'B'};

// The members of each sample, move, round and event in the order of the file: new ones go to the end.
constexpr u32 HostSample::* kHostFields[] = {
    &HostSample::condition, &HostSample::watch,     &HostSample::isolated,
    &HostSample::watches,   &HostSample::wanted,    &HostSample::lacks,
    &HostSample::served,    &HostSample::committed, &HostSample::power};
constexpr u32 MachineSample::* kMachineFields[] = {&MachineSample::host, &MachineSample::condition,
                                                   &MachineSample::store, &MachineSample::wants,
                                                   &MachineSample::lacks};
constexpr u32 StoreSample::* kStoreFields[] = {
    &StoreSample::up,     &StoreSample::failed_disks, &StoreSample::used,    &StoreSample::offered,
    &StoreSample::served, &StoreSample::busy,         &StoreSample::response};
constexpr u32 ManagerSample::* kManagerFields[] = {&ManagerSample::works, &ManagerSample::imbalance};
constexpr u64 ClusterMove::* kMoveFields[] = {&ClusterMove::number,
                                              &ClusterMove::machine,
                                              &ClusterMove::from,
                                              &ClusterMove::to,
                                              &ClusterMove::store,
                                              &ClusterMove::stage,
                                              &ClusterMove::refusal,
                                              &ClusterMove::reason,
                                              &ClusterMove::rule,
                                              &ClusterMove::imbalance_before,
                                              &ClusterMove::imbalance_after,
                                              &ClusterMove::load_from,
                                              &ClusterMove::load_to,
                                              &ClusterMove::benefit,
                                              &ClusterMove::cost,
                                              &ClusterMove::asked,
                                              &ClusterMove::began,
                                              &ClusterMove::rounds_began,
                                              &ClusterMove::stopped,
                                              &ClusterMove::ended,
                                              &ClusterMove::sent,
                                              &ClusterMove::downtime};
constexpr u64 ClusterRound::* kRoundFields[] = {&ClusterRound::lasted, &ClusterRound::sent,
                                                &ClusterRound::written, &ClusterRound::speed};
constexpr u32 ClusterEvent::* kEventFields[] = {
    &ClusterEvent::what, &ClusterEvent::machine, &ClusterEvent::host, &ClusterEvent::to,
    &ClusterEvent::by,   &ClusterEvent::store,   &ClusterEvent::count};
constexpr u32 ClusterOverview::HostMeans::* kHostMeans[] = {
    &ClusterOverview::HostMeans::wanted, &ClusterOverview::HostMeans::given,
    &ClusterOverview::HostMeans::committed, &ClusterOverview::HostMeans::power,
    &ClusterOverview::HostMeans::on};
constexpr u32 ClusterOverview::StoreMeans::* kStoreMeans[] = {&ClusterOverview::StoreMeans::offered,
                                                              &ClusterOverview::StoreMeans::busy,
                                                              &ClusterOverview::StoreMeans::response};

auto& fields(const HostSample&) { return kHostFields; }
auto& fields(const MachineSample&) { return kMachineFields; }
auto& fields(const StoreSample&) { return kStoreFields; }
auto& fields(const ManagerSample&) { return kManagerFields; }

// False if the bytes name no such member.
template <class Sample>
bool take_change(VarintReader& from, std::vector<Sample>& all, u32 place) {
  const u64 mask = from.take();
  const auto& members = fields(Sample{});
  if (from.failed() || place >= all.size() || mask >> std::size(members) != 0) return false;
  for (size_t i = 0; i < std::size(members); ++i)
    if ((mask >> i & 1) != 0) all[place].*members[i] += from_zigzag(from.take32());
  return !from.failed();
}

}  // namespace

std::array<u8, kClusterFileHeaderBytes> cluster_file_header() {
  std::array<u8, kClusterFileHeaderBytes> bytes{};
  std::memcpy(bytes.data(), kFileMagic, sizeof kFileMagic);
  put<u32>(&bytes[8], kClusterVersion);
  put<u32>(&bytes[12], crc32_of(Bytes(bytes).first(12)));
  return bytes;
}

bool is_cluster_file_header(std::span<const u8> bytes) {
  const auto right = cluster_file_header();
  return bytes.size() >= right.size() && std::memcmp(bytes.data(), right.data(), right.size()) == 0;
}

std::array<u8, kClusterBlockHeaderBytes> encode_cluster_header(const ClusterBlockHeader& header) {
  std::array<u8, kClusterBlockHeaderBytes> bytes{};
  std::memcpy(bytes.data(), kBlockMagic, sizeof kBlockMagic);
  put<u16>(&bytes[4], static_cast<u16>(header.type));
  put<u32>(&bytes[8], header.count);
  put<u32>(&bytes[12], header.stored);
  put<u32>(&bytes[16], header.raw);
  put<u32>(&bytes[20], header.payload_crc);
  put<u64>(&bytes[24], header.first);
  put<u64>(&bytes[32], header.last);
  put<u32>(&bytes[44], crc32_of(Bytes(bytes).first(44)));
  return bytes;
}

std::optional<ClusterBlockHeader> decode_cluster_header(std::span<const u8> bytes) {
  if (bytes.size() < kClusterBlockHeaderBytes ||
      std::memcmp(bytes.data(), kBlockMagic, sizeof kBlockMagic) != 0 ||
      take<u32>(&bytes[44]) != crc32_of(bytes.first(44)))
    return std::nullopt;
  const ClusterBlockHeader header{.type = static_cast<ClusterBlock>(take<u16>(&bytes[4])),
                                  .count = take<u32>(&bytes[8]),
                                  .stored = take<u32>(&bytes[12]),
                                  .raw = take<u32>(&bytes[16]),
                                  .payload_crc = take<u32>(&bytes[20]),
                                  .first = take<u64>(&bytes[24]),
                                  .last = take<u64>(&bytes[32])};
  const bool known = header.type >= ClusterBlock::Facts && header.type <= ClusterBlock::End;
  if (!known || header.raw > kMostClusterBlock || header.first > header.last) return std::nullopt;
  return header;
}

void StateEncoder::begin(ClusterTime at) {
  bytes_.clear();
  last_ = {};
  now_ = at;
}

void StateEncoder::time(ClusterTime at) {
  put_varint(bytes_, 0);
  put_varint(bytes_, at - now_);
  now_ = at;
}

template <class Sample>
void StateEncoder::put(SampleKind kind, u32 place, const Sample& before, const Sample& now) {
  u32& last = last_[static_cast<size_t>(kind)];
  put_varint(bytes_, (u64{zigzag(place - last)} << 2 | static_cast<u64>(kind)) + 1);
  last = place;
  const auto& members = fields(now);
  u64 mask = 0;
  for (size_t i = 0; i < std::size(members); ++i)
    if (before.*members[i] != now.*members[i]) mask |= u64{1} << i;
  put_varint(bytes_, mask);
  for (size_t i = 0; i < std::size(members); ++i)
    if ((mask >> i & 1) != 0) put_varint(bytes_, zigzag(now.*members[i] - before.*members[i]));
}

void StateEncoder::change(u32 place, const HostSample& before, const HostSample& now) {
  put(SampleKind::Host, place, before, now);
}
void StateEncoder::change(u32 place, const MachineSample& before, const MachineSample& now) {
  put(SampleKind::Machine, place, before, now);
}
void StateEncoder::change(u32 place, const StoreSample& before, const StoreSample& now) {
  put(SampleKind::Store, place, before, now);
}
void StateEncoder::change(u32 place, const ManagerSample& before, const ManagerSample& now) {
  put(SampleKind::Manager, place, before, now);
}

StateDecoder::StateDecoder(std::span<const u8> bytes, ClusterTime first) : bytes_(bytes), next_(first) {
  // The first change is a time; it says `first` itself.
  look();
}

// Stands before the mark of a time, or at the end.
void StateDecoder::look() {
  VarintReader from(bytes_.subspan(at_));
  const size_t all = from.left();
  if (all == 0) {
    next_.reset();
    return;
  }
  const u64 mark = from.take(), passed = from.take();
  failed_ |= from.failed() || mark != 0 || passed > kClusterNever - *next_;
  at_ += all - from.left();
  if (failed_) {
    next_.reset();
  } else {
    *next_ += passed;
  }
}

void StateDecoder::apply(ClusterState& state) {
  while (at_ < bytes_.size() && bytes_[at_] != 0) {
    VarintReader from(bytes_.subspan(at_));
    const size_t all = from.left();
    const u64 tag = from.take() - 1;
    const auto kind = static_cast<SampleKind>(tag & 3);
    u32& place = last_[tag & 3];
    place += from_zigzag(static_cast<u32>(tag >> 2));
    bool good = tag >> 34 == 0;
    switch (kind) {
      case SampleKind::Host: good &= take_change(from, state.hosts, place); break;
      case SampleKind::Machine: good &= take_change(from, state.machines, place); break;
      case SampleKind::Store: good &= take_change(from, state.stores, place); break;
      case SampleKind::Manager: good &= take_change(from, state.manager, place); break;
      case SampleKind::Count: good = false; break;
    }
    if (!good) {
      failed_ = true;
      next_.reset();
      return;
    }
    at_ += all - from.left();
  }
  look();
}

void encode_move(const ClusterMove& move, std::vector<u8>& to) {
  for (const auto member : kMoveFields) put_varint(to, move.*member);
  put_varint(to, move.rounds.size());
  for (const ClusterRound& round : move.rounds)
    for (const auto member : kRoundFields) put_varint(to, round.*member);
}

std::optional<std::vector<ClusterMove>> decode_moves(std::span<const u8> raw, u32 count) {
  VarintReader from(raw);
  std::vector<ClusterMove> moves;
  for (u32 i = 0; i < count && !from.failed(); ++i) {
    ClusterMove move;
    for (const auto member : kMoveFields) move.*member = from.take();
    move.rounds.resize(from.take_count(std::size(kRoundFields)));
    for (ClusterRound& round : move.rounds)
      for (const auto member : kRoundFields) round.*member = from.take();
    moves.push_back(std::move(move));
  }
  if (from.failed() || from.left() != 0) return std::nullopt;
  return moves;
}

void encode_events(std::span<const ClusterEvent> events, std::vector<u8>& to) {
  ClusterTime before = 0;
  for (const ClusterEvent& event : events) {
    put_varint(to, event.at - before);
    before = event.at;
    for (const auto member : kEventFields) put_varint(to, u32{event.*member + 1});  // nobody is 0
    put_varint(to, event.value);
  }
}

std::optional<std::vector<ClusterEvent>> decode_events(std::span<const u8> raw, u32 count) {
  VarintReader from(raw);
  std::vector<ClusterEvent> events;
  ClusterTime now = 0;
  for (u32 i = 0; i < count && !from.failed(); ++i) {
    ClusterEvent event;
    const u64 passed = from.take();
    if (passed > kClusterNever - now) return std::nullopt;
    event.at = now += passed;
    for (const auto member : kEventFields) event.*member = from.take32() - 1;
    event.value = from.take();
    events.push_back(event);
  }
  if (from.failed() || from.left() != 0) return std::nullopt;
  return events;
}

namespace {

template <class Means, size_t N>
void put_means(const std::vector<Means>& all, u32 Means::* const (&members)[N], std::vector<u8>& to) {
  for (const auto member : members) {
    u32 before = 0;
    for (const Means& means : all) {
      put_varint(to, zigzag(means.*member - before));
      before = means.*member;
    }
  }
}

template <class Means, size_t N>
void take_means(VarintReader& from, u32 Means::* const (&members)[N], std::vector<Means>& all) {
  for (const auto member : members) {
    u32 before = 0;
    for (Means& means : all) means.*member = before += from_zigzag(from.take32());
  }
}

}  // namespace

void encode_overview(const ClusterOverview& overview, std::vector<u8>& to) {
  put_varint(to, overview.width);
  put_varint(to, overview.spans);
  put_means(overview.hosts, kHostMeans, to);
  put_means(overview.stores, kStoreMeans, to);
}

std::optional<ClusterOverview> decode_overview(std::span<const u8> raw, size_t hosts, size_t stores) {
  VarintReader from(raw);
  ClusterOverview overview;
  overview.width = from.take();
  overview.spans = from.take32();
  // Each number has a byte at least, so a wrong count is seen before memory is taken for it.
  if (from.failed() || overview.width == 0 || overview.spans > raw.size()) return std::nullopt;
  if ((hosts + stores) * overview.spans > raw.size()) return std::nullopt;
  overview.hosts.resize(hosts * overview.spans);
  overview.stores.resize(stores * overview.spans);
  take_means(from, kHostMeans, overview.hosts);
  take_means(from, kStoreMeans, overview.stores);
  if (from.failed() || from.left() != 0) return std::nullopt;
  return overview;
}

}  // namespace hvlab::record
