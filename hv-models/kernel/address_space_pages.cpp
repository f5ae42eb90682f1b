// The pages of an address space: how they come, by faults and by the kernel's own access.
#include "hv-models/kernel/address_space.hpp"
#include "hv-models/kernel/container.hpp"
#include "hv-models/kernel/error.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/runtime/memory_layout.hpp"

namespace hvlab::kernel {

using runtime::Hold;
using runtime::kUserEnd;

u64 page_rights(u8 access) {
  u64 result = pte::kPresent;
  if (access != 0) result |= pte::kUser;  // else the page stays, but no program gets at it
  if ((access & kWrite) != 0) result |= pte::kWrite;
  if ((access & kExecute) == 0) result |= pte::kNoExecute;
  return result;
}

bool AddressSpace::read_file_part(const Region& region, u64 page, u8* to) {
  const u64 file_end = region.file_begin + region.file_bytes;
  const u64 begin = page > region.file_begin ? page : region.file_begin;
  const u64 end = page + kPageBytes < file_end ? page + kPageBytes : file_end;
  if (begin >= end) return true;
  const i64 got = region.file->read_at(region.file_offset + (begin - region.file_begin), to + (begin - page),
                                       end - begin);
  return got >= 0;
}

// The first touch of a page.
u64* AddressSpace::fill(Region& region, u64 page, u64* entry) {
  if (container_ && !container_->take_pages(1)) return nullptr;
  u8* fresh = static_cast<u8*>(allocate_zeroed_page());
  if (fresh == nullptr || (region.file && !read_file_part(region, page, fresh))) {
    free_pages(fresh);
    if (container_) container_->give_back_pages(1);
    return nullptr;
  }
  ++pages_;
  *entry = physical(fresh) | page_rights(region.access);
  return entry;
}

// The first touch of a block. False if some of it is there already, or there is no block of memory: then its
// pages come one by one.
bool AddressSpace::fill_block(Region& region, u64 page) {
  constexpr u64 kPages = kBlockBytes / kPageBytes;
  constexpr unsigned kOrder = 9;
  const u64 begin = align_down(page, kBlockBytes);
  u64* entries = table_.entry(begin, true);  // of one table: it covers 2 MiB
  if (entries == nullptr || begin < region.begin || begin + kBlockBytes > region.end) return false;
  for (u64 i = 0; i < kPages; ++i) {
    if (entries[i] != 0) return false;
  }
  if (container_ && !container_->take_pages(kPages)) return false;
  void* memory = allocate_separate_pages(kOrder);
  if (memory == nullptr) {
    if (container_) container_->give_back_pages(kPages);
    return false;
  }
  memset(memory, 0, kBlockBytes);
  const u64 first = physical(memory);
  for (u64 i = 0; i < kPages; ++i) entries[i] = (first + i * kPageBytes) | page_rights(region.access);
  pages_ += kPages;
  return true;
}

// The first write to a page that a fork shares: the last one who has it need not copy.
bool AddressSpace::make_writable(u64* entry) {
  const u64 old = *entry & pte::kAddress;
  const u64 others = *entry & ~(pte::kAddress | pte::kCopy);
  if (!page_is_shared(old)) {
    *entry = old | others | pte::kWrite;
    return true;
  }
  void* copy = allocate_pages();
  if (copy == nullptr) return false;
  memcpy(copy, direct<void>(old), kPageBytes);
  *entry = physical(copy) | others | pte::kWrite;
  flush();  // other threads of this process may still read the old page
  release_page(old);
  return true;
}

u8* AddressSpace::page_for(u64 address, Access access) {
  const u64 page = align_down(address, kPageBytes);
  Region* region = address < kUserEnd ? find(address) : nullptr;
  if (region == nullptr || (region->access & access) == 0) return nullptr;
  u64* entry = table_.entry(page, true);
  if (entry == nullptr) return nullptr;
  if ((*entry & pte::kPresent) == 0 && !(region->blocks && fill_block(*region, page)) &&
      fill(*region, page, entry) == nullptr)
    return nullptr;
  if (access == kWrite && (*entry & pte::kCopy) != 0 && !make_writable(entry)) return nullptr;
  return direct<u8>(*entry & pte::kAddress) + address % kPageBytes;
}

bool AddressSpace::fault(u64 address, Access access) {
  const Hold hold(mutex_);
  return page_for(address, access) != nullptr;
}

int AddressSpace::copy_in(void* to, u64 from, size_t bytes) {
  const Hold hold(mutex_);
  for (u8* at = static_cast<u8*>(to); bytes > 0;) {
    const size_t part = bytes < kPageBytes - from % kPageBytes ? bytes : kPageBytes - from % kPageBytes;
    const u8* page = page_for(from, kRead);
    if (page == nullptr) return kFault;
    memcpy(at, page, part);
    at += part, from += part, bytes -= part;
  }
  return 0;
}

int AddressSpace::copy_out(u64 to, const void* from, size_t bytes) {
  const Hold hold(mutex_);
  for (const u8* at = static_cast<const u8*>(from); bytes > 0;) {
    const size_t part = bytes < kPageBytes - to % kPageBytes ? bytes : kPageBytes - to % kPageBytes;
    u8* page = page_for(to, kWrite);
    if (page == nullptr) return kFault;
    memcpy(page, at, part);
    at += part, to += part, bytes -= part;
  }
  return 0;
}

int AddressSpace::copy_in_text(char* to, u64 from, size_t size) {
  const Hold hold(mutex_);
  const u8* page = nullptr;
  for (size_t i = 0; i < size; ++i, ++page) {
    if (page == nullptr || (from + i) % kPageBytes == 0) page = page_for(from + i, kRead);
    if (page == nullptr) return kFault;
    to[i] = static_cast<char>(*page);
    if (to[i] == 0) return 0;
  }
  return kNameTooLong;
}

int AddressSpace::pin(u64 address, u64 pages, u64* to) {
  const Hold hold(mutex_);
  for (u64 i = 0; i < pages; ++i) {
    const u8* page = page_for(address + i * kPageBytes, kWrite);
    if (page == nullptr || (*table_.entry(address + i * kPageBytes, true) & pte::kForeign) != 0) {
      while (i > 0) release_page(to[--i]);
      return kFault;
    }
    to[i] = physical(page);
    share_page(to[i]);
  }
  return 0;
}

u64 AddressSpace::locate_word(u64 address, u32& value) {
  if (address % sizeof value != 0) return 0;
  const Hold hold(mutex_);
  const u8* word = page_for(address, kWrite);  // writable, so that a later copy does not move it
  if (word == nullptr) return 0;
  value = __atomic_load_n(reinterpret_cast<const u32*>(word), __ATOMIC_SEQ_CST);
  return physical(word);
}

}  // namespace hvlab::kernel
