#include "sim/record/cluster_writer.hpp"

#include <algorithm>

#include "sim/record/trace_codec.hpp"

namespace hvlab::record {

namespace {

// Decompressed and decoded in a few milliseconds: what looking at another moment may cost.
constexpr size_t kBlockBytes = size_t{1} << 20;

template <class Sample>
void put_all(StateEncoder& to, const std::vector<Sample>& all) {
  for (u32 place = 0; place < all.size(); ++place)
    if (all[place] != Sample{}) to.change(place, Sample{}, all[place]);
}

}  // namespace

ClusterWriter::ClusterWriter(const std::string& path, const ClusterFacts& facts)
    : file_(path), state_(blank_state(facts)), overview_(facts.hosts.size(), facts.stores.size()) {
  file_.write(cluster_file_header());
  const std::string text = json_of(facts).dump(-1, ' ', false, Json::error_handler_t::replace);
  write_block({.type = ClusterBlock::Facts}, {reinterpret_cast<const u8*>(text.data()), text.size()});
}

void ClusterWriter::write_block(ClusterBlockHeader header, std::span<const u8> raw) {
  compress(raw, stored_);
  header.stored = static_cast<u32>(stored_.size());
  header.raw = static_cast<u32>(raw.size());
  header.payload_crc = crc32_of(stored_);
  file_.write(encode_cluster_header(header));
  file_.write(stored_);
}

void ClusterWriter::at(ClusterTime at) {
  if (at != now_) told_time_ = false;
  now_ = at;
  if (open_ && states_.bytes().size() > most_bytes_) flush();
}

// A block can be understood alone: it begins with everything.
void ClusterWriter::begin_states() {
  open_ = true;
  first_ = now_;
  states_.begin(first_);
  states_.time(first_);
  put_all(states_, state_.hosts);
  put_all(states_, state_.machines);
  put_all(states_, state_.stores);
  put_all(states_, state_.manager);
  most_bytes_ = std::max(kBlockBytes, 8 * states_.bytes().size());
  told_time_ = true;
}

void ClusterWriter::begin_change() {
  if (!open_) begin_states();
  if (!told_time_) states_.time(now_);
  told_time_ = true;
  last_ = now_;
}

template <class Sample>
void ClusterWriter::change(std::vector<Sample>& all, u32 place, const Sample& now) {
  if (all[place] == now) return;
  begin_change();
  states_.change(place, all[place], now);
  all[place] = now;
}

void ClusterWriter::host(u32 place, const HostSample& now) {
  if (state_.hosts[place] == now) return;
  overview_.host(place, now_, now);
  change(state_.hosts, place, now);
}
void ClusterWriter::machine(u32 place, const MachineSample& now) { change(state_.machines, place, now); }
void ClusterWriter::store(u32 place, const StoreSample& now) {
  if (state_.stores[place] == now) return;
  overview_.store(place, now_, now);
  change(state_.stores, place, now);
}
void ClusterWriter::manager(const ManagerSample& now) { change(state_.manager, 0, now); }

void ClusterWriter::move(const ClusterMove& move) {
  encode_move(move, moves_);
  ++moves_count_;
}

void ClusterWriter::flush() {
  if (open_) write_block({.type = ClusterBlock::States, .first = first_, .last = last_}, states_.bytes());
  open_ = told_time_ = false;
  if (!events_.empty()) {
    raw_.clear();
    encode_events(events_, raw_);
    write_block({.type = ClusterBlock::Events,
                 .count = static_cast<u32>(events_.size()),
                 .first = events_.front().at,
                 .last = events_.back().at},
                raw_);
  }
  if (moves_count_ != 0) write_block({.type = ClusterBlock::Moves, .count = moves_count_}, moves_);
  events_.clear();
  moves_.clear();
  moves_count_ = 0;
}

void ClusterWriter::finish(ClusterTime until) {
  flush();
  raw_.clear();
  encode_overview(overview_.finish(until), raw_);
  write_block({.type = ClusterBlock::Overview}, raw_);
  write_block({.type = ClusterBlock::End, .first = until, .last = until}, {});
  file_.finish();
}

}  // namespace hvlab::record
