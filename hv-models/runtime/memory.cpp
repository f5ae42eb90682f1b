#include "hv-models/runtime/memory.hpp"

#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/page_pool.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/spin_lock.hpp"
#include "sim/base/bits.hpp"
#include "sim/base/check.hpp"

namespace hvlab::runtime {
namespace {

constexpr u64 kPageShift = 12, kLowMemory = 1 << 20;  // below: what firmware left, and the start-up page
SpinLock pool_lock;
PagePool pool;
u64 total_bytes = 0;

u32 number(u64 address) { return static_cast<u32>(address >> kPageShift); }

// ---- Small objects: pages cut into pieces of one power of two, with a list of the free pieces of each size.
constexpr size_t kSmallest = 16;
constexpr unsigned kClasses = 8;  // 16 .. 2048
struct Piece {
  Piece* next;
};
SpinLock heap_lock;
Piece* free_pieces[kClasses];

unsigned class_of(size_t bytes) {
  unsigned result = 0;
  while (kSmallest << result < bytes) ++result;
  return result;
}

bool refill(unsigned heap_class) {
  u8* page = static_cast<u8*>(allocate_pages());
  if (page == nullptr) return false;
  pool.page(number(physical(page))).heap_class = static_cast<u16>(heap_class + 1);
  for (size_t at = 0; at < kPageBytes; at += kSmallest << heap_class) {
    Piece* piece = reinterpret_cast<Piece*>(page + at);
    piece->next = free_pieces[heap_class];
    free_pieces[heap_class] = piece;
  }
  return true;
}

void* allocate_bytes(size_t bytes) {
  if (bytes > kSmallest << (kClasses - 1)) {
    unsigned order = 0;
    while (kPageBytes << order < bytes) ++order;
    return order < PagePool::kOrders ? allocate_pages(order) : nullptr;
  }
  const unsigned heap_class = class_of(bytes);
  const Hold hold(heap_lock);
  if (free_pieces[heap_class] == nullptr && !refill(heap_class)) return nullptr;
  Piece* piece = free_pieces[heap_class];
  free_pieces[heap_class] = piece->next;
  return piece;
}

void free_bytes(void* object) {
  if (object == nullptr) return;
  const u16 heap_class = pool.page(number(physical(object))).heap_class;
  if (heap_class == 0) return free_pages(object);
  const Hold hold(heap_lock);
  Piece* piece = static_cast<Piece*>(object);
  piece->next = free_pieces[heap_class - 1];
  free_pieces[heap_class - 1] = piece;
}

// ---- What there is at the start.
struct Span {
  u64 begin, end;
};

// The direct map's part above 4 GiB, of 1 GiB at a time (entry.S made the rest).
void map_high_memory(u64 end) {
  constexpr u64 kGibibyte = u64{1} << 30, kLargePage = u64{2} << 20;
  constexpr u64 kTable = 0x003,
                kLarge = u64{0x183} | u64{1} << 63;  // present, write; large, global, no execution
  u64* pointers = direct<u64>(kernel_root[256] & ~u64{0xfff});
  for (u64 at = u64{4} << 30; at < end; at += kGibibyte) {
    u64* directory = static_cast<u64*>(allocate_zeroed_page());
    if (directory == nullptr) panic("no memory for the direct map");
    for (unsigned i = 0; i < 512; ++i) directory[i] = (at + i * kLargePage) | kLarge;
    pointers[at / kGibibyte] = physical(directory) | kTable;
  }
}

// What is not free at the start, sorted by where it begins.
struct Kept {
  Span spans[2 + sizeof(BootInformation::modules) / sizeof(BootModule)];
  unsigned count = 0;
};

void keep(Span span, Kept& kept) {
  unsigned at = kept.count++;
  for (; at > 0 && kept.spans[at - 1].begin > span.begin; --at) kept.spans[at] = kept.spans[at - 1];
  kept.spans[at] = span;
  const bool meets = (at > 0 && kept.spans[at - 1].end > span.begin) ||
                     (at + 1 < kept.count && kept.spans[at + 1].begin < span.end);
  if (meets)
    panic("a module of the loader at %lx leaves the image no room for its table of pages", span.begin);
}

Span pages_of(const BootModule& module) {
  return {align_down(module.address, kPageBytes), align_up(module.address + module.bytes, kPageBytes)};
}

// Adds `range` without what is kept.
void add_range(Span range, const Kept& kept) {
  for (unsigned i = 0; i < kept.count && range.begin < range.end; ++i) {
    const Span& hole = kept.spans[i];
    if (hole.end <= range.begin || hole.begin >= range.end) continue;
    if (hole.begin > range.begin) pool.add(number(range.begin), number(hole.begin) - number(range.begin));
    range.begin = hole.end;
  }
  if (range.begin < range.end) pool.add(number(range.begin), number(range.end) - number(range.begin));
}

}  // namespace

void set_up_memory() {
  const BootInformation& boot = boot_information();
  u64 end = 0;
  for (unsigned i = 0; i < boot.ranges; ++i) {
    if (boot.memory[i].type == kRam && boot.memory[i].address + boot.memory[i].bytes > end) {
      end = boot.memory[i].address + boot.memory[i].bytes;
    }
  }
  const Span image{physical(image_begin), align_up(physical(image_end), kPageBytes)};
  // The table of pages directly behind the image: the loader put the modules as high as it could.
  const u64 table_bytes = align_up((end >> kPageShift) * sizeof(Page), kPageBytes);
  const Span used{image.begin, image.end + table_bytes};
  Kept kept;
  keep({0, kLowMemory}, kept);
  keep(used, kept);
  for (unsigned i = 0; i < boot.module_count; ++i) keep(pages_of(boot.modules[i]), kept);
  Page* pages = direct<Page>(image.end);
  memset(pages, 0, table_bytes);
  pool.set_up(pages, number(end));
  for (unsigned pass = 0; pass < 2; ++pass) {  // what entry.S mapped first
    for (unsigned i = 0; i < boot.ranges; ++i) {
      const MemoryRange& range = boot.memory[i];
      const bool high = range.address >= u64{4} << 30;
      if (range.type != kRam || high != (pass == 1)) continue;
      total_bytes += range.bytes;
      add_range({align_up(range.address, kPageBytes), align_down(range.address + range.bytes, kPageBytes)},
                kept);
    }
    if (pass == 0) map_high_memory(end);
  }
}

void* allocate_pages(unsigned order) {
  const Hold hold(pool_lock);
  const u32 first = pool.allocate(order);
  return first == PagePool::kNone ? nullptr : direct<void>(u64{first} << kPageShift);
}

void* allocate_separate_pages(unsigned order) {
  const Hold hold(pool_lock);
  const u32 first = pool.allocate(order);
  if (first == PagePool::kNone) return nullptr;
  pool.separate(first);
  return direct<void>(u64{first} << kPageShift);
}

void* allocate_zeroed_page() {
  void* page = allocate_pages();
  if (page != nullptr) memset(page, 0, kPageBytes);
  return page;
}

void free_pages(void* first) {
  if (first == nullptr) return;
  const Hold hold(pool_lock);
  pool.free(number(physical(first)));
}

void share_page(u64 address) {
  const Hold hold(pool_lock);
  ++pool.page(number(address)).references;
}

void release_page(u64 address) {
  const Hold hold(pool_lock);
  Page& page = pool.page(number(address));
  HVLAB_CHECK(page.references > 0);
  if (--page.references == 0) pool.free(number(address));
}

bool page_is_shared(u64 address) {
  const Hold hold(pool_lock);
  return pool.page(number(address)).references > 1;
}

u64 free_memory_bytes() {
  const Hold hold(pool_lock);
  return u64{pool.free_pages()} * kPageBytes;
}
u64 total_memory_bytes() { return total_bytes; }

}  // namespace hvlab::runtime

// Only the forms that can say that there is no memory; the others do not link.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return hvlab::runtime::allocate_bytes(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return hvlab::runtime::allocate_bytes(bytes);
}
void operator delete(void* object) noexcept { hvlab::runtime::free_bytes(object); }
void operator delete[](void* object) noexcept { hvlab::runtime::free_bytes(object); }
void operator delete(void* object, std::size_t) noexcept { hvlab::runtime::free_bytes(object); }
void operator delete[](void* object, std::size_t) noexcept { hvlab::runtime::free_bytes(object); }
// Objects of at most 2048 bytes lie at multiples of the power of two that holds them, larger ones at pages:
// so stricter alignments than that of max_align_t need nothing more.
void* operator new(std::size_t bytes, std::align_val_t, const std::nothrow_t&) noexcept {
  return hvlab::runtime::allocate_bytes(bytes);
}
void operator delete(void* object, std::align_val_t) noexcept { hvlab::runtime::free_bytes(object); }
void operator delete(void* object, std::size_t, std::align_val_t) noexcept {
  hvlab::runtime::free_bytes(object);
}
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name is the ABI's
extern "C" [[noreturn]] void __cxa_pure_virtual() {
  hvlab::runtime::panic("a pure virtual function was called");
}
const std::nothrow_t std::nothrow{};
