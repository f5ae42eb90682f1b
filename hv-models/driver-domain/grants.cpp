#include "hv-models/driver-domain/grants.hpp"

#include "hv-models/hypervisor/run.hpp"
#include "hv-models/hypervisor/second_stage.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/memory.hpp"

namespace hvlab::driver_domain {
namespace {

using namespace interdomain;
using runtime::Hold;
using runtime::kPageBytes;
using Rights = GrantUses::Rights;

VirtualMachine& management() { return domain(kManagement).machine; }

u64 page_address(const Domain& of, u64 grant) {
  return of.machine.memory.physical(u64{of.uses.page(static_cast<u32>(grant))} * kPageBytes);
}

// Takes the page out of the tables with its last use; true if processors may remember it. Both domains are
// locked, the management machine's first: what is there has to be what the uses say.
bool leave_page(Domain& of, u64 grant, i64& result) {
  const Hold hold(domain(kManagement).lock);
  const Hold hold_of(of.lock);
  const u32 number = static_cast<u32>(grant);
  result = kBadArgument;
  if (grant >= kGrants || !of.uses.is_used(number)) return false;
  const u64 page = page_address(of, grant);
  of.uses.end(number);
  result = 0;
  if (of.open || of.uses.rights(of.uses.page(number)) != Rights::None) return false;
  hypervisor::unmap(management().tables, page, kPageBytes);
  return true;
}

// Out of or into the granted page, by the hypervisor.
i64 copy(const Domain& caller, Domain& of, const GrantWork& work) {
  if (work.offset >= kPageBytes || work.bytes > kPageBytes - work.offset) return kBadArgument;
  const bool into = work.kind == GrantKind::CopyInto;
  {
    const Hold hold(of.lock);
    if (const i64 page = begin_use(of, work.grant, into); page < 0) return page;
  }
  u8* there = runtime::direct<u8>(page_address(of, work.grant)) + work.offset;
  const hypervisor::GuestMemory& memory = caller.machine.memory;
  const bool done =
      into ? memory.read(work.address, there, work.bytes) : memory.write(work.address, there, work.bytes);
  using arch::mark::FrameWay;  // nothing but frames is copied this way
  runtime::mark<arch::mark::Kind::FrameCopy>(
      work.bytes, work.bytes, arch::mark::frame_way(into ? FrameWay::In : FrameWay::Out, of.machine.number));
  const Hold hold(of.lock);
  of.uses.end(work.grant);
  return done ? 0 : i64{kBadArgument};
}

i64 hold_page(Domain& of, u64 grant, u64& address) {
  const Hold hold(of.lock);
  const i64 page = begin_use(of, grant, false);
  if (page > 0) address = static_cast<u64>(page);
  return page > 0 ? 0 : page;
}

// A page that was mapped by another grant meanwhile stays where it is: the management machine may look at it.
i64 release_page(Domain& of, u32 grant) {
  const Hold hold(of.lock);
  return of.uses.end(grant) ? 0 : i64{kBadArgument};
}

// A list of work, and what its end has to see to: pages that processors may still remember.
struct List {
  explicit List(Domain& of) : caller(of) {}
  Domain& caller;
  bool stale = false;
  ExchangedPages exchanged[kMostGrantWork] = {};
  bool is_exchanged[kMostGrantWork] = {};
};

i64 exchange(List& list, Domain& of, GrantWork& work, unsigned index) {
  const i64 result = take_pages(list.caller, of, work, list.exchanged[index]);
  list.is_exchanged[index] = result == 0;
  if (result == 0) work.address = list.exchanged[index].theirs;
  return result;
}

i64 map(Domain& of, GrantWork& work) {
  const i64 page = map_page(of, work.grant, false);
  if (page > 0) work.address = static_cast<u64>(page);
  return page > 0 ? 0 : page;
}

i64 do_work(List& list, GrantWork& work, unsigned index) {
  Domain* of = guest(work.machine);
  if (of == nullptr) return kBadArgument;
  i64 result = kBadArgument;
  switch (work.kind) {
    case GrantKind::CopyOut:
    case GrantKind::CopyInto: return copy(list.caller, *of, work);
    case GrantKind::Map: return map(*of, work);
    case GrantKind::Unmap: list.stale = leave_page(*of, work.grant, result) || list.stale; break;
    case GrantKind::Hold: return hold_page(*of, work.grant, work.address);
    case GrantKind::Release: return release_page(*of, work.grant);
    case GrantKind::Exchange: return exchange(list, *of, work, index);
  }
  return result;
}

// Until here pages that have been taken may still be written to: by other processors of their machine, and by
// the hypervisor on behalf of those.
void finish(const List& list, const GrantWork* works, unsigned count) {
  u32 machines = 0;  // a bit each
  for (unsigned i = 0; i < count; ++i) machines |= list.is_exchanged[i] ? 1u << works[i].machine : 0;
  for (unsigned index = 1; index < domain_count(); ++index) {
    if ((machines >> index & 1) == 0) continue;
    hypervisor::forget_translations(domain(index).machine);
    hypervisor::wait_for_handlers(domain(index).machine);
  }
  if (list.stale || machines != 0) hypervisor::forget_translations(list.caller.machine);
  for (unsigned i = 0; i < count; ++i) {
    if (list.is_exchanged[i]) give_pages(list.caller, domain(works[i].machine), works[i], list.exchanged[i]);
  }
}

}  // namespace

// The entry is read once: its machine can change it meanwhile.
i64 begin_use(Domain& of, u64 grant, bool write) {
  if (of.grants == nullptr || grant >= kGrants) return kBadArgument;
  static_assert(sizeof(GrantEntry) == sizeof(u64));
  const u64 word = __atomic_load_n(reinterpret_cast<const u64*>(&of.grants[grant]), __ATOMIC_ACQUIRE);
  const GrantEntry entry = __builtin_bit_cast(GrantEntry, word);
  const u64 page = of.machine.memory.physical(u64{entry.page} * kPageBytes);
  if (page == 0) return kBadArgument;
  if (of.uses.begin(static_cast<u32>(grant), entry, kManagement, write) != GrantUses::Answer::Yes)
    return kNotAllowed;
  return static_cast<i64>(page);
}

// It may be there already, by another grant of the same page, or because all of the machine's memory is
// (emulation.cpp).
i64 map_page(Domain& of, u64 grant, bool write) {
  const Hold hold(domain(kManagement).lock);
  const Hold hold_of(of.lock);
  const i64 page = begin_use(of, grant, write);
  if (page < 0 || of.open) return page;
  const u32 number = static_cast<u32>(grant);
  const bool writable = of.uses.rights(of.uses.page(number)) == Rights::Write;
  const u8 rights = hypervisor::kReadable | (writable ? hypervisor::kWritable : 0);
  const u64 at = static_cast<u64>(page);
  if (hypervisor::map(management().tables, at, at, kPageBytes, rights)) return page;
  of.uses.end(number);
  return kNoRoom;
}

i64 unmap_page(Domain& of, u64 grant) {
  i64 result = 0;
  if (leave_page(of, grant, result)) hypervisor::forget_translations(management());
  return result;
}

// One flush for all: nobody but the management machine remembers what is unmapped, and it is trusted to use
// nothing that it has given back.
i64 do_grant_work(Domain& caller, u64 address, u64 count) {
  if (count > kMostGrantWork) return kBadArgument;
  GrantWork works[kMostGrantWork];
  const hypervisor::GuestMemory& memory = caller.machine.memory;
  if (!memory.read(address, works, count * sizeof works[0])) return kBadArgument;
  List list(caller);
  for (unsigned i = 0; i < count; ++i) {
    GrantWork work = works[i];
    works[i].result = static_cast<i16>(do_work(list, work, i));
    works[i].address = work.address;
  }
  finish(list, works, static_cast<unsigned>(count));
  return memory.write(address, works, count * sizeof works[0]) ? 0 : i64{kBadArgument};
}

}  // namespace hvlab::driver_domain
