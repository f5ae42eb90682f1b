// What front ends and back ends of split devices say to each other: a disk, and a network card.
#pragma once

#include "hv-models/interdomain/ring.hpp"
#include "sim/base/types.hpp"

namespace hvlab::interdomain {

/// Number of an entry in its machine's grant table (grant_table.hpp): a page that the other machine may use.
using Grant = u32;

enum class DiskKind : u8 { Read, Write, Flush };

struct DiskRing {
  static constexpr unsigned kMostPages = 5;  // 32 sectors anywhere in memory
  struct Request {
    u16 id;  // the front end's, for the response
    DiskKind kind;
    u8 pages;     // how many of `grants`
    u16 sectors;  // at most 32
    u16 offset;   // of the first byte in the first page, a multiple of 512; the others follow in a row
    u64 sector;   // of the disk that the front end has been given
    Grant grants[kMostPages];
  };
  struct Response {
    u16 id;
    u16 failed;  // 0 or 1
  };
  using Page = RingPage<Request, Response>;
  using Front = FrontRing<Request, Response>;
  using Back = BackRing<Request, Response>;
};
static_assert(sizeof(DiskRing::Page) <= 4096);

/// One ring for frames that the front end sends, another one for empty pages in which it takes frames. A
/// packet may lie in several pages: a request for each, in a row, all but the last with kMore.
struct FrameRing {
  static constexpr u8 kMore = 1;       // the next request is of the same packet
  static constexpr u8 kUnchecked = 2;  // of the first: the checksum is to be completed (drivers/packet.hpp)
  static constexpr unsigned kMostParts = 18;
  static constexpr size_t kHeaderBytes = 64;  // of each id, in the page of headers
  struct Request {
    u16 id;
    u16 offset, bytes;  // of the frame in the page; to be filled: 0 and the room
    u16 segment;        // of the first: TCP's data, for frames of so much payload each; 0: a frame
    u8 flags;
    u8 header;  // of the first: so many bytes before these are in the page of headers; then `bytes` may be 0
    u16 reserved;
    Grant grant;
  };
  struct Response {
    u16 id;
    u16 offset, bytes;  // of the frame that is there now
    u8 failed;
    u8 checked;  // received: the checksum has been found right
  };
  using Page = RingPage<Request, Response>;
  using Front = FrontRing<Request, Response>;
  using Back = BackRing<Request, Response>;
};
static_assert(sizeof(FrameRing::Page) <= 4096 && FrameRing::kHeaderBytes * FrameRing::Page::kEntries <= 4096);

/// How frames go from one machine to the other: what the hypervisor's configuration says of a guest's card.
/// Without any of these the hypervisor copies them.
inline constexpr u8 kSendMapped = 1;  // sent: the management machine maps the pages
inline constexpr u8 kSendHeader =
    2;  // sent: it sees a copy of the header, its card fetches the rest from the pages
inline constexpr u8 kReceiveFlip =
    4;  // received: the page with the frame goes to the guest, for one of the guest's
inline constexpr u8 kOffload = 8;  // packets larger than a frame, and without their checksums

/// Split devices, and the event channel of each: the same number on both sides, but the management machine
/// has those of guest N from N * kKinds on.
enum class Split : u8 { Disk, Network };
inline constexpr unsigned kSplitKinds = 2;

/// What a front end says of itself in its machine's shared page (shared_page.hpp).
struct FrontOffer {
  Grant rings[2];  // a disk's ring; a card's rings to send and to receive
  u32 ready;       // 1 once it is to be looked at
  Grant headers;   // with kSendHeader: the page of headers
};
/// What its back end has said before: there from the beginning.
struct BackOffer {
  u64 sectors;  // of a disk
  u8 mac[6];    // of a card
  u8 present;   // 1 if the machine has this device
  u8 manner;    // of a card: kSendMapped and so on
};

}  // namespace hvlab::interdomain
