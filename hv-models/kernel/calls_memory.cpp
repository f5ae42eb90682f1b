// Calls about a process's memory.
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/process.hpp"
#include "hv-models/kernel/system_calls.hpp"

namespace hvlab::kernel {

// mmap(address, bytes, access, flags, file, offset): private memory; with a file a private copy of its bytes.
// Flag MAP_HUGETLB: of blocks of 2 MiB, each in a row in the machine's memory.
i64 call_mmap(const Arguments& c) {
  constexpr u64 kPrivate = 2, kFixed = 0x10, kAnonymous = 0x20, kBlocks = 0x40000;
  const u64 bytes = align_up(c.a[1], kPageBytes), flags = c.a[3];
  const u8 access = static_cast<u8>(c.a[2] & (kRead | kWrite | kExecute));
  if ((flags & kPrivate) == 0 || c.a[1] == 0 || bytes == 0) return kInvalid;
  const u64 address = (flags & kFixed) != 0 ? c.a[0] : 0;
  if ((flags & kFixed) != 0 && address < kPageBytes) return kInvalid;
  if ((flags & kBlocks) != 0)
    return (flags & kAnonymous) != 0 && address == 0 ? c.process.space->map_blocks(bytes, access)
                                                     : i64{kInvalid};
  if ((flags & kAnonymous) != 0) return c.process.space->map(address, bytes, access);
  const Ref<OpenFile> file = c.process.files.get(c.number(4));
  if (!file || file->node() == nullptr || file->node()->kind != NodeKind::File) return kBadFile;
  if (c.a[5] % kPageBytes != 0) return kInvalid;
  const i64 begin = c.process.space->map(address, bytes, access);
  if (begin < 0) return begin;
  const u64 at = static_cast<u64>(begin);
  return c.process.space->map_file(at, at + bytes, access, Ref<Node>::share(file->node()), at, c.a[5], bytes);
}

i64 call_mprotect(const Arguments& c) {
  if (c.a[1] == 0) return 0;
  return c.process.space->protect(c.a[0], c.a[1], static_cast<u8>(c.a[2] & (kRead | kWrite | kExecute)));
}

i64 call_munmap(const Arguments& c) { return c.process.space->unmap(c.a[0], c.a[1]); }
i64 call_brk(const Arguments& c) { return static_cast<i64>(c.process.space->move_break(c.a[0])); }

}  // namespace hvlab::kernel
