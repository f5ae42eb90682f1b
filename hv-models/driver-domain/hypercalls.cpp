#include "hv-models/driver-domain/hypercalls.hpp"

#include "hv-models/driver-domain/domains.hpp"
#include "hv-models/driver-domain/emulation.hpp"
#include "hv-models/hypervisor/abi.hpp"
#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/memory.hpp"

namespace hvlab::driver_domain {
namespace {

using namespace interdomain;
using hypervisor::vendor;
using hypervisor::VirtualProcessor;
using runtime::Hold;
using runtime::kPageBytes;

struct Arguments {
  VirtualProcessor& vcpu;
  Domain& caller;
  u64 a[3];
};

Domain* guest(u64 index) {
  return index != kManagement && index < domain_count() ? &domain(static_cast<unsigned>(index)) : nullptr;
}

i64 share(const Arguments& c) {
  Domain& d = c.caller;
  const u64 page = c.a[0], table = c.a[1], vector = c.a[2];
  if (page % kPageBytes != 0 || table % kPageBytes != 0 || vector < 32 || vector > 0xfe) return kBadArgument;
  void* shared = d.machine.memory.at(page, kPageBytes);
  const void* grants = d.machine.memory.at(table, kPageBytes);
  if (shared == nullptr || grants == nullptr) return kBadArgument;
  const Hold hold(d.lock);
  if (d.shared != nullptr) return kInUse;
  d.grants = static_cast<const GrantEntry*>(grants);
  d.vector = static_cast<u8>(vector);
  d.shared = static_cast<SharedPage*>(shared);
  for (unsigned kind = 0; kind < kSplitKinds; ++kind) d.shared->back[kind] = d.offers[kind];
  return 0;
}

// A channel has two ends: a guest's and the management machine's.
i64 notify(const Arguments& c) {
  const u64 channel = c.a[0];
  if (&c.caller != &domain(kManagement)) {
    if (channel >= kSplitKinds) return kBadArgument;
    send_event(domain(kManagement),
               management_channel(index_of(c.caller), static_cast<unsigned>(channel), kSplitKinds));
    return 0;
  }
  Domain* to = guest(channel / kSplitKinds);
  if (to == nullptr) return kBadArgument;
  send_event(*to, static_cast<unsigned>(channel % kSplitKinds));
  return 0;
}

i64 machines(const Arguments&) { return domain_count(); }

i64 kinds(const Arguments& c) {
  const Domain* of = guest(c.a[0]);
  return of == nullptr ? i64{kBadArgument} : of->kinds;
}

i64 offer(const Arguments& c) {
  Domain* to = guest(c.a[0]);
  BackOffer offer;
  if (to == nullptr || c.a[1] >= kSplitKinds || !c.caller.machine.memory.read(c.a[2], &offer, sizeof offer))
    return kBadArgument;
  const Hold hold(to->lock);
  to->offers[c.a[1]] = offer;
  if (to->shared != nullptr) to->shared->back[c.a[1]] = offer;
  return 0;
}

i64 front(const Arguments& c) {
  Domain* of = guest(c.a[0]);
  if (of == nullptr || c.a[1] >= kSplitKinds) return kBadArgument;
  FrontOffer offer = {};
  {
    const Hold hold(of->lock);
    if (of->shared != nullptr) offer = of->shared->front[c.a[1]];
  }
  return c.caller.machine.memory.write(c.a[2], &offer, sizeof offer) ? 0 : i64{kBadArgument};
}

i64 serve(const Arguments&) {
  start_guests();
  return 0;
}

using Rights = GrantUses::Rights;

/// Begins a use of a grant: the page's physical address, or an error. The domain's lock is held. The entry is
/// read once: its machine can change it meanwhile.
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

u8 second_stage_rights(Rights rights) {
  return hypervisor::kReadable | (rights == Rights::Write ? hypervisor::kWritable : 0);
}

void flush_management() {
  VirtualMachine& machine = domain(kManagement).machine;
  for (unsigned i = 0; i < machine.count; ++i) {
    vendor().flush(machine.vcpus[i]);
    machine.hooks->kick(machine.vcpus[i]);
  }
}

// The page appears at its own address: the management machine's drivers can give that to a device. It may be
// there already, by another grant of the same page, or because all of the machine's memory is
// (emulation.cpp). Both domains are locked, the caller's first: what is there has to be what the uses say.
i64 map_grant(const Arguments& c) {
  Domain* of = guest(c.a[0]);
  if (of == nullptr) return kBadArgument;
  const Hold hold(c.caller.lock);
  const Hold hold_of(of->lock);
  const i64 page = begin_use(*of, c.a[1], c.a[2] != 0);
  if (page < 0 || of->open) return page;
  const Rights rights = of->uses.rights(of->uses.page(static_cast<u32>(c.a[1])));
  if (!vendor().map(c.caller.machine.tables, static_cast<u64>(page), static_cast<u64>(page), kPageBytes,
                    second_stage_rights(rights))) {
    of->uses.end(static_cast<u32>(c.a[1]));
    return kNoRoom;
  }
  return page;
}

i64 unmap_grant(const Arguments& c) {
  Domain* of = guest(c.a[0]);
  if (of == nullptr || c.a[1] >= kGrants) return kBadArgument;
  const u32 grant = static_cast<u32>(c.a[1]);
  {
    const Hold hold(c.caller.lock);
    const Hold hold_of(of->lock);
    if (!of->uses.is_used(grant)) return kBadArgument;
    const u32 number = of->uses.page(grant);
    const u64 page = of->machine.memory.physical(u64{number} * kPageBytes);
    of->uses.end(grant);
    if (of->open || of->uses.rights(number) != Rights::None) return 0;
    vendor().unmap(c.caller.machine.tables, page, kPageBytes);
  }
  flush_management();
  return 0;
}

i64 copy_grant(const Arguments& c) {
  GrantCopy copy;
  if (!c.caller.machine.memory.read(c.a[0], &copy, sizeof copy)) return kBadArgument;
  Domain* of = guest(copy.machine);
  if (of == nullptr || copy.offset >= kPageBytes || copy.bytes > kPageBytes - copy.offset)
    return kBadArgument;
  const bool into = copy.into != 0;
  i64 page = 0;
  {
    const Hold hold(of->lock);
    page = begin_use(*of, copy.grant, into);
  }
  if (page < 0) return page;
  void* there = runtime::direct<u8>(static_cast<u64>(page)) + copy.offset;
  const bool done = into ? c.caller.machine.memory.read(copy.address, there, copy.bytes)
                         : c.caller.machine.memory.write(copy.address, there, copy.bytes);
  using arch::mark::FrameWay;  // nothing but frames is copied this way
  runtime::mark<arch::mark::Kind::FrameCopy>(
      copy.bytes, copy.bytes, arch::mark::frame_way(into ? FrameWay::In : FrameWay::Out, of->machine.number));
  const Hold hold(of->lock);
  of->uses.end(copy.grant);
  return done ? 0 : i64{kBadArgument};
}

// ---- Emulated devices

unsigned guest_index(const Arguments& c) {
  return guest(c.a[0]) == nullptr ? kManagement : static_cast<unsigned>(c.a[0]);
}

i64 emulate(const Arguments& c) {
  const unsigned index = guest_index(c);
  return index == kManagement ? i64{kBadArgument} : describe_emulated(index, c.caller.machine.memory, c.a[1]);
}
i64 memory(const Arguments& c) {
  const unsigned index = guest_index(c);
  return index == kManagement ? i64{kBadArgument} : open_memory(index, c.caller.machine, c.a[1]);
}
i64 take_access(const Arguments& c) {
  const unsigned index = guest_index(c);
  return index == kManagement ? i64{kBadArgument} : next_access(index, c.caller.machine.memory, c.a[1]);
}
i64 answer_access(const Arguments& c) {
  const unsigned index = guest_index(c);
  return index == kManagement ? i64{kBadArgument} : end_access(index, c.a[1], c.a[2]);
}
i64 line(const Arguments& c) {
  const unsigned index = guest_index(c);
  return index == kManagement ? i64{kBadArgument} : change_line(index, c.a[1], c.a[2] != 0);
}

struct Row {
  Call number;
  bool management;  // the management machine's alone
  i64 (*call)(const Arguments& c);
};
constexpr Row kCalls[] = {{Call::Share, false, share},
                          {Call::Notify, false, notify},
                          {Call::Machines, true, machines},
                          {Call::Kinds, true, kinds},
                          {Call::Offer, true, offer},
                          {Call::Front, true, front},
                          {Call::Serve, true, serve},
                          {Call::MapGrant, true, map_grant},
                          {Call::UnmapGrant, true, unmap_grant},
                          {Call::CopyGrant, true, copy_grant},
                          {Call::Emulate, true, emulate},
                          {Call::Memory, true, memory},
                          {Call::NextAccess, true, take_access},
                          {Call::EndAccess, true, answer_access},
                          {Call::SetLine, true, line}};

}  // namespace

i64 hypercall(VirtualProcessor& vcpu, u64 number, u64 first, u64 second, u64 third) {
  for (const Row& row : kCalls) {
    if (static_cast<u64>(row.number) != number) continue;
    if (row.management && !vcpu.machine->privileged) return kNotAllowed;
    return row.call({vcpu, domain_of(*vcpu.machine), {first, second, third}});
  }
  return kUnknownCall;
}

}  // namespace hvlab::driver_domain
