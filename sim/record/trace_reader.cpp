#include "sim/record/trace_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "sim/base/user_error.hpp"

namespace hvlab::record {

TraceReader::TraceReader(const std::string& path) : path_(path) {
  file_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0) throw UserError(path + ": " + std::generic_category().message(errno));
  struct stat status{};
  if (fstat(file_, &status) == 0 && status.st_size > 0) size_ = static_cast<u64>(status.st_size);
  try {
    std::array<u8, kFileHeaderBytes> start{};
    const bool readable = read_at(0, start.data(), start.size());
    const auto header = decode_file_header(start);
    if (!readable || !header)
      throw UserError(path + ": this is not a trace, or one of another version of HVLab");
    header_ = *header;
    read_index();
  } catch (...) {
    close(file_);  // the destructor will not run
    throw;
  }
}

// What is made when it is asked for (summaries, kept blocks) is not taken along.
TraceReader::TraceReader(const TraceReader& other)
    : path_(other.path_),
      file_(fcntl(other.file_, F_DUPFD_CLOEXEC, 0)),
      size_(other.size_),
      header_(other.header_),
      complete_(other.complete_),
      problem_(other.problem_),
      scanned_(other.scanned_),
      chunks_(other.chunks_),
      tail_(other.tail_),
      summaries_(other.summaries_),
      names_(other.names_),
      lanes_(other.lanes_) {
  if (file_ < 0) throw UserError(path_ + ": " + std::generic_category().message(errno));
}

TraceReader::~TraceReader() {
  if (file_ >= 0) close(file_);
}

TraceReader::TraceReader(TraceReader&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      size_(other.size_),
      header_(other.header_),
      complete_(other.complete_),
      problem_(std::move(other.problem_)),
      scanned_(other.scanned_),
      chunks_(std::move(other.chunks_)),
      tail_(std::move(other.tail_)),
      summaries_(std::move(other.summaries_)),
      names_(std::move(other.names_)),
      lanes_(std::move(other.lanes_)),
      levels_(std::move(other.levels_)),
      told_(std::move(other.told_)),
      told_blocks_(other.told_blocks_),
      kept_(std::move(other.kept_)) {}

bool TraceReader::read_at(u64 offset, void* to, size_t bytes) const {
  if (offset > size_ || bytes > size_ - offset) return false;
  for (u8* at = static_cast<u8*>(to); bytes != 0;) {
    const ssize_t got = pread(file_, at, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    offset += static_cast<u64>(got);
    bytes -= static_cast<size_t>(got);
  }
  return true;
}

std::string TraceReader::damage(u64 offset, const std::string& what) const {
  return path_ + ": damaged at byte " + std::to_string(offset) + ": " + what;
}

void TraceReader::damaged(u64 offset, const std::string& what) const {
  throw UserError(damage(offset, what));
}

std::vector<u8> TraceReader::payload(const BlockPlace& place) const {
  const BlockHeader& header = place.header;
  const u64 start = place.offset + kBlockHeaderBytes;
  if (start > size_ || header.stored > size_ - start) damaged(place.offset, "the block is cut off");
  std::vector<u8> stored(header.stored);
  if (!read_at(start, stored.data(), stored.size())) damaged(start, "the block cannot be read");
  if (crc32_of(stored) != header.payload_crc) damaged(start, "the block's checksum does not fit");
  auto raw = decompress(stored, header.raw);
  if (!raw) damaged(start, "the block cannot be decompressed");
  return std::move(*raw);
}

// A whole file ends with a list of its blocks; without one they are looked for one after the other.
void TraceReader::read_index() {
  std::array<u8, kTrailerBytes> trailer{};
  std::array<u8, kBlockHeaderBytes> bytes{};
  const bool long_enough = size_ >= kFileHeaderBytes + kTrailerBytes;
  if (long_enough && read_at(size_ - kTrailerBytes, trailer.data(), trailer.size())) {
    const auto end = decode_trailer(trailer);
    if (end && read_at(*end, bytes.data(), bytes.size())) {
      if (const auto header = decode_block_header(bytes); header && header->type == BlockType::End) {
        const auto places = decode_index(payload({*end, *header}));
        if (!places) damaged(*end, "the list of blocks is not one");
        for (const BlockPlace& place : *places) take_block(place);
        complete_ = true;
        return;
      }
    }
  }
  scan(kFileHeaderBytes);
}

void TraceReader::scan(u64 offset) {
  std::array<u8, kBlockHeaderBytes> bytes{};
  for (scanned_ = offset; read_at(offset, bytes.data(), bytes.size()); scanned_ = offset) {
    const auto header = decode_block_header(bytes);
    if (!header) {
      problem_ = damage(offset, "no block begins here; what follows is lost");
      return;
    }
    const u64 end = offset + kBlockHeaderBytes + header->stored;
    if (end > size_) return;  // it was being written
    // Summaries count only together, and the End block says that they are.
    if (header->type != BlockType::Summary && header->type != BlockType::End) take_block({offset, *header});
    offset = end;
  }
}

void TraceReader::take_block(const BlockPlace& place) {
  switch (place.header.type) {
    case BlockType::Records: chunks_.push_back({place.offset, place.header}); return;
    case BlockType::Summary: summaries_.push_back(place); return;
    case BlockType::End: return;
    case BlockType::Names: break;
  }
  auto list = decode_names(payload(place), place.header.count);
  if (!list) damaged(place.offset, "these are no names");
  take_names(std::move(*list));
}

void TraceReader::take_names(std::vector<NameEntry> list) {
  for (NameEntry& entry : list) {
    if (entry.table == NameTable::Lane && entry.key < kMostLanes) {
      lanes_[static_cast<u16>(entry.key)] = {.type = static_cast<LaneType>(std::min<u64>(
                                                 entry.value & 0xFF, static_cast<u64>(LaneType::Count) - 1)),
                                             .vm = static_cast<unsigned>(entry.value >> 8 & 0xFF'FFFF),
                                             .number = static_cast<unsigned>(entry.value >> 32),
                                             .name = entry.text};
    }
    names_[entry.table][entry.key] = std::move(entry);
  }
}

bool TraceReader::extend() {
  struct stat status{};
  if (complete_ || !problem_.empty() || fstat(file_, &status) != 0) return false;
  const u64 size = status.st_size > 0 ? static_cast<u64>(status.st_size) : 0;
  if (size <= size_) return false;
  size_ = size;
  drop_tail();
  const u64 before = scanned_;
  scan(scanned_);
  if (scanned_ == before && problem_.empty()) return false;
  levels_.clear();
  return true;
}

void TraceReader::drop_tail() {
  if (!tail_) return;
  tail_.reset();
  chunks_.pop_back();
  levels_.clear();
  std::erase_if(kept_, [&](const auto& block) { return block.first >= chunks_.size(); });
}

bool TraceReader::set_tail(TraceTail tail) {
  drop_tail();
  if (complete_ || tail.written != records()) return false;
  take_names(std::move(tail.names));
  if (tail.records.empty()) return true;
  const BlockHeader header = header_of(tail.records, tail.written);
  if (header.earliest > header.latest) return true;  // nothing has happened
  chunks_.push_back({.offset = size_, .header = header});
  chunks_.back().header.latest = std::max(header.latest, tail.until);
  tail_ = std::move(tail.records);
  levels_.clear();
  return true;
}

u64 TraceReader::records() const {
  return chunks_.empty() ? 0 : chunks_.back().header.before + chunks_.back().header.count;
}

Picoseconds TraceReader::begin() const {
  Picoseconds least = chunks_.empty() ? 0 : kNever;
  for (const Chunk& chunk : chunks_) least = std::min(least, chunk.header.earliest);
  return least;
}

Picoseconds TraceReader::end() const {
  Picoseconds most = 0;
  for (const Chunk& chunk : chunks_) most = std::max(most, chunk.header.latest);
  return most;
}

const std::map<u64, NameEntry>& TraceReader::names(NameTable table) const {
  static const std::map<u64, NameEntry> kNone;
  const auto found = names_.find(table);
  return found == names_.end() ? kNone : found->second;
}

std::string TraceReader::name(NameTable table, u64 key) const {
  const std::map<u64, NameEntry>& list = names(table);
  const auto found = list.find(key);
  return found == list.end() ? std::to_string(key) : found->second.text;
}

std::string TraceReader::state_name(u16 lane, u64 state) const {
  if (state == kStateEnded) return "ended";
  const auto found = lanes_.find(lane);
  if (found == lanes_.end()) return std::to_string(state);
  return name(states_of(found->second.type), state);
}

std::vector<Record> TraceReader::read(size_t index) const {
  const Chunk& chunk = chunks_[index];
  if (tail_ && index + 1 == chunks_.size()) return *tail_;
  std::vector<Record> records = decode_records(payload({chunk.offset, chunk.header}), chunk.header.first);
  if (std::ranges::any_of(records, [](const Record& record) { return record.lane >= kMostLanes; }))
    damaged(chunk.offset, "a record is of no lane");
  return records;
}

std::shared_ptr<const std::vector<Record>> TraceReader::kept(size_t index) const {
  const auto found = std::ranges::find(kept_, index, [](const auto& block) { return block.first; });
  if (found != kept_.end()) {
    auto block = *found;
    kept_.erase(found);
    kept_.push_front(std::move(block));
  } else {
    kept_.emplace_front(index, std::make_shared<const std::vector<Record>>(read(index)));
    if (kept_.size() > kKeptBlocks) kept_.pop_back();
  }
  return kept_.front().second;
}

}  // namespace hvlab::record
