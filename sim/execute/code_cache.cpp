#include "sim/execute/code_cache.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/base/bits.hpp"
#include "sim/base/check.hpp"
#include "sim/decode/decoder.hpp"
#include "sim/execute/engine.hpp"
#include "sim/execute/near_branch.hpp"
#include "sim/execute/processor.hpp"

namespace hvlab::execute {

namespace {

constexpr size_t kBuckets = 1 << 16;

// A page's flags above CodeGuard's: how often it has lost its last block. One that keeps getting new code, as
// a translator's or a program's that changes itself, stays watched from then on, until everything is decoded
// anew: to give it back for direct writing means to search all software TLBs again with the next block.
constexpr u8 kEmptied = 0x10, kOftenEmptied = 4 * kEmptied;

/// Behind the last byte whose change ends a block, as an offset in its first page. Beyond 4096 it is in the
/// second page, which may be the first once more.
unsigned end_of(const Block& block) { return block.page_offset + block.watched; }

size_t bucket_of(u64 key) { return (key ^ (key >> 16) ^ (key >> 40)) & (kBuckets - 1); }

}  // namespace

CodeCache::CodeCache(u64 ram_pages)
    : buckets_(kBuckets), jumps_(std::make_unique<decode::JumpEntry[]>(decode::kJumpEntries)) {
  flags_.resize(ram_pages);
  pieces_.resize(ram_pages);
}

Block* CodeCache::find(u64 key) {
  decode::JumpEntry& jump = jumps_[decode::jump_index(key)];
  if (jump.key == key && !jump.block->dead) return jump.block;
  for (Block* b = buckets_[bucket_of(key)]; b != nullptr; b = b->next_in_bucket) {
    if (b->key != key) continue;
    // A block with a page-crossing instruction also depends on where its second page is: never entered
    // unchecked.
    if (b->second_page == nullptr) jump = {key, b};
    return b;
  }
  return nullptr;
}

Block* CodeCache::allocate(size_t operations) {
  const size_t bytes = align_up(sizeof(Block) + operations * sizeof(Op), 64);
  if (chunks_.empty() || chunk_used_ + bytes > limits_.chunk_bytes) {
    if (chunks_.size() >= limits_.chunks) flush();
    chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(limits_.chunk_bytes));
    chunk_used_ = 0;
  }
  void* at = chunks_.back().get() + chunk_used_;
  chunk_used_ += bytes;
  return new (at) Block{};
}

void CodeCache::flush() {
  for (const auto& [page, code] : pages_)
    if (page < pieces_.size()) pieces_[page] = 0;
  for (u8& flags : flags_) flags &= kWriteMapped;
  pages_.clear();
  std::fill(buckets_.begin(), buckets_.end(), nullptr);
  std::fill_n(jumps_.get(), decode::kJumpEntries, decode::JumpEntry{});
  chunks_.clear();
  behind_probes_.clear();
  ++epoch_;
}

void CodeCache::set_probes(std::vector<u64> addresses) {
  std::ranges::sort(addresses);
  if (addresses == probes_) return;
  probes_ = std::move(addresses);
  probe_offsets_.reset();
  for (const u64 address : probes_) probe_offsets_.set(address & 0xFFF);
  stale_ = true;
}

void CodeCache::renew() {
  flush();
  stale_ = false;
}

bool CodeCache::select(decode::Form& form, Op& op, const decode::Row*& row) const {
  using decode::Mnemonic;
  // Processors without LZCNT and TZCNT ignore the F3 prefix of BSR and BSF (SDM vol. 2).
  if (form.mnemonic == Mnemonic::LZCNT && !rules_.features.test(static_cast<size_t>(arch::Feature::Abm)))
    form.mnemonic = Mnemonic::BSR;
  if (form.mnemonic == Mnemonic::TZCNT && !rules_.features.test(static_cast<size_t>(arch::Feature::Bmi1)))
    form.mnemonic = Mnemonic::BSF;
  op.mnemonic = static_cast<u16>(form.mnemonic);
  Handlers handlers;
  row = decode::find_row(form, op, handlers);
  if (row == nullptr || !rules_.features.test(static_cast<size_t>(row->feature))) return false;
  if ((row->attributes & decode::row::kNo64) && form.code_bytes == 8) return false;
  if ((row->attributes & decode::row::kOnly64) && form.code_bytes != 8) return false;
  op.handler = handlers.threaded;
  op.step = handlers.returning;
  op.needs = static_cast<u8>(row->attributes);
  op.intercept = static_cast<u8>(row->intercept);
  if (row->attributes & decode::row::kStep) op.handler = &leave_for_step;
  return true;
}

u32 CodeCache::cost_of(const decode::Form& form, const decode::Row& row) const {
  using decode::CostClass;
  const auto cost = [&](CostClass c) { return rules_.cost[static_cast<size_t>(c)]; };
  u32 total = cost(row.cost);
  if (form.reads_memory) total += cost(CostClass::Load);
  if (form.writes_memory) total += cost(CostClass::Store);
  const bool exchanges = form.mnemonic == decode::Mnemonic::XCHG && form.writes_memory;
  if (form.lock || exchanges) total += cost(CostClass::LockedAtomic);
  return total;
}

bool CodeCache::add_operation(Block& block, const u8* code, size_t available, BlockMode mode, bool& ends) {
  Op& op = building_[block.operations];
  decode::Form form;
  const decode::Decoded decoded =
      decode::decode(code, std::min<size_t>(available, 15), mode.code_bytes, mode.stack_bytes, form, op);
  if (decoded == decode::Decoded::Truncated && available < 15) return false;
  const decode::Row* row = nullptr;
  if (decoded != decode::Decoded::Ok || !select(form, op, row)) {
    op.handler = &leave_for_step;
    op.step =
        decoded == decode::Decoded::TooLong || decoded == decode::Decoded::Truncated ? &too_long : &undefined;
    op.needs = 0;
    op.length = std::max<u8>(op.length, 1);
    op.cost = 1;
    ends = true;
    block.watched = static_cast<u16>(block.bytes + 15);  // other bytes behind may make an instruction of it
  } else {
    op.cost = static_cast<u16>(cost_of(form, *row));
    ends = (row->attributes & decode::row::kEnds) != 0;
  }
  op.number = block.operations;
  op.offset = static_cast<u16>(block.bytes);
  op.cycles_before = static_cast<u16>(block.cost);
  if (op.base == decode::kBlockRegister) op.disp += static_cast<i32>(block.bytes);
  op.relative = form.relative;
  if (form.relative) op.disp = static_cast<i32>(op.imm + op.length + static_cast<i64>(block.bytes));
  block.bytes += op.length;
  block.cost += op.cost;
  ++block.operations;
  return true;
}

Block* CodeCache::build(const u8* host, u64 page, BlockMode mode, const u8* next_page, u64 next_page_number) {
  Block head;
  head.page = page;
  head.page_offset = static_cast<u16>(reinterpret_cast<u64>(host) & 0xFFF);
  head.key = decode::block_key(host, mode.key());
  const u32 room = 4096u - head.page_offset;
  bool ends = false;
  const bool may_be_probed = mode.code_bytes == 8 && probe_offsets_.any();
  while (!ends && head.operations < limits_.block_operations && head.bytes < room && head.cost < 20'000) {
    if (may_be_probed && head.operations != 0 && probe_offsets_[head.page_offset + head.bytes]) break;
    if (!add_operation(head, host + head.bytes, room - head.bytes, mode, ends)) break;
  }
  if (head.operations == 0) {
    // The first instruction crosses into the next page: a block of its own, decoded from a copy of its bytes.
    if (next_page == nullptr) return nullptr;
    u8 copy[30];
    const u32 here = std::min(room, 15u);
    std::memcpy(copy, host, here);
    std::memcpy(copy + here, next_page, 15);
    HVLAB_CHECK(add_operation(head, copy, 15, mode, ends));
    head.second_page = next_page;
    ends = false;
  }
  const size_t count = head.operations + 1u;
  building_[head.operations] = end_of_block(head);
  head.second_page_number = next_page_number;
  head.watched = std::max(head.watched, static_cast<u16>(head.bytes));
  const Op& last = building_[head.operations - 1];
  const i64 next = i64{head.page_offset} + head.bytes, taken = i64{head.page_offset} + last.disp;
  head.linkable[0] = next < 4096;
  const bool cut = last.operand_bytes < mode.code_bytes;  // the target may be in another page after all
  head.linkable[1] = last.relative && taken >= 0 && taken < 4096 && head.second_page == nullptr && !cut;
  Block* block = allocate(count);
  *block = head;
  std::memcpy(static_cast<void*>(block->ops()), building_.data(), count * sizeof(Op));
  block->ops()[count - 1].imm = reinterpret_cast<i64>(block);
  if (last.relative) {
    Op& branch = block->ops()[count - 2];
    branch.imm = reinterpret_cast<i64>(block);
    if (!head.linkable[1]) branch.handler = out_of_page(branch.handler);
  }
  if (may_be_probed && probe_offsets_[head.page_offset])
    behind_probes_[block->ops()] = std::exchange(block->ops()->handler, &probe_threaded);

  Block*& bucket = buckets_[bucket_of(block->key)];
  block->next_in_bucket = bucket;
  bucket = block;
  const unsigned last_byte = head.page_offset + head.watched - 1u;
  enter_page(block, page, head.page_offset, std::min(last_byte, 4095u));
  if (head.second_page != nullptr) enter_page(block, next_page_number, 0, last_byte - 4096u);
  return block;
}

void CodeCache::enter_page(Block* block, u64 page, unsigned first, unsigned last) {
  pages_[page].push_back(block);
  if (page >= flags_.size()) return;
  pieces_[page] |= pieces(first, last);
  if (flags_[page] & kHasCode) return;
  flags_[page] |= kHasCode;
  if (!(flags_[page] & kWriteMapped)) return;
  flags_[page] &= static_cast<u8>(~kWriteMapped);
  const u8* host = block->page == page
                       ? reinterpret_cast<const u8*>(align_down(block->key & low_mask(56), 4096))
                       : block->second_page;
  for (mmu::Tlb* tlb : tlbs_) tlb->revoke(host, false);
}

void CodeCache::written(u64 address, size_t bytes) {
  const u64 last = address + bytes - 1;
  for (u64 page = address >> 12; page <= last >> 12; ++page) {
    if (!holds_code(page)) continue;
    const unsigned from = page == address >> 12 ? address & 0xFFF : 0;
    const unsigned to = page == last >> 12 ? last & 0xFFF : 4095;
    written_in_page(page, from, to);
  }
}

void CodeCache::written_in_page(u64 page, unsigned first, unsigned last) {
  if (!code_at(page, first, last)) return;
  std::vector<Block*> hit;
  for (Block* b : pages_[page]) {
    const bool in_first = b->page == page && b->page_offset <= last && end_of(*b) > first;
    const bool in_second =
        b->second_page != nullptr && b->second_page_number == page && end_of(*b) > first + 4096;
    if (in_first || in_second) hit.push_back(b);
  }
  for (Block* b : hit)
    if (!b->dead) kill(b);  // it stands here twice if both its pages are the same
}

void CodeCache::kill(Block* block) {
  block->dead = true;
  Block** at = &buckets_[bucket_of(block->key)];
  while (*at != block) at = &(*at)->next_in_bucket;
  *at = block->next_in_bucket;
  for (unsigned i = 0; i <= block->operations; ++i) block->ops()[i].handler = &resync;
  forget(block, block->page);
  if (block->second_page != nullptr) forget(block, block->second_page_number);
}

/// Takes `block` off a page's list, and off the links of the page's other blocks.
void CodeCache::forget(Block* block, u64 page) {
  CodePage& code = pages_[page];
  std::erase(code, block);
  u64 left = 0;
  for (Block* other : code) {
    for (Block*& link : other->link)
      if (link == block) link = nullptr;
    if (other->page == page) left |= pieces(other->page_offset, std::min(end_of(*other) - 1, 4095u));
    if (other->second_page != nullptr && other->second_page_number == page)
      left |= pieces(0, end_of(*other) - 1 - 4096);
  }
  if (page < pieces_.size()) pieces_[page] = left;
  if (code.empty()) emptied(page);
}

void CodeCache::emptied(u64 page) {
  pages_.erase(page);
  if (page >= flags_.size() || flags_[page] >= kOftenEmptied) return;
  flags_[page] = static_cast<u8>((flags_[page] + kEmptied) & ~kHasCode);
}

std::shared_ptr<CodeCache> make_code_cache(u64 ram_pages, u64 bytes) {
  auto cache = std::make_shared<CodeCache>(ram_pages);
  CodeCache::Limits limits;
  limits.chunk_bytes = std::min<size_t>(limits.chunk_bytes, bytes);
  limits.chunks = bytes / limits.chunk_bytes;
  cache->set_limits(limits);
  return cache;
}

void set_probes(CodeCache& cache, std::vector<u64> addresses) { cache.set_probes(std::move(addresses)); }

void memory_written(CodeCache& cache, u64 address, size_t bytes) {
  if (bytes != 0) cache.written(address, bytes);
}

}  // namespace hvlab::execute
