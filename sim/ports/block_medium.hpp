// A storage medium as a disk controller sees it: requests go in, completions come back when the medium is
// done.
#pragma once

#include <vector>

#include "sim/base/types.hpp"

namespace hvlab {

enum class BlockOperation : u8 {
  Read,
  Write,
  Flush,    // makes every write completed before it durable; offset and bytes are zero
  Discard,  // the range's content is no longer needed; it reads as zeros afterwards
};

/// One request, plain data that can be saved and restored. `offset` and `bytes` are multiples of 512.
struct BlockRequest {
  u64 id = 0;  // chosen by the client, unique among its requests in flight
  BlockOperation operation = BlockOperation::Read;
  u64 offset = 0;        // bytes from the start of the medium
  u64 bytes = 0;         // length of the range
  std::vector<u8> data;  // Write: `bytes` bytes; else empty
};

/// The end of one request.
struct BlockCompletion {
  u64 id = 0;
  bool ok = true;  // false: the medium could not (host file error, range beyond the end, write to read-only)
  std::vector<u8> data;  // a Read that is ok: the range's bytes as of its completion; else empty
};

/// What a controller implements to hear of completions.
class BlockClient {
 public:
  virtual ~BlockClient() = default;
  /// Called from a clock event at the simulated time at which the medium is done; never from inside submit().
  /// The client may submit again from here.
  virtual void block_done(BlockCompletion completion) = 0;
};

class BlockMedium {
 public:
  virtual ~BlockMedium() = default;

  /// Names the one client; called once while the machine is built.
  virtual void attach(BlockClient& client) = 0;

  /// Size in bytes, a multiple of 512; constant.
  virtual u64 capacity() const = 0;
  virtual bool read_only() const = 0;

  /// Takes a request. Any number may be in flight; the medium decides order and time, but completes each
  /// exactly once. A range outside the capacity, or a write to a read-only medium, completes with ok = false.
  virtual void submit(BlockRequest request) = 0;

  /// Forgets every request in flight (controller reset): they will not complete, and writes among them that
  /// have not completed do not happen.
  virtual void abandon() = 0;
};

}  // namespace hvlab
