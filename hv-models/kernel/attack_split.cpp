// "attack=split": the driver-domain model's hypercalls, grants and rings with what no front end would say.
// The management machine has to go on, and to serve others.
#include <initializer_list>

#include "hv-models/interdomain/grant_table.hpp"
#include "hv-models/interdomain/hypercalls.hpp"
#include "hv-models/interdomain/shared_page.hpp"
#include "hv-models/kernel/attack_hypervisor.hpp"
#include "hv-models/kernel/attack_tools.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/hypercall.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/print.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::kernel {
namespace {

using namespace interdomain;

constexpr unsigned kDisk = static_cast<unsigned>(Split::Disk), kCard = static_cast<unsigned>(Split::Network);

// Behind what it has: memory of virtual machines comes in blocks of 2 MiB.
u64 memory_end() {
  const runtime::BootInformation& boot = runtime::boot_information();
  u64 end = 0;
  for (unsigned i = 0; i < boot.ranges; ++i) {
    const u64 last = boot.memory[i].address + boot.memory[i].bytes;
    if (boot.memory[i].type == runtime::kRam && last > end) end = last;
  }
  return align_up(end, u64{2} << 20);
}

// What belongs to a guest that is served, all of it in this machine's own memory.
struct Front {
  SharedPage* shared = fresh_page<SharedPage>();
  GrantEntry* grants = fresh_page<GrantEntry>();
  DiskRing::Page* disk = fresh_page<DiskRing::Page>();
  FrameRing::Page* frames[2] = {fresh_page<FrameRing::Page>(), fresh_page<FrameRing::Page>()};
  u8* data = fresh_page<u8>();
};

// The numbers of the grants that attacks use; the first three are the rings'.
constexpr Grant kDiskRing = 0, kSendRing = 1, kReceiveRing = 2, kData = 3, kSameData = 4, kRingAgain = 5,
                kSharedAgain = 6, kTableAgain = 7, kReadOnlyData = 8, kOutside = 9, kHole = 10, kOther = 11,
                kNamed = 12;

void fill_grants(const Front& f) {
  const auto set = [&](Grant number, u32 page, u8 flags = kGranted, u16 machine = 0) {
    f.grants[number] = {page, machine, flags, 0};
  };
  set(kDiskRing, page_number(f.disk));
  set(kSendRing, page_number(f.frames[0]));
  set(kReceiveRing, page_number(f.frames[1]));
  set(kData, page_number(f.data));
  set(kSameData, page_number(f.data));
  set(kRingAgain, page_number(f.disk));
  set(kSharedAgain, page_number(f.shared));
  set(kTableAgain, page_number(f.grants));
  set(kReadOnlyData, page_number(f.data), kGranted | kReadOnly);
  set(kOutside, static_cast<u32>(memory_end() / kPageBytes) + 7);
  set(kHole, 0xfee00);
  set(kOther, page_number(f.data), kGranted, 2);
}

// ---- Calls

void expect(const char* what, i64 result, i64 wanted) {
  if (result != wanted) runtime::print("attack: %s gave %ld and NOT %ld\n", what, result, wanted);
}

void attack_calls(const Front& f) {
  const u64 page = physical(f.shared), table = physical(f.grants), end = memory_end();
  const u8 vector = runtime::kChannelVector;
  for (const u64 bad : {page + 8, end, end + kPageBytes, u64{0xfee0'0000}, ~u64{0xfff}, u64{1} << 40}) {
    expect("a shared page elsewhere", ask(Call::Share, bad, table, vector), kBadArgument);
    expect("a grant table elsewhere", ask(Call::Share, page, bad, vector), kBadArgument);
  }
  for (const u64 bad : {u64{0}, u64{31}, u64{0xff}, u64{0x1d0}, ~u64{0}})
    expect("events at such a vector", ask(Call::Share, page, table, bad), kBadArgument);
  expect("sharing", ask(Call::Share, page, table, vector), 0);
  expect("sharing again", ask(Call::Share, table, page, vector), kInUse);
  constexpr Call kManagementCalls[] = {Call::Machines, Call::Kinds,      Call::Offer,      Call::Front,
                                       Call::Serve,    Call::MapGrant,   Call::UnmapGrant, Call::Emulate,
                                       Call::Memory,   Call::NextAccess, Call::EndAccess,  Call::SetLine,
                                       Call::Grants,   Call::Manner};
  for (const Call call : kManagementCalls) {
    for (const u64 machine : {u64{0}, u64{1}, u64{2}, ~u64{0}})
      expect("a call of the management machine's", ask(call, machine, page, 1), kNotAllowed);
  }
  for (const u64 channel : {u64{kSplitKinds}, u64{kAccessChannels}, u64{64}, ~u64{0}})
    expect("a channel that it does not have", ask(Call::Notify, channel), kBadArgument);
}

// ---- Rings

// As if there were this many requests, and the back end were asleep.
template <typename Page>
void publish(Page& ring, u32 requests, unsigned channel) {
  __atomic_store_n(&ring.requests, requests, __ATOMIC_SEQ_CST);
  ask(Call::Notify, channel);
}

void wait_for(const u32& responses, u32 number) {
  const auto end = runtime::clock::now() + 2'000'000;
  while (__atomic_load_n(&responses, __ATOMIC_ACQUIRE) != number && runtime::clock::now() < end)
    runtime::pause();
}

void connect(const Front& f) {
  f.shared->front[kDisk] = {{kDiskRing, 0}, 1, 0};
  f.shared->front[kCard] = {{kSendRing, kReceiveRing}, 1, 0};
  ask(Call::Notify, kDisk);
  ask(Call::Notify, kCard);
}

// One after the other; what the back end is to do with the pages of its own ring, twice with one page, with
// pages that are not there.
void attack_with_pages(const Front& f) {
  constexpr Grant kPairs[][2] = {
      {kData, kSameData},     {kRingAgain, kData}, {kDiskRing, kDiskRing},   {kSharedAgain, kTableAgain},
      {kReadOnlyData, kData}, {kOutside, kData},   {kHole, kHole},           {kOther, kData},
      {kNamed, kData},        {kGrants, ~0u},      {kTableAgain, kRingAgain}};
  u32 put = f.disk->responses;
  for (const DiskKind kind : {DiskKind::Write, DiskKind::Read, DiskKind::Write}) {
    for (const auto& pair : kPairs) {
      for (const Grant second : {pair[0], pair[1]}) {
        fill_grants(f);
        f.disk->entries[put % DiskRing::Page::kEntries].request = {
            static_cast<u16>(put), kind, 2, 9, 0, put % 16, {pair[0], second, kData, kData, kData}};
        publish(*f.disk, ++put, kDisk);
        // The same pages at once, for another request.
        f.disk->entries[put % DiskRing::Page::kEntries].request = {
            static_cast<u16>(put), kind, 1, 8, 0, put % 16, {pair[1], 0, 0, 0, 0}};
        publish(*f.disk, ++put, kDisk);
        f.grants[pair[0]].page += 1;  // while it is in use
        wait_for(f.disk->responses, put);
        put = f.disk->responses;  // if its own ring was what has been read from the disk
      }
    }
  }
}

// Fields by chance, indices that jump.
void attack_rings(const Front& f) {
  for (unsigned round = 0; round < 60; ++round) {
    for (unsigned i = 0; i < DiskRing::Page::kEntries; ++i) {
      auto* words = reinterpret_cast<u32*>(&f.disk->entries[i]);
      for (unsigned j = 0; j < sizeof f.disk->entries[i] / sizeof(u32); ++j)
        words[j] = static_cast<u32>(attack_random()) & (round % 2 == 0 ? 0x000f'000f : ~0u);
    }
    for (FrameRing::Page* ring : f.frames) {
      for (auto& entry : ring->entries) {
        const u64 bits = attack_random(), more = attack_random();
        FrameRing::Request r = {};
        r.id = static_cast<u16>(bits);
        r.offset = static_cast<u16>(bits >> 16 & 0xfff);
        r.bytes = static_cast<u16>(bits >> 32 & 0x7ff);
        r.grant = static_cast<u32>(bits >> 48 & 15);
        r.segment = static_cast<u16>(more % 3 == 0 ? more >> 8 : more >> 8 & 0x7ff);
        r.flags = static_cast<u8>(more >> 24);
        r.header = static_cast<u8>(more >> 32 & (round % 2 == 0 ? 0x3f : 0xff));
        entry.request = r;
      }
      publish(*ring, ring->responses + static_cast<u32>(attack_random() % 80), kCard);
    }
    const u32 jump = round % 4 == 3 ? static_cast<u32>(attack_random()) : round % 70;
    publish(*f.disk, f.disk->responses + jump, kDisk);
    for (unsigned i = 0; i < 16; ++i) {
      GrantEntry& entry = f.grants[attack_random() % 16];
      entry.page = static_cast<u32>(attack_random() % (2 * memory_end() / kPageBytes));
      entry.flags = static_cast<u8>(attack_random());
    }
  }
}

void attack_with_events() {
  for (unsigned i = 0; i < 5000; ++i) ask(Call::Notify, i % kSplitKinds);
}

}  // namespace

void attack_split() {
  if ((runtime::hypervisor_features() & kHasChannels) == 0) return;
  runtime::set_handler(runtime::kChannelVector,
                       [](runtime::TrapFrame&) { runtime::apic::end_of_interrupt(); });
  const Front f;
  fill_grants(f);
  attack_calls(f);
  connect(f);
  attack_with_pages(f);
  attack_rings(f);
  attack_with_events();
}

}  // namespace hvlab::kernel
