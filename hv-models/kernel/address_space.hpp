// What a process sees as memory: regions, and pages that come when they are first touched. The kernel never
// uses a user's pointer: it looks the page up here, as a page fault would, and goes through the direct map.
// So nothing a program passes in can make the kernel fault, and SMAP can stay on.
#pragma once

#include "hv-models/kernel/list.hpp"
#include "hv-models/kernel/mutex.hpp"
#include "hv-models/kernel/node.hpp"
#include "hv-models/kernel/page_table.hpp"
#include "hv-models/kernel/reference.hpp"

namespace hvlab::kernel {

class Container;

enum Access : u8 { kRead = 1, kWrite = 2, kExecute = 4 };  // PROT_READ, PROT_WRITE, PROT_EXEC

struct RegionTag {};
struct Region : Link<RegionTag> {
  u64 begin, end;  // page-aligned
  u8 access;
  bool blocks = false;  // its memory comes 2 MiB at a time, in a row
  Ref<Node> file;       // whose bytes its pages begin with; may be none: zeros
  u64 file_begin;       // the address at which the file's part begins, and where in the file that is
  u64 file_offset;
  u64 file_bytes;  // zeros after so many
};

/// The bits of a page's entry for Access bits: not those for where it is.
u64 page_rights(u8 access);

class AddressSpace : public Counted {
 public:
  /// nullptr without memory. Its pages are charged to `container`.
  static AddressSpace* create(const Ref<Container>& container);
  ~AddressSpace();

  /// New pages at `address` (page-aligned, in user memory, replacing what is there), or, if it is 0, where
  /// there is room. Returns the address or an Error.
  i64 map(u64 address, u64 bytes, u8 access);
  /// The same, at a multiple of kBlockBytes, of memory each kBlockBytes of which lie in a row.
  i64 map_blocks(u64 bytes, u8 access);
  static constexpr u64 kBlockBytes = u64{2} << 20;
  /// Memory that is not this kernel's: `count` blocks at these physical addresses, to read and write. They
  /// are never freed, kept for others, or copied.
  i64 map_foreign(const u64* blocks, unsigned count);
  /// The same with a file's bytes: see Region.
  i64 map_file(u64 begin, u64 end, u8 access, const Ref<Node>& file, u64 file_begin, u64 file_offset,
               u64 file_bytes);
  i64 unmap(u64 address, u64 bytes);
  i64 protect(u64 address, u64 bytes, u8 access);
  /// Moves the end of the heap to `end` if it can; returns where it is then.
  u64 move_break(u64 end);
  void set_break(u64 start) { break_begin_ = break_end_ = start; }

  /// A page fault of a program: false if it may not do `access` there (or there is no memory).
  bool fault(u64 address, Access access);

  /// Between the kernel and user memory: kFault if some of it is not there.
  int copy_in(void* to, u64 from, size_t bytes);
  int copy_out(u64 to, const void* from, size_t bytes);
  /// A string with its 0, at most `size` bytes of it: kNameTooLong if there is no 0.
  int copy_in_text(char* to, u64 from, size_t size);
  /// What identifies the word at `address` for a futex: its physical address; 0 if it is not there. And the
  /// word.
  u64 locate_word(u64 address, u32& value);

  /// The physical addresses of the pages that the memory at `address` (both page-aligned) consists of, all of
  /// it there and writable, each with one more user: who calls lets go of them by release_page(). The pages
  /// stay when the program takes its memory away, and are then no longer the program's. kFault if some of it
  /// may not be written.
  int pin(u64 address, u64 pages, u64* to);

  /// A copy whose pages are shared until one side writes; nullptr without memory.
  AddressSpace* fork(const Ref<Container>& container);

  u64 root() const { return table_.root(); }
  /// This processor begins and stops using it: the others' changes must reach it in between.
  void begin_use();
  void end_use();
  u64 pages() const { return pages_; }

 private:
  AddressSpace() = default;
  Region* find(u64 address);
  Region* insert(u64 begin, u64 end, u8 access);
  bool split_at(u64 address);
  void remove_range(u64 begin, u64 end);
  u64 find_room(u64 bytes, u64 alignment);
  u8* page_for(u64 address, Access access);
  u64* fill(Region& region, u64 page, u64* entry);
  bool fill_block(Region& region, u64 page);
  bool make_writable(u64* entry);
  bool read_file_part(const Region& region, u64 page, u8* to);
  void drop_pages(u64 begin, u64 end);
  void flush();

  Mutex mutex_;
  PageTable table_;
  List<Region, RegionTag> regions_;  // ascending, without overlaps
  Ref<Container> container_;
  u64 break_begin_ = 0, break_end_ = 0;
  u64 pages_ = 0;
  u32 users_mask_ = 0;  // processors that have it loaded, by index
};

}  // namespace hvlab::kernel
