// "attack=card": what a guest with a split card can offer for the frames that it is to get, and what it then
// finds in its pages. Whatever it offers, it may see its frames and nothing else; what is the hypervisor's
// own, or used by somebody, must not be exchanged.
#include "hv-models/interdomain/grant_table.hpp"
#include "hv-models/interdomain/hypercalls.hpp"
#include "hv-models/interdomain/shared_page.hpp"
#include "hv-models/kernel/attack_hypervisor.hpp"
#include "hv-models/kernel/attack_tools.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/wire.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/hypercall.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/print.hpp"

namespace hvlab::kernel {
namespace {

using namespace interdomain;

constexpr unsigned kCard = static_cast<unsigned>(Split::Network);
constexpr u8 kFill = 0xee;
constexpr u32 kPeer = 0x0a000202, kSelf = 0x0a000263;  // 10.0.2.2, 10.0.2.99
enum : u32 { kSendRing, kReceiveRing, kHeaders, kFrame, kFirstOffered };

struct Card {
  SharedPage* shared = fresh_page<SharedPage>();
  GrantEntry* grants = fresh_page<GrantEntry>();
  FrameRing::Page* send = fresh_page<FrameRing::Page>();
  FrameRing::Page* receive = fresh_page<FrameRing::Page>();
  u8* headers = fresh_page<u8>();
  u8* frame = fresh_page<u8>();
  u32 sent = 0, offered = 0;
};

void connect(Card& c) {
  const void* pages[] = {c.send, c.receive, c.headers, c.frame};
  for (u32 i = 0; i < kFirstOffered; ++i) c.grants[i] = {page_number(pages[i]), 0, kGranted, 0};
  ask(Call::Share, physical(c.shared), physical(c.grants), runtime::kChannelVector);
  c.shared->front[kCard] = {{kSendRing, kReceiveRing}, 1, kHeaders};
  ask(Call::Notify, kCard);
}

bool flips(const Card& c) { return (c.shared->back[kCard].manner & kReceiveFlip) != 0; }

// The peer answers it.
void send_question(Card& c) {
  MacAddress own = {};
  memcpy(own.bytes, c.shared->back[kCard].mac, sizeof own.bytes);
  put_ethernet(c.frame, {kBroadcastMac, own, kTypeArp});
  put_arp(c.frame + kEthernetBytes, {true, own, {}, kSelf, kPeer});
  FrameRing::Request r = {};
  r.bytes = kEthernetBytes + kArpBytes;
  r.grant = kFrame;
  if ((c.shared->back[kCard].manner & kSendHeader) != 0) {
    memcpy(c.headers, c.frame, r.bytes);
    r.header = static_cast<u8>(r.bytes);
    r.bytes = 0;
  }
  c.send->entries[c.sent % FrameRing::Page::kEntries].request = r;
  __atomic_store_n(&c.send->requests, ++c.sent, __ATOMIC_SEQ_CST);
  ask(Call::Notify, kCard);
}

void offer(Card& c, u32 grant) {
  FrameRing::Request r = {};
  r.id = static_cast<u16>(c.offered);
  r.bytes = 2048;
  r.grant = grant;
  c.receive->entries[c.offered % FrameRing::Page::kEntries].request = r;
  __atomic_store_n(&c.receive->requests, ++c.offered, __ATOMIC_SEQ_CST);
  ask(Call::Notify, kCard);
}

// The answer to what has just been offered: a frame, or a refusal.
bool wait_for_answer(const Card& c, FrameRing::Response& response) {
  const auto end = runtime::clock::now() + 20'000'000;
  while (__atomic_load_n(&c.receive->responses, __ATOMIC_ACQUIRE) != c.offered) {
    if (runtime::clock::now() >= end) return false;
    runtime::pause();
  }
  response = c.receive->entries[(c.offered - 1) % FrameRing::Page::kEntries].response;
  return true;
}

// Around the frame is what was there if it has been copied, nothing if the page is another one.
void look_at(const Card& c, const u8* page, const FrameRing::Response& r) {
  const u8 around = flips(c) ? 0 : kFill;
  unsigned other = 0;
  for (unsigned i = 0; i < kPageBytes; ++i) {
    const bool frame = i >= r.offset && i < unsigned{r.offset} + r.bytes;
    if (!frame && page[i] != around) ++other;
  }
  if (other != 0) runtime::print("attack: %u bytes around a frame are NOT its own\n", other);
}

void attack_with_good_pages(Card& c) {
  unsigned frames = 0;
  for (u32 i = 0; i < 24; ++i) {
    u8* page = fresh_page<u8>();
    memset(page, kFill, kPageBytes);
    c.grants[kFirstOffered + i] = {page_number(page), 0, kGranted, 0};
    offer(c, kFirstOffered + i);
    send_question(c);
    FrameRing::Response r = {};
    if (!wait_for_answer(c, r)) continue;
    if (r.failed == 0) ++frames, look_at(c, page, r);
  }
  runtime::print("attack: %s frames came, %s\n", frames >= 20 ? "enough" : "NOT enough",
                 flips(c) ? "with their pages" : "copied");
}

// Pages that somebody uses, that are no pages, that it may not give.
void attack_with_bad_pages(Card& c) {
  const u32 first = kFirstOffered + 24;
  const auto offer_page = [&](u32 at, GrantEntry entry, bool may_come) {
    c.grants[first + at] = entry;
    offer(c, first + at);
    send_question(c);
    FrameRing::Response r = {};
    if (wait_for_answer(c, r) && r.failed == 0 && !may_come)
      runtime::print("attack: offer %u was NOT refused\n", at);
  };
  const bool copied = !flips(c);
  const void* own[] = {c.send, c.receive, c.headers, c.frame};
  u32 at = 0;
  // What it has lent is the other machine's to read and write, but stays where it is.
  if (!copied) {
    const bool headers = (c.shared->back[kCard].manner & kSendHeader) != 0;
    for (const void* page : own) {
      const bool free = page == c.frame || (page == c.headers && !headers);
      offer_page(at++, {page_number(page), 0, kGranted, 0}, free);
    }
    offer_page(at++, {page_number(c.shared), 0, kGranted, 0}, false);
    offer_page(at++, {page_number(c.grants), 0, kGranted, 0}, false);
  }
  offer_page(at++, {page_number(c.frame), 0, kGranted | kReadOnly, 0}, false);
  offer_page(at++, {page_number(c.frame), 2, kGranted, 0}, false);
  offer_page(at++, {0x000f'ffff, 0, kGranted, 0}, false);
  offer_page(at++, {0xfee00, 0, kGranted, 0}, false);
  offer_page(at++, {page_number(c.frame), 0, 0, 0}, false);
}

}  // namespace

void attack_card() {
  if ((runtime::hypervisor_features() & kHasChannels) == 0) return;
  runtime::set_handler(runtime::kChannelVector,
                       [](runtime::TrapFrame&) { runtime::apic::end_of_interrupt(); });
  Card c;
  connect(c);
  attack_with_good_pages(c);
  attack_with_bad_pages(c);
}

}  // namespace hvlab::kernel
