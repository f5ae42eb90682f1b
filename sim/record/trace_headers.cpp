#include <algorithm>
#include <cstring>

#include "sim/record/little_endian.hpp"
#include "sim/record/trace_codec.hpp"

namespace hvlab::record {

namespace {

constexpr char kFileMagic[8] = {'H', 'V', 'L', 'A', 'B', 'T', 'R', 'C'};
constexpr char kBlockMagic[4] = {'H', 'V', 'B', 'K'};
constexpr char kTrailerMagic[8] = {'H', 'V', 'L', 'A', 'B', 'E', 'N', 'D'};

bool plausible(const BlockHeader& header) {
  if (header.raw > kMaxRawBytes || header.earliest > header.latest) return false;
  switch (header.type) {
    case BlockType::Names: return true;
    case BlockType::Records: return header.raw == u64{header.count} * kRecordBytes;
    case BlockType::Summary: return header.detail < 64 && header.raw == u64{header.count} * kEntryBytes;
    case BlockType::End: return header.raw == u64{header.count} * kIndexEntryBytes;
  }
  return false;
}

}  // namespace

std::array<u8, kFileHeaderBytes> encode_file_header(const FileHeader& header) {
  std::array<u8, kFileHeaderBytes> bytes{};
  std::memcpy(bytes.data(), kFileMagic, sizeof kFileMagic);
  put<u32>(&bytes[8], kTraceVersion);
  put<u32>(&bytes[12], static_cast<u32>(header.level));
  put<u64>(&bytes[16], header.frequency_hz);
  put<u32>(&bytes[28], crc32_of(Bytes(bytes).first(28)));
  return bytes;
}

std::optional<FileHeader> decode_file_header(Bytes bytes) {
  if (bytes.size() < kFileHeaderBytes || std::memcmp(bytes.data(), kFileMagic, sizeof kFileMagic) != 0 ||
      take<u32>(&bytes[8]) != kTraceVersion || take<u32>(&bytes[28]) != crc32_of(bytes.first(28)))
    return std::nullopt;
  const u32 level = take<u32>(&bytes[12]);
  const u64 frequency = take<u64>(&bytes[16]);
  if (level > static_cast<u32>(RecordLevel::Full) || frequency == 0) return std::nullopt;
  return FileHeader{.level = static_cast<RecordLevel>(level), .frequency_hz = frequency};
}

std::array<u8, kBlockHeaderBytes> encode_block_header(const BlockHeader& header) {
  std::array<u8, kBlockHeaderBytes> bytes{};
  std::memcpy(bytes.data(), kBlockMagic, sizeof kBlockMagic);
  put<u16>(&bytes[4], static_cast<u16>(header.type));
  put<u16>(&bytes[6], header.detail);
  put<u32>(&bytes[8], header.count);
  put<u32>(&bytes[12], header.stored);
  put<u32>(&bytes[16], header.raw);
  put<u32>(&bytes[20], header.payload_crc);
  put<u64>(&bytes[24], header.first);
  put<u64>(&bytes[32], header.earliest);
  put<u64>(&bytes[40], header.latest);
  put<u64>(&bytes[48], header.before);
  put<u32>(&bytes[60], crc32_of(Bytes(bytes).first(60)));
  return bytes;
}

std::optional<BlockHeader> decode_block_header(Bytes bytes) {
  if (bytes.size() < kBlockHeaderBytes || std::memcmp(bytes.data(), kBlockMagic, sizeof kBlockMagic) != 0 ||
      take<u32>(&bytes[60]) != crc32_of(bytes.first(60)))
    return std::nullopt;
  const BlockHeader header{.type = static_cast<BlockType>(take<u16>(&bytes[4])),
                           .detail = take<u16>(&bytes[6]),
                           .count = take<u32>(&bytes[8]),
                           .stored = take<u32>(&bytes[12]),
                           .raw = take<u32>(&bytes[16]),
                           .first = take<u64>(&bytes[24]),
                           .earliest = take<u64>(&bytes[32]),
                           .latest = take<u64>(&bytes[40]),
                           .before = take<u64>(&bytes[48]),
                           .payload_crc = take<u32>(&bytes[20])};
  return plausible(header) ? std::optional(header) : std::nullopt;
}

BlockHeader header_of(const std::vector<Record>& records, u64 before) {
  BlockHeader header{.type = BlockType::Records,
                     .count = static_cast<u32>(records.size()),
                     .first = records.front().time,
                     .earliest = kNever,
                     .before = before};
  for (const Record& record : records) {
    if (record.kind == trace_kind::kHeld) continue;
    header.earliest = std::min(header.earliest, record.time);
    header.latest = std::max(header.latest, record.time);
  }
  return header;
}

std::array<u8, kTrailerBytes> encode_trailer(u64 end_block) {
  std::array<u8, kTrailerBytes> bytes{};
  put<u64>(bytes.data(), end_block);
  std::memcpy(&bytes[8], kTrailerMagic, sizeof kTrailerMagic);
  return bytes;
}

std::optional<u64> decode_trailer(Bytes bytes) {
  if (bytes.size() != kTrailerBytes || std::memcmp(&bytes[8], kTrailerMagic, sizeof kTrailerMagic) != 0)
    return std::nullopt;
  return take<u64>(bytes.data());
}

std::vector<u8> encode_index(std::span<const BlockPlace> places) {
  std::vector<u8> bytes(places.size() * kIndexEntryBytes);
  u8* at = bytes.data();
  for (const BlockPlace& place : places) {
    put<u64>(at, place.offset);
    const auto header = encode_block_header(place.header);
    std::memcpy(at + 8, header.data(), header.size());
    at += kIndexEntryBytes;
  }
  return bytes;
}

std::optional<std::vector<BlockPlace>> decode_index(Bytes raw) {
  std::vector<BlockPlace> places;
  for (; raw.size() >= kIndexEntryBytes; raw = raw.subspan(kIndexEntryBytes)) {
    const auto header = decode_block_header(raw.subspan(8, kBlockHeaderBytes));
    if (!header) return std::nullopt;
    places.push_back({.offset = take<u64>(raw.data()), .header = *header});
  }
  if (!raw.empty()) return std::nullopt;
  return places;
}

}  // namespace hvlab::record
