// Records and headers to bytes and back.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/record/pyramid.hpp"
#include "sim/record/trace_format.hpp"

namespace hvlab::record {

using Bytes = std::span<const u8>;

/// The file's first bytes.
struct FileHeader {
  RecordLevel level = RecordLevel::Summary;
  u64 frequency_hz = 0;  // of the processors
};

struct NameEntry {
  NameTable table = NameTable::Kind;
  u64 key = 0;
  u64 value = 0;
  std::string text;
};

/// The header of a block of `records` (not empty) that `before` others stand before; sizes and checksum are
/// not filled in.
BlockHeader header_of(const std::vector<Record>& records, u64 before);

std::array<u8, kFileHeaderBytes> encode_file_header(const FileHeader& header);
/// Nothing if `bytes` are not the beginning of a trace of this version.
std::optional<FileHeader> decode_file_header(Bytes bytes);

std::array<u8, kBlockHeaderBytes> encode_block_header(const BlockHeader& header);
/// Nothing if `bytes` (kBlockHeaderBytes of them) are not a block's header, or one that cannot be right.
std::optional<BlockHeader> decode_block_header(Bytes bytes);

/// The last bytes of a whole file: where the End block's header is.
std::array<u8, kTrailerBytes> encode_trailer(u64 end_block);
std::optional<u64> decode_trailer(Bytes bytes);

/// A block in the file: where its header is, and the header.
struct BlockPlace {
  u64 offset = 0;
  BlockHeader header;
};

/// What the End block holds: the place of every block before it.
std::vector<u8> encode_index(std::span<const BlockPlace> places);
std::optional<std::vector<BlockPlace>> decode_index(Bytes raw);

/// Records with times as differences from the record before (the first from `first`), byte plane by byte
/// plane: kRecordBytes planes of records.size() bytes.
void encode_records(std::span<const Record> records, u64 first, std::vector<u8>& to);
/// `raw.size()` must be a multiple of kRecordBytes.
std::vector<Record> decode_records(Bytes raw, u64 first);

/// A summary's entries, buckets as differences from the entry before, in kEntryBytes byte planes.
void encode_entries(std::span<const Entry> entries, std::vector<u8>& to);
std::vector<Entry> decode_entries(Bytes raw);

void encode_name(const NameEntry& entry, std::vector<u8>& to);
/// Nothing if `raw` is not exactly `count` names.
std::optional<std::vector<NameEntry>> decode_names(Bytes raw, u32 count);

/// CRC-32 (ITU-T V.42), as zlib's.
u32 crc32_of(Bytes bytes);

void compress(Bytes raw, std::vector<u8>& to);
/// Nothing unless `stored` decompresses to exactly `raw` bytes.
std::optional<std::vector<u8>> decompress(Bytes stored, size_t raw);

}  // namespace hvlab::record
