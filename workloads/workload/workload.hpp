// The workload program: the same work in every way of running it, each phase timed and its result hashed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace workload {

/// How much each phase does. The hashes depend on the size, never on the number of processors.
struct Size {
  const char* name;
  unsigned cpu_units;      // independent pieces of arithmetic, shared out over the processors
  unsigned stream_passes;  // over a 2 MiB buffer
  unsigned chase_steps;    // dependent loads over 1 MiB
  unsigned system_calls;
  unsigned pipe_rounds;  // there and back between two processes
  unsigned processes;    // fork, exec, exit, wait
  unsigned file_kibibytes;
  unsigned small_files;
  unsigned disk_kibibytes;
  unsigned datagrams;  // there and back over UDP
  unsigned bulk_kibibytes;
  unsigned link_rounds;  // there and back between the card and the other end of its wire; as many pings
  unsigned link_kibibytes;
};

inline constexpr size_t kStreamBytes = 2u << 20;   // of each of the two buffers of stream
inline constexpr size_t kBulkDatagram = 8 * 1024;  // of network

/// Order-sensitive 64-bit hash (FNV-1a over words, finally mixed).
class Hash {
 public:
  void add(uint64_t word);
  void add(const void* bytes, size_t count);
  uint64_t value() const;

 private:
  uint64_t state_ = 0xcbf29ce484222325;
};

/// The next of a sequence of 64-bit numbers, the same for the same start (xorshift64*).
uint64_t next_random(uint64_t& state);

/// Prints "workload: WHAT: reason" and ends the program with status 1: a phase that cannot be done is a
/// failure.
[[noreturn]] void fail(const char* what);

/// Processors that this process may use.
unsigned processors();

// The phases. Each returns its hash.
uint64_t cpu_phase(const Size& size);
uint64_t stream_phase(const Size& size);
uint64_t chase_phase(const Size& size);
uint64_t system_call_phase(const Size& size);
uint64_t pipe_phase(const Size& size);
uint64_t process_phase(const Size& size);
uint64_t file_phase(const Size& size);
uint64_t network_phase(const Size& size);

/// Eight times the units of cpu_phase, each thread taking the next one that nobody has: all processors stay
/// busy until the end, however unlike their speed is.
uint64_t smp_phase(const Size& size);

/// Writes, synchronises and reads back the start of the block device `device`, past the page cache.
uint64_t disk_phase(const Size& size, const char* device);

/// Until the host at IPv4 address `peer` answers for the first time: cards need a while until they have a
/// link, addresses until they are resolved.
void wait_for_link(const char* peer);

/// Request and response over UDP with the host at IPv4 address `peer`.
uint64_t link_phase(const Size& size, const char* peer);

/// ICMP echoes answered by the host at IPv4 address `peer`, through a socket that needs no rights.
uint64_t ping_phase(const Size& size, const char* peer);

/// Bulk over TCP with `peer`: a stream there and back through its echo service, then a file from its web
/// server.
uint64_t link_bulk_phase(const Size& size, const char* peer);

/// What a child made by process_phase does: its exit status, from its number.
int child_main(const char* number);

}  // namespace workload
