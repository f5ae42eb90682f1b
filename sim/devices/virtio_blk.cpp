#include "sim/devices/virtio_blk.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/base/bits.hpp"

namespace hvlab::devices {

namespace {

// Feature bits (5.2.3)
constexpr u64 kSizeMax = bit(1), kSegMax = bit(2), kReadOnly = bit(5), kBlockSize = bit(6), kFlush = bit(9),
              kDiscard = bit(13);
// Configuration (5.2.4)
constexpr u32 kCapacityAt = 0, kSizeMaxAt = 8, kSegMaxAt = 12, kBlockSizeAt = 20, kMaxDiscardSectorsAt = 36,
              kMaxDiscardSegmentsAt = 40, kDiscardAlignmentAt = 44, kConfigBytes = 60;
// Request types and status (5.2.6)
enum Type : u32 { In = 0, Out = 1, Flush = 4, GetId = 8, Discard = 11 };
enum Status : u8 { Ok = 0, IoError = 1, Unsupported = 2 };

constexpr u64 kSector = 512, kHeaderBytes = 16, kIdBytes = 20, kDiscardSegmentBytes = 16;
constexpr u32 kSegmentBytes = 64 * 1024, kSegments = 126;
constexpr u64 kRequestBytes = u64{kSegmentBytes} * kSegments;
// Beyond this, requests wait in the ring: it bounds the host memory that a guest can claim.
constexpr u64 kBytesInFlight = 4 * kRequestBytes;

struct Header {
  u32 type;
  u32 reserved;
  u64 sector;
};
struct DiscardSegment {
  u64 sector;
  u32 sectors;
  u32 flags;
};

}  // namespace

VirtioBlk::VirtioBlk(const PciServices& services, BlockMedium& medium, const std::string& serial)
    : VirtioPci(
          {.type = virtio::Type::Block,
           .class_code = 0x01'0000,
           .features = kSizeMax | kSegMax | kBlockSize | kFlush | (medium.read_only() ? kReadOnly : kDiscard),
           .queues = 1,
           .queue_size = 256,
           .config_bytes = kConfigBytes},
          services),
      medium_(medium),
      serial_(serial) {
  serial_.resize(kIdBytes);
  set_config<u64>(kCapacityAt, medium.capacity() / kSector);
  set_config<u32>(kSizeMaxAt, kSegmentBytes);
  set_config<u32>(kSegMaxAt, kSegments);
  set_config<u32>(kBlockSizeAt, kSector);
  set_config<u32>(kMaxDiscardSectorsAt, 1u << 22);
  set_config<u32>(kMaxDiscardSegmentsAt, 1);
  set_config<u32>(kDiscardAlignmentAt, 1);
  medium.attach(*this);
}

void VirtioBlk::device_reset() {
  medium_.abandon();
  state_.in_flight.clear();
  state_.bytes_in_flight = 0;
}

void VirtioBlk::queue_notified(u16) {
  VirtqueueChain chain;
  // At most as many as the queue holds, as in drain().
  for (u32 left = queue(0).state().size; left != 0 && state_.bytes_in_flight < kBytesInFlight; --left) {
    if (!take(0, chain)) break;
    start(chain);
  }
  if (running()) queue(0).want_notifications(true);
}

void VirtioBlk::start(const VirtqueueChain& chain) {
  Header header{};
  if (chain.readable_bytes < kHeaderBytes || chain.writable_bytes < 1) {
    broken();
    return;
  }
  gather(structure_dma(), chain.readable, 0, &header, sizeof header);
  Request request{.id = state_.next_id++,
                  .head = chain.head,
                  .type = header.type,
                  .bytes = 0,
                  .writable_bytes = chain.writable_bytes,
                  .writable = chain.writable};
  BlockRequest block;
  block.id = request.id;
  u8 status = IoError;
  const bool to_medium = plan(chain, header.sector, request, block, status);
  const u64 direction = header.type == Out ? bit(63) : 0;
  probe().report(observe::EventKind::RequestStart, request.id, request.bytes | direction);
  if (!to_medium) {
    finish(request, status);
    return;
  }
  state_.bytes_in_flight += request.bytes;
  state_.in_flight.emplace(request.id, std::move(request));
  medium_.submit(std::move(block));
}

/// Turns a chain into a request to the medium; false where `status` is the answer already.
bool VirtioBlk::plan(const VirtqueueChain& chain, u64 sector, Request& request, BlockRequest& block,
                     u8& status) {
  const u64 in = chain.writable_bytes - 1;
  const u64 out = chain.readable_bytes - kHeaderBytes;
  block.offset = sector * kSector;
  switch (request.type) {
    case In:
      if (!in_range(sector, in)) return false;
      block.operation = BlockOperation::Read;
      block.bytes = request.bytes = in;
      return true;
    case Out:
      if (!in_range(sector, out) || medium_.read_only()) return false;
      block.operation = BlockOperation::Write;
      block.bytes = request.bytes = out;
      block.data.resize(out);
      gather(dma(), chain.readable, kHeaderBytes, block.data.data(), out);
      return true;
    case Flush:
      block.operation = BlockOperation::Flush;
      block.offset = 0;
      return true;
    case GetId:
      scatter(dma(), chain.writable, 0, serial_.data(), std::min(in, kIdBytes));
      request.bytes = std::min(in, kIdBytes);
      status = Ok;
      return false;
    case Discard: return plan_discard(chain, block, status);
    default: status = Unsupported; return false;
  }
}

bool VirtioBlk::plan_discard(const VirtqueueChain& chain, BlockRequest& block, u8& status) {
  DiscardSegment segment{};
  status = Unsupported;
  if (medium_.read_only() || chain.readable_bytes != kHeaderBytes + kDiscardSegmentBytes) return false;
  gather(structure_dma(), chain.readable, kHeaderBytes, &segment, sizeof segment);
  if (segment.flags != 0) return false;  // "unmap" belongs to WRITE_ZEROES
  status = IoError;
  const u64 sectors = medium_.capacity() / kSector;
  if (segment.sector > sectors || segment.sectors > sectors - segment.sector) return false;
  block.operation = BlockOperation::Discard;
  block.offset = segment.sector * kSector;
  block.bytes = segment.sectors * kSector;
  return true;
}

bool VirtioBlk::in_range(u64 sector, u64 bytes) const {
  const u64 sectors = medium_.capacity() / kSector;
  return bytes % kSector == 0 && bytes <= kRequestBytes && sector <= sectors &&
         bytes / kSector <= sectors - sector;
}

void VirtioBlk::block_done(BlockCompletion completion) {
  auto node = state_.in_flight.extract(completion.id);
  if (node.empty()) return;
  const Request& request = node.mapped();
  state_.bytes_in_flight -= request.bytes;
  if (!running()) return;
  if (request.type == In && completion.ok) {
    completion.data.resize(request.bytes);
    scatter(dma(), request.writable, 0, completion.data.data(), completion.data.size());
  }
  finish(request, completion.ok ? Ok : IoError);
  queue_notified(0);  // those that waited for room
}

void VirtioBlk::finish(const Request& request, u8 status) {
  scatter(structure_dma(), request.writable, request.writable_bytes - 1, &status, 1);
  probe().report(observe::EventKind::RequestDone, request.id, request.bytes);
  // The length promises that everything before it was written (2.7.8.2).
  const bool all = request.writable_bytes == 1 || (request.type == In && status == Ok);
  complete(0, request.head, all ? static_cast<u32>(request.writable_bytes) : 0);
}

}  // namespace hvlab::devices
