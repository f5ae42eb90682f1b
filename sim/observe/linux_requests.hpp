// What an unmodified Linux calls its input and output: the functions that a block request passes, the threads
// that wake each other for it, and where a request's particulars are.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sim/observe/elf.hpp"
#include "sim/observe/io_tracker.hpp"
#include "sim/observe/symbols.hpp"

namespace hvlab::observe {

class LinuxRequests {
 public:
  /// Reads kernel memory of the system in question, as its processor sees it now.
  using Read = std::function<bool(u64 address, void* to, size_t bytes)>;
  /// The machine's physical address of a system's physical page; nothing if it has none now.
  using Resolve = std::function<std::optional<u64>(u64 page)>;

  /// What it means that a function is entered; its first two arguments say of what.
  enum class Point : u8 {
    Bio,      // a thread hands memory and sectors to the block layer, which makes a request of them: bio
    Start,    // a request goes to its driver: request
    End,      // a request is over: request
    Send,     // a datagram leaves: socket; third argument: its bytes
    Receive,  // a datagram is at its socket: socket, buffer
    Refuse,   // an ICMP message is about to say what is wrong with a packet: buffer, type; third argument:
              // code
    Wake,     // a thread is made ready: thread
    Switch,   // a processor changes over: from thread, to thread
    Count
  };

  /// Learns from `vmlinux`, whose `symbols` are known already. Nothing if it lacks what is needed.
  static std::optional<LinuxRequests> from_vmlinux(Bytes vmlinux, const SymbolTable& symbols);

  /// The functions' addresses as linked.
  const std::vector<u64>& addresses() const { return addresses_; }
  std::optional<Point> point_at(u64 linked_address) const;

  /// How far the kernel is moved whose system calls enter at `entry`; nothing if it cannot be this one.
  std::optional<u64> slide_of(u64 entry) const;

  /// True if the memory at `slide` holds this kernel: its banner, with version and date of its building, is
  /// there.
  bool runs_at(u64 slide, const Read& read) const;

  /// The thread that a processor runs whose per-processor area is at `area`; 0 if it cannot be read.
  u64 current_thread(u64 area, const Read& read) const;

  /// The bio that the request structure at `request` begins with; 0 for a flush.
  u64 first_bio(u64 request, const Read& read) const;
  /// Bytes on the wire of the UDP datagram in buffer `skb`, its headers taken off already, and of one of
  /// `payload` bytes (IPv4, Ethernet).
  u64 frame_of_buffer(u64 skb, const Read& read) const;
  static u64 frame_of_payload(u64 payload);
  /// The same of one in buffer `skb` whose UDP header is still there.
  u64 frame_of_whole_buffer(u64 skb, const Read& read) const;
  /// True of the message that no socket is there for a datagram.
  static bool is_port_unreachable(u64 type, u64 code) { return type == 3 && code == 3; }  // RFC 792
  /// True if `bio` moves nothing: it asks for a flush.
  bool is_empty(u64 bio, const Read& read) const;

  /// The particulars of the request structure at `request`.
  IoFacts read_request(u64 request, u64 slide, const Read& read, const Resolve& resolve) const;

 private:
  struct Offsets {
    u32 sector, bytes, flags, bio, queue;    // struct request
    u32 next, vectors, index, done, size;    // struct bio, with its bvec_iter
    u32 page, length, offset, vector_bytes;  // struct bio_vec
    u32 buffer_bytes;                        // struct sk_buff
    u32 page_bytes;                          // struct page
  };
  void read_pages(u64 bio, u64 bytes, u64 slide, const Read& read, const Resolve& resolve,
                  IoFacts& facts) const;

  std::vector<u64> addresses_;
  std::vector<std::pair<u64, Point>> points_;
  Offsets at_{};
  u64 current_ = 0;  // of the current-task pointer in a processor's own area
  u64 pages_ = 0;    // vmemmap_base: the variable that holds the address of page 0's structure
  u64 entry_ = 0;    // of 64-bit system calls
  u64 banner_at_ = 0;
  std::string banner_;
};

}  // namespace hvlab::observe
