// Decoded code of a machine: blocks by key and by page, built on demand, dropped when their bytes are
// written.
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <memory>
#include <unordered_map>
#include <vector>

#include "sim/decode/block.hpp"
#include "sim/decode/form.hpp"
#include "sim/mmu/tlb.hpp"
#include "sim/ports/code_guard.hpp"

namespace hvlab::execute {

using decode::Block;
using decode::BlockMode;
using decode::Op;

class CodeCache final : public CodeGuard {
 public:
  explicit CodeCache(u64 ram_pages);

  /// What decoding needs to know of the (identical) processors.
  struct Rules {
    std::array<u32, decode::kCostClasses> cost{};
    arch::FeatureSet features;
  };
  void set_rules(const Rules& rules) { rules_ = rules; }

  /// The shape of blocks and the room for them. Nothing that is simulated depends on it: tests make both
  /// small.
  struct Limits {
    unsigned block_operations = decode::kMaxBlockOps;  // 1 to decode::kMaxBlockOps
    size_t chunk_bytes = 4 << 20;                      // at least a block of kMaxBlockOps operations
    size_t chunks = 24;                                // when as many are full, everything is decoded anew
  };
  void set_limits(const Limits& limits) { limits_ = limits; }

  /// Linear addresses at which 64-bit code reports EventKind::Probe; replaces those from before. All code is
  /// decoded anew before any processor looks for a block again. A block that holds code at such an offset in
  /// its page begins there, with probe_threaded in front; nothing else differs, and nothing at all where
  /// there are no probes.
  void set_probes(std::vector<u64> addresses);
  bool probed(u64 linear) const { return std::ranges::binary_search(probes_, linear); }
  /// The handler of an operation that has probe_threaded in its place.
  decode::Threaded* behind_probe(const Op* op) const { return behind_probes_.find(op)->second; }
  /// True if probes have changed: renew() must come before the next look-up.
  bool stale() const { return stale_; }
  void renew();

  /// A processor's TLB, which must stop writing directly to pages that hold code.
  void add_tlb(mmu::Tlb* tlb) { tlbs_.push_back(tlb); }

  /// The block with `key`, if it is there and alive.
  Block* find(u64 key);

  /// Decodes the block that starts at `host`, the byte at `page_offset` of physical page `page`. `next_page`
  /// gives the host address of the linear page that follows, for an instruction that crosses; nullptr if it
  /// cannot be fetched, in which case a block that would begin with such an instruction is not built and
  /// nullptr is returned.
  Block* build(const u8* host, u64 page, BlockMode mode, const u8* next_page, u64 next_page_number);

  void written(u64 address, size_t bytes) override;
  /// Forgets one block.
  void drop(Block* block) { kill(block); }

  /// Counts flushes: pointers to blocks from before are no longer good.
  u64 epoch() const { return epoch_; }
  decode::JumpEntry* jumps() { return jumps_.get(); }

 private:
  using CodePage = std::vector<Block*>;  // what was decoded from it

  Block* allocate(size_t operations);
  void flush();
  void enter_page(Block* block, u64 page, unsigned first, unsigned last);
  void written_in_page(u64 page, unsigned first, unsigned last);
  void kill(Block* block);
  void forget(Block* block, u64 page);
  void emptied(u64 page);
  bool select(decode::Form& form, Op& op, const decode::Row*& row) const;
  u32 cost_of(const decode::Form& form, const decode::Row& row) const;
  bool add_operation(Block& block, const u8* code, size_t available, BlockMode mode, bool& ends);

  Rules rules_;
  Limits limits_;
  std::vector<u64> probes_;                                         // ascending
  std::bitset<4096> probe_offsets_;                                 // theirs in their pages
  std::unordered_map<const Op*, decode::Threaded*> behind_probes_;  // only looked up
  bool stale_ = false;
  std::vector<mmu::Tlb*> tlbs_;
  std::unordered_map<u64, CodePage> pages_;
  std::vector<Block*> buckets_;
  std::unique_ptr<decode::JumpEntry[]> jumps_;
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  size_t chunk_used_ = 0;
  u64 epoch_ = 1;
  alignas(64) std::array<Op, decode::kMaxBlockOps + 1> building_;
};

}  // namespace hvlab::execute
