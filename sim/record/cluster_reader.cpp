#include "sim/record/cluster_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "sim/base/user_error.hpp"
#include "sim/record/cluster_overview.hpp"
#include "sim/record/trace_codec.hpp"

namespace hvlab::record {

ClusterReader::ClusterReader(const std::string& path) : path_(path) {
  file_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0) throw UserError(path + ": " + std::generic_category().message(errno));
  struct stat status{};
  if (fstat(file_, &status) == 0 && status.st_size > 0) size_ = static_cast<u64>(status.st_size);
  try {
    std::array<u8, kClusterFileHeaderBytes> start{};
    if (!read_at(0, start.data(), start.size()) || !is_cluster_file_header(start))
      throw UserError(path + ": this is not a cluster's trace, or one of another version of HVLab");
    scan();
  } catch (...) {
    close(file_);  // the destructor will not run
    throw;
  }
  state_ = blank_state(facts_);
  if (overview_.width == 0) make_overview();
}

ClusterReader::~ClusterReader() { close(file_); }

bool ClusterReader::read_at(u64 offset, u8* to, size_t bytes) const {
  while (bytes > 0) {
    const ssize_t got = pread(file_, to, bytes, static_cast<off_t>(offset));
    if (got <= 0) return false;
    to += got;
    offset += static_cast<u64>(got);
    bytes -= static_cast<size_t>(got);
  }
  return true;
}

void ClusterReader::damaged(const std::string& what) {
  if (problem_.empty()) problem_ = path_ + ": " + what;
}

std::optional<std::vector<u8>> ClusterReader::content(const Block& block) const {
  std::vector<u8> stored(block.header.stored);
  if (!read_at(block.offset, stored.data(), stored.size())) return std::nullopt;
  if (crc32_of(stored) != block.header.payload_crc) return std::nullopt;
  return decompress(stored, block.header.raw);
}

void ClusterReader::scan() {
  std::array<u8, kClusterBlockHeaderBytes> bytes{};
  for (u64 at = kClusterFileHeaderBytes; at < size_ && !complete_;) {
    const bool whole = size_ - at >= bytes.size() && read_at(at, bytes.data(), bytes.size());
    const auto header = whole ? decode_cluster_header(bytes) : std::nullopt;
    const u64 offset = at + bytes.size();
    if (!header || header->stored > size_ - offset) break;
    if (at == kClusterFileHeaderBytes && header->type != ClusterBlock::Facts) break;
    take_block({offset, *header});
    at = offset + header->stored;
  }
  if (!complete_) damaged("the recording broke off; what is there is shown");
  if (facts_.hosts.empty()) throw UserError(path_ + ": it breaks off before it says which hosts there are");
  const auto by_number = [](const ClusterMove& move) { return move.number; };
  std::ranges::stable_sort(moves_, {}, by_number);
  check_places();
  for (const ClusterEvent& event : events_) end_ = std::max(end_, event.at);
}

void ClusterReader::take_block(const Block& block) {
  const ClusterBlockHeader& header = block.header;
  if (header.type == ClusterBlock::States) {
    // Later than the one before, as they are searched by time.
    if (!states_.empty() && header.first < states_.back().header.first) return damaged("blocks out of order");
    states_.push_back(block);
    end_ = std::max(end_, header.last);
    return;
  }
  const auto raw = content(block);
  bool good = raw.has_value();
  if (good && header.type == ClusterBlock::Facts) {
    const auto facts = facts_of(Json::parse(raw->begin(), raw->end(), nullptr, false));
    good = facts && facts_.hosts.empty();
    if (good) facts_ = *facts;
  } else if (good && header.type == ClusterBlock::Events) {
    const auto events = decode_events(*raw, header.count);
    good = events && (events_.empty() || events->empty() || events->front().at >= events_.back().at);
    if (good) events_.insert(events_.end(), events->begin(), events->end());
  } else if (good && header.type == ClusterBlock::Moves) {
    const auto moves = decode_moves(*raw, header.count);
    good = moves.has_value();
    if (good) moves_.insert(moves_.end(), moves->begin(), moves->end());
  } else if (good && header.type == ClusterBlock::Overview) {
    const auto overview = decode_overview(*raw, facts_.hosts.size(), facts_.stores.size());
    good = overview.has_value();
    if (good) overview_ = *overview;
  } else if (good && header.type == ClusterBlock::End) {
    complete_ = true;
    end_ = std::max(end_, header.last);
  }
  if (!good) damaged("a block is damaged and left out");
}

// What a damaged file says of hosts that there are not becomes nobody's.
void ClusterReader::check_places() {
  const auto check = [](auto& place, size_t count) {
    if (place >= count) place = kNobody;
  };
  for (ClusterEvent& event : events_) {
    check(event.machine, facts_.machines.size());
    check(event.host, facts_.hosts.size());
    check(event.to, facts_.hosts.size());
    check(event.by, facts_.hosts.size());
    check(event.store, facts_.stores.size());
  }
  std::erase_if(events_, [&](const ClusterEvent& event) { return event.what >= facts_.events.size(); });
  for (ClusterMove& move : moves_) {
    check(move.from, facts_.hosts.size());
    check(move.to, facts_.hosts.size());
    check(move.store, facts_.stores.size());
  }
  std::erase_if(moves_, [&](const ClusterMove& move) {
    return move.machine >= facts_.machines.size() || move.from == kNobody;
  });
}

size_t ClusterReader::block_at(ClusterTime time) const {
  const auto after =
      std::ranges::upper_bound(states_, time, {}, [](const Block& b) { return b.header.first; });
  return after == states_.begin() ? states_.size() : static_cast<size_t>(after - states_.begin()) - 1;
}

size_t ClusterReader::blocks_between(ClusterTime from, ClusterTime until) const {
  if (states_.empty() || until <= from) return 0;
  const size_t first = block_at(from), last = block_at(until - 1);
  if (last == states_.size()) return 0;
  return last + 1 - (first == states_.size() ? 0 : first);
}

std::pair<ClusterTime, ClusterTime> ClusterReader::blocks_of(ClusterTime from, ClusterTime until) const {
  const size_t first = block_at(from), last = block_at(std::max(until, from + 1) - 1);
  const size_t after = last >= states_.size() ? 0 : last + 1;
  return {first >= states_.size() ? 0 : std::min(from, states_[first].header.first),
          after >= states_.size() ? std::max(until, end_) : std::max(until, states_[after].header.first)};
}

void ClusterReader::enter(size_t block) {
  state_ = blank_state(facts_);
  decoder_.reset();
  entered_ = block;
  now_ = 0;
  if (block >= states_.size()) return;
  if (auto raw = content(states_[block])) {
    raw_ = std::move(*raw);
    decoder_.emplace(raw_, states_[block].header.first);
  } else {
    damaged("a block is damaged and left out");
  }
}

const ClusterState& ClusterReader::at(ClusterTime time) {
  const size_t block = block_at(time);
  if (block != entered_ || time < now_) enter(block);
  while (decoder_ && decoder_->next() && *decoder_->next() <= time) decoder_->apply(state_);
  if (decoder_ && decoder_->failed()) damaged("a block is damaged and shown in part");
  now_ = time;
  return state_;
}

void ClusterReader::each(ClusterTime from, ClusterTime until, const See& see) {
  if (from >= until || !see(from, at(from))) return;
  while (true) {
    // The next time in this block, else the next block's first.
    ClusterTime next = kClusterNever;
    if (decoder_ && decoder_->next()) {
      next = *decoder_->next();
    } else if (const size_t after = entered_ >= states_.size() ? 0 : entered_ + 1; after < states_.size()) {
      next = std::max(states_[after].header.first, now_);
    }
    if (next >= until || !see(next, at(next))) return;
    if (entered_ + 1 >= states_.size() && !(decoder_ && decoder_->next())) return;
  }
}

void ClusterReader::make_overview() {
  OverviewBuilder builder(facts_.hosts.size(), facts_.stores.size());
  ClusterState before = blank_state(facts_);
  each(0, kClusterNever, [&](ClusterTime at, const ClusterState& now) {
    for (u32 host = 0; host < now.hosts.size(); ++host)
      if (now.hosts[host] != before.hosts[host]) builder.host(host, at, now.hosts[host]);
    for (u32 store = 0; store < now.stores.size(); ++store)
      if (now.stores[store] != before.stores[store]) builder.store(store, at, now.stores[store]);
    before.hosts = now.hosts;
    before.stores = now.stores;
    end_ = std::max(end_, at);
    return true;
  });
  overview_ = builder.finish(end_);
}

}  // namespace hvlab::record
