// Regions. Pages, and the way between the kernel and a program's memory, are in address_space_pages.cpp;
// flushing other processors' TLBs is in flush.cpp.
#include "hv-models/kernel/address_space.hpp"

#include "hv-models/kernel/container.hpp"
#include "hv-models/kernel/error.hpp"
#include "hv-models/kernel/flush.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/runtime/processors.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;
using runtime::kUserEnd;

constexpr u64 kRoomBegin = 0x7000'0000'0000;  // where mappings without a wish of their own go

bool is_page_range(u64 address, u64 bytes) {
  return address % kPageBytes == 0 && bytes != 0 && bytes <= kUserEnd && address <= kUserEnd - bytes;
}

// Pages of memory whose translations others may still hold: freed after the flush. Linked through their first
// words.
struct Doomed {
  u64 first = 0;
  void add(u64 page) {
    if (page_is_shared(page)) return release_page(page);  // stays in memory; no other writes it now
    *direct<u64>(page) = first;
    first = page;
  }
  void free() {
    while (first != 0) {
      const u64 page = first;
      first = *direct<u64>(page);
      release_page(page);
    }
  }
};

}  // namespace

AddressSpace* AddressSpace::create(const Ref<Container>& container) {
  AddressSpace* space = new (std::nothrow) AddressSpace;
  if (space == nullptr) return nullptr;
  space->container_ = container;
  if (space->table_.set_up()) return space;
  delete space;
  return nullptr;
}

AddressSpace::~AddressSpace() {
  if (table_.root() == 0) return;
  while (Region* region = regions_.pop_front()) {
    table_.for_each(region->begin, region->end, [](u64& entry, u64) {
      if ((entry & pte::kForeign) == 0) release_page(entry & pte::kAddress);
    });
    delete region;
  }
  if (container_) container_->give_back_pages(pages_);
}

Region* AddressSpace::find(u64 address) {
  for (Region* r = regions_.front(); r != nullptr && r->begin <= address; r = regions_.after(*r)) {
    if (address < r->end) return r;
  }
  return nullptr;
}

Region* AddressSpace::insert(u64 begin, u64 end, u8 access) {
  Region* region = new (std::nothrow) Region{{}, begin, end, access, false, {}, 0, 0, 0};
  if (region == nullptr) return nullptr;
  Region* next = regions_.front();
  while (next != nullptr && next->begin < begin) next = regions_.after(*next);
  regions_.insert_before(*region, next);
  return region;
}

// Makes `address` a border between regions.
bool AddressSpace::split_at(u64 address) {
  Region* region = find(address);
  if (region == nullptr || region->begin == address) return true;
  Region* upper = insert(address, region->end, region->access);
  if (upper == nullptr) return false;
  upper->blocks = region->blocks;
  upper->file = region->file;
  upper->file_begin = region->file_begin;
  upper->file_offset = region->file_offset;
  upper->file_bytes = region->file_bytes;
  region->end = address;
  return true;
}

void AddressSpace::drop_pages(u64 begin, u64 end) {
  Doomed doomed;
  u64 dropped = 0;
  bool foreign = false;
  table_.for_each(begin, end, [&](u64& entry, u64) {
    if ((entry & pte::kForeign) != 0) {
      foreign = true;
    } else {
      doomed.add(entry & pte::kAddress);
      ++dropped;
    }
    entry = 0;
  });
  if (dropped == 0 && !foreign) return;
  flush();
  doomed.free();
  pages_ -= dropped;
  if (container_) container_->give_back_pages(dropped);
}

// Its ends are borders.
void AddressSpace::remove_range(u64 begin, u64 end) {
  for (Region* r = regions_.front(); r != nullptr;) {
    Region* next = regions_.after(*r);
    if (r->begin >= begin && r->end <= end) {
      drop_pages(r->begin, r->end);
      regions_.remove(*r);
      delete r;
    }
    r = next;
  }
}

u64 AddressSpace::find_room(u64 bytes, u64 alignment) {
  u64 at = kRoomBegin;
  for (Region* r = regions_.front(); r != nullptr; r = regions_.after(*r)) {
    if (r->end <= at) continue;
    if (r->begin >= at + bytes) break;
    at = align_up(r->end, alignment);
  }
  return at + bytes <= kUserEnd ? at : 0;
}

i64 AddressSpace::map(u64 address, u64 bytes, u8 access) {
  bytes = align_up(bytes, kPageBytes);
  const Hold hold(mutex_);
  if (address == 0 && bytes < kUserEnd) address = find_room(bytes, kPageBytes);
  if (address == 0) return kNoMemory;
  if (!is_page_range(address, bytes)) return kInvalid;
  if (!split_at(address) || !split_at(address + bytes)) return kNoMemory;
  remove_range(address, address + bytes);
  return insert(address, address + bytes, access) != nullptr ? static_cast<i64>(address) : i64{kNoMemory};
}

i64 AddressSpace::map_blocks(u64 bytes, u8 access) {
  if (bytes == 0 || bytes >= kUserEnd - kBlockBytes) return kInvalid;
  bytes = align_up(bytes, kBlockBytes);
  const Hold hold(mutex_);
  const u64 address = find_room(bytes, kBlockBytes);
  Region* region = address != 0 ? insert(address, address + bytes, access) : nullptr;
  if (region == nullptr) return kNoMemory;
  region->blocks = true;
  return static_cast<i64>(address);
}

i64 AddressSpace::map_foreign(const u64* blocks, unsigned count) {
  constexpr u64 kPages = kBlockBytes / kPageBytes;
  const i64 result = map_blocks(count * kBlockBytes, kRead | kWrite);
  if (result < 0) return result;
  const Hold hold(mutex_);
  for (u64 i = 0; i < count * kPages; ++i) {
    u64* entry = table_.entry(static_cast<u64>(result) + i * kPageBytes, true);
    if (entry == nullptr) return kNoMemory;
    *entry = (blocks[i / kPages] + i % kPages * kPageBytes) | page_rights(kRead | kWrite) | pte::kForeign;
  }
  return result;
}

i64 AddressSpace::map_file(u64 begin, u64 end, u8 access, const Ref<Node>& file, u64 file_begin,
                           u64 file_offset, u64 file_bytes) {
  const i64 result = map(begin, end - begin, access);
  if (result < 0) return result;
  const Hold hold(mutex_);
  Region* region = find(begin);
  if (region == nullptr) return kNoMemory;  // another thread has taken it away again
  region->file = file;
  region->file_begin = file_begin;
  region->file_offset = file_offset;
  region->file_bytes = file_bytes;
  return result;
}

i64 AddressSpace::unmap(u64 address, u64 bytes) {
  bytes = align_up(bytes, kPageBytes);
  if (!is_page_range(address, bytes)) return kInvalid;
  const Hold hold(mutex_);
  if (!split_at(address) || !split_at(address + bytes)) return kNoMemory;
  remove_range(address, address + bytes);
  return 0;
}

i64 AddressSpace::protect(u64 address, u64 bytes, u8 access) {
  bytes = align_up(bytes, kPageBytes);
  if (!is_page_range(address, bytes)) return kInvalid;
  const Hold hold(mutex_);
  if (!split_at(address) || !split_at(address + bytes)) return kNoMemory;
  u64 covered = address;
  for (Region* r = find(address); r != nullptr && r->begin == covered && r->end <= address + bytes;
       r = regions_.after(*r)) {
    r->access = access;
    covered = r->end;
    table_.for_each(r->begin, r->end, [&](u64& entry, u64) {
      const u64 copy = entry & pte::kCopy;
      entry = (entry & (pte::kAddress | pte::kForeign)) | page_rights(access) | copy;
      if (copy != 0) entry &= ~pte::kWrite;
    });
  }
  flush();
  return covered == address + bytes ? 0 : kNoMemory;
}

u64 AddressSpace::move_break(u64 end) {
  const u64 old_top = align_up(break_end_, kPageBytes), new_top = align_up(end, kPageBytes);
  if (end < break_begin_ || end >= kRoomBegin) return break_end_;
  if (new_top > old_top) {
    {
      const Hold hold(mutex_);
      for (Region* r = regions_.front(); r != nullptr; r = regions_.after(*r)) {
        if (r->begin < new_top && r->end > old_top) return break_end_;
      }
    }
    if (map(old_top, new_top - old_top, kRead | kWrite) < 0) return break_end_;
  } else if (new_top < old_top && unmap(new_top, old_top - new_top) < 0) {
    return break_end_;
  }
  return break_end_ = end;
}

AddressSpace* AddressSpace::fork(const Ref<Container>& container) {
  AddressSpace* child = create(container);
  if (child == nullptr) return nullptr;
  const Hold hold(mutex_);
  child->break_begin_ = break_begin_;
  child->break_end_ = break_end_;
  bool done = true;
  for (Region* r = regions_.front(); r != nullptr && done; r = regions_.after(*r)) {
    done = child->insert(r->begin, r->end, r->access) != nullptr;
    if (!done) break;
    Region& copy = *child->find(r->begin);
    copy.file = r->file;
    copy.file_begin = r->file_begin;
    copy.file_offset = r->file_offset;
    copy.file_bytes = r->file_bytes;
    table_.for_each(r->begin, r->end, [&](u64& entry, u64 address) {
      if ((entry & pte::kForeign) != 0) return;
      u64* other = done ? child->table_.entry(address, true) : nullptr;
      done = other != nullptr && (!child->container_ || child->container_->take_pages(1));
      if (!done) return;
      entry = (entry & ~pte::kWrite) | pte::kCopy;  // those too that cannot be written now: that may change
      share_page(entry & pte::kAddress);
      *other = entry;
      ++child->pages_;
    });
  }
  flush();
  if (done) return child;
  delete child;
  return nullptr;
}

void AddressSpace::begin_use() {
  __atomic_or_fetch(&users_mask_, 1u << runtime::this_processor().index, __ATOMIC_SEQ_CST);
}
void AddressSpace::end_use() {
  __atomic_and_fetch(&users_mask_, ~(1u << runtime::this_processor().index), __ATOMIC_SEQ_CST);
}
void AddressSpace::flush() { flush_processors(__atomic_load_n(&users_mask_, __ATOMIC_SEQ_CST)); }

}  // namespace hvlab::kernel
