#include "hv-models/driver-domain/hypercalls.hpp"

#include "hv-models/driver-domain/domains.hpp"
#include "hv-models/driver-domain/emulation.hpp"
#include "hv-models/driver-domain/grants.hpp"
#include "hv-models/hypervisor/abi.hpp"
#include "hv-models/runtime/memory.hpp"

namespace hvlab::driver_domain {
namespace {

using namespace interdomain;
using hypervisor::VirtualProcessor;
using runtime::Hold;
using runtime::kPageBytes;

struct Arguments {
  VirtualProcessor& vcpu;
  Domain& caller;
  u64 a[3];
};

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
  d.shared_at = page;
  d.grants_at = table;
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

i64 manner(const Arguments& c) {
  const Domain* of = guest(c.a[0]);
  return of == nullptr ? i64{kBadArgument} : of->manner;
}

i64 map_grant(const Arguments& c) {
  Domain* of = guest(c.a[0]);
  return of == nullptr ? i64{kBadArgument} : map_page(*of, c.a[1], c.a[2] != 0);
}

i64 unmap_grant(const Arguments& c) {
  Domain* of = guest(c.a[0]);
  return of == nullptr ? i64{kBadArgument} : unmap_page(*of, c.a[1]);
}

i64 work_on_grants(const Arguments& c) { return do_grant_work(c.caller, c.a[0], c.a[1]); }

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
                          {Call::Grants, true, work_on_grants},
                          {Call::Manner, true, manner},
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
