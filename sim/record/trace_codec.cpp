#include "sim/record/trace_codec.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <utility>

#include "sim/record/little_endian.hpp"

namespace hvlab::record {

namespace {

// Fast, and its output is the same everywhere for a given version of libzstd.
constexpr int kCompressionLevel = 1;

// One field of all records, into its byte planes.
template <class T, class Row, class Field>
u8* put_planes(std::span<const Row> rows, u8* to, Field field) {
  const size_t count = rows.size();
  for (size_t i = 0; i < count; ++i) {
    const u64 value = field(rows[i]);
    for (size_t byte = 0; byte < sizeof(T); ++byte)
      to[byte * count + i] = static_cast<u8>(value >> (8 * byte));
  }
  return to + sizeof(T) * count;
}

template <class T, class Row, class Store>
const u8* take_planes(std::vector<Row>& rows, const u8* from, Store store) {
  const size_t count = rows.size();
  for (size_t i = 0; i < count; ++i) {
    u64 value = 0;
    for (size_t byte = 0; byte < sizeof(T); ++byte) value |= u64{from[byte * count + i]} << (8 * byte);
    store(rows[i], static_cast<T>(value));
  }
  return from + sizeof(T) * count;
}

}  // namespace

u32 crc32_of(Bytes bytes) { return static_cast<u32>(crc32_z(0, bytes.data(), bytes.size())); }

void encode_records(std::span<const Record> records, u64 first, std::vector<u8>& to) {
  to.resize(records.size() * kRecordBytes);
  u8* at = to.data();
  at = put_planes<u64>(records, at, [before = first](const Record& r) mutable {
    return r.time - std::exchange(before, r.time);
  });
  at = put_planes<u64>(records, at, [](const Record& r) { return r.a; });
  at = put_planes<u64>(records, at, [](const Record& r) { return r.b; });
  at = put_planes<u64>(records, at, [](const Record& r) { return r.rip; });
  at = put_planes<u8>(records, at, [](const Record& r) { return r.kind; });
  at = put_planes<u8>(records, at, [](const Record& r) { return r.core; });
  put_planes<u16>(records, at, [](const Record& r) { return r.lane; });
}

std::vector<Record> decode_records(Bytes raw, u64 first) {
  std::vector<Record> records(raw.size() / kRecordBytes);
  const u8* from = raw.data();
  from =
      take_planes<u64>(records, from, [time = first](Record& r, u64 step) mutable { r.time = time += step; });
  from = take_planes<u64>(records, from, [](Record& r, u64 value) { r.a = value; });
  from = take_planes<u64>(records, from, [](Record& r, u64 value) { r.b = value; });
  from = take_planes<u64>(records, from, [](Record& r, u64 value) { r.rip = value; });
  from = take_planes<u8>(records, from, [](Record& r, u8 value) { r.kind = value; });
  from = take_planes<u8>(records, from, [](Record& r, u8 value) { r.core = value; });
  take_planes<u16>(records, from, [](Record& r, u16 value) { r.lane = value; });
  return records;
}

void encode_entries(std::span<const Entry> entries, std::vector<u8>& to) {
  to.resize(entries.size() * kEntryBytes);
  u8* at = to.data();
  at = put_planes<u32>(entries, at, [before = u32{0}](const Entry& e) mutable {
    return static_cast<u32>(e.bucket - std::exchange(before, e.bucket));
  });
  at = put_planes<u16>(entries, at, [](const Entry& e) { return e.lane; });
  at = put_planes<u16>(entries, at, [](const Entry& e) { return e.what; });
  put_planes<u64>(entries, at, [](const Entry& e) { return e.value; });
}

std::vector<Entry> decode_entries(Bytes raw) {
  std::vector<Entry> entries(raw.size() / kEntryBytes);
  const u8* from = raw.data();
  from = take_planes<u32>(entries, from,
                          [bucket = u32{0}](Entry& e, u32 step) mutable { e.bucket = bucket += step; });
  from = take_planes<u16>(entries, from, [](Entry& e, u16 value) { e.lane = value; });
  from = take_planes<u16>(entries, from, [](Entry& e, u16 value) { e.what = value; });
  take_planes<u64>(entries, from, [](Entry& e, u64 value) { e.value = value; });
  return entries;
}

void encode_name(const NameEntry& entry, std::vector<u8>& to) {
  const size_t length = std::min<size_t>(entry.text.size(), 0xFFFF);
  u8 fixed[20] = {};
  put<u64>(fixed, entry.key);
  put<u64>(fixed + 8, entry.value);
  put<u16>(fixed + 16, static_cast<u16>(entry.table));
  put<u16>(fixed + 18, static_cast<u16>(length));
  to.insert(to.end(), fixed, fixed + sizeof fixed);
  to.insert(to.end(), entry.text.begin(), entry.text.begin() + static_cast<std::ptrdiff_t>(length));
}

std::optional<std::vector<NameEntry>> decode_names(Bytes raw, u32 count) {
  std::vector<NameEntry> names;
  for (u32 i = 0; i < count; ++i) {
    if (raw.size() < 20) return std::nullopt;
    const size_t length = take<u16>(&raw[18]);
    if (raw.size() - 20 < length) return std::nullopt;
    names.push_back({.table = static_cast<NameTable>(take<u16>(&raw[16])),
                     .key = take<u64>(raw.data()),
                     .value = take<u64>(&raw[8]),
                     .text = std::string(reinterpret_cast<const char*>(raw.data()) + 20, length)});
    raw = raw.subspan(20 + length);
  }
  if (!raw.empty()) return std::nullopt;
  return names;
}

void compress(Bytes raw, std::vector<u8>& to) {
  to.resize(ZSTD_compressBound(raw.size()));
  const size_t size = ZSTD_compress(to.data(), to.size(), raw.data(), raw.size(), kCompressionLevel);
  to.resize(size);  // cannot fail: the buffer is as large as it can become
}

std::optional<std::vector<u8>> decompress(Bytes stored, size_t raw) {
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != raw) return std::nullopt;
  std::vector<u8> bytes(raw);
  if (ZSTD_decompress(bytes.data(), raw, stored.data(), stored.size()) != raw) return std::nullopt;
  return bytes;
}

}  // namespace hvlab::record
