// Exchange of pages between two machines: a frame goes to a guest without being copied. Either machine has as
// many pages afterwards as before. What one of them can see of the other's is what it is meant to: the rest
// of the page that the guest gets is cleared.
#include "hv-models/driver-domain/grants.hpp"
#include "hv-models/hypervisor/second_stage.hpp"
#include "hv-models/runtime/memory.hpp"

namespace hvlab::driver_domain {
namespace {

using namespace interdomain;
using runtime::Hold;
using runtime::kPageBytes;

constexpr u8 kAll = hypervisor::kReadable | hypervisor::kWritable | hypervisor::kExecutable;

// The hypervisor itself keeps pointers to the first two, and may be writing to the others.
bool is_fixed(const Domain& of, u64 address) {
  bool fixed = address == of.shared_at || address == of.grants_at;
  for (unsigned i = 0; i < of.machine.count; ++i)
    fixed = fixed || of.machine.vcpus[i].steal_page / kPageBytes == address / kPageBytes;
  return fixed;
}

// Takes the three pages out of what both machines have and map; nothing has changed if there is no memory for
// the tables that this needs. Locks of both are held.
bool unmap_both(Domain& caller, Domain& of, const ExchangedPages& pages) {
  hypervisor::GuestMemory &theirs = of.machine.memory, &ours = caller.machine.memory;
  const u64 tables = of.machine.tables, own_tables = caller.machine.tables;
  if (!hypervisor::unmap(own_tables, pages.theirs, kPageBytes)) return false;  // makes the tables for later
  if (!theirs.set_page(pages.at, 0)) return false;
  if (ours.set_page(pages.theirs, 0) && ours.set_page(pages.ours, 0)) {
    if (hypervisor::unmap(tables, pages.at, kPageBytes)) {
      if (hypervisor::unmap(own_tables, pages.ours, kPageBytes)) return true;
      hypervisor::map(tables, pages.at, pages.theirs, kPageBytes, kAll);
    }
    ours.set_page(pages.ours, pages.ours);
  }
  theirs.set_page(pages.at, pages.theirs);
  return false;
}

}  // namespace

i64 take_pages(Domain& caller, Domain& of, const GrantWork& work, ExchangedPages& pages) {
  if ((of.manner & kReceiveFlip) == 0) return kNotAllowed;
  const u64 ours = work.address;
  // What lies elsewhere than the caller thinks is its image, which no device writes to.
  if (ours % kPageBytes != 0 || caller.machine.memory.physical(ours) != ours || work.offset >= kPageBytes ||
      work.bytes > kPageBytes - work.offset)
    return kBadArgument;
  const Hold hold_caller(caller.lock);
  const Hold hold(of.lock);
  const i64 theirs = begin_use(of, work.grant, true);
  if (theirs < 0) return theirs;
  const u32 number = of.uses.page(work.grant);
  pages = {u64{number} * kPageBytes, static_cast<u64>(theirs), ours};
  const bool alone = of.uses.uses(number) == 1;
  of.uses.end(work.grant);
  if (!alone || of.open || is_fixed(of, pages.at)) return kInUse;
  return unmap_both(caller, of, pages) ? 0 : i64{kNoRoom};
}

void give_pages(Domain& caller, Domain& of, const GrantWork& work, const ExchangedPages& pages) {
  u8* given = runtime::direct<u8>(pages.ours);
  const size_t end = size_t{work.offset} + work.bytes;
  memset(given, 0, work.offset);
  memset(given + end, 0, kPageBytes - end);
  const Hold hold_caller(caller.lock);
  const Hold hold(of.lock);
  of.machine.memory.set_page(pages.at, pages.ours);
  caller.machine.memory.set_page(pages.theirs, pages.theirs);
  hypervisor::map(of.machine.tables, pages.at, pages.ours, kPageBytes, kAll);
  hypervisor::map(caller.machine.tables, pages.theirs, pages.theirs, kPageBytes, kAll);
}

}  // namespace hvlab::driver_domain
