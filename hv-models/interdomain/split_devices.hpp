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

/// One ring for frames that the front end sends, another one for empty pages in which it takes frames.
struct FrameRing {
  struct Request {
    u16 id;
    u16 offset, bytes;  // of the frame in the page; to be filled: 0 and the room
    u16 reserved;
    Grant grant;
  };
  struct Response {
    u16 id;
    u16 offset, bytes;  // of the frame that is there now
    u16 failed;
  };
  using Page = RingPage<Request, Response>;
  using Front = FrontRing<Request, Response>;
  using Back = BackRing<Request, Response>;
};
static_assert(sizeof(FrameRing::Page) <= 4096);

/// Split devices, and the event channel of each: the same number on both sides, but the management machine
/// has those of guest N from N * kKinds on.
enum class Split : u8 { Disk, Network };
inline constexpr unsigned kSplitKinds = 2;

/// What a front end says of itself in its machine's shared page (shared_page.hpp).
struct FrontOffer {
  Grant rings[2];  // a disk's ring; a card's rings to send and to receive
  u32 ready;       // 1 once it is to be looked at
  u32 reserved;
};
/// What its back end has said before: there from the beginning.
struct BackOffer {
  u64 sectors;  // of a disk
  u8 mac[6];    // of a card
  u8 present;   // 1 if the machine has this device
  u8 reserved;
};

}  // namespace hvlab::interdomain
