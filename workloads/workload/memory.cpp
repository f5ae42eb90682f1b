// The memory phases: sequential passes over a buffer larger than the caches near the core, and dependent
// loads.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "workload.hpp"

namespace workload {
namespace {

char* fresh_memory(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  return static_cast<char*>(memory);
}

}  // namespace

uint64_t stream_phase(const Size& size) {
  constexpr size_t kWords = kStreamBytes / sizeof(uint64_t);
  uint64_t* from = reinterpret_cast<uint64_t*>(fresh_memory(2 * kWords * sizeof(uint64_t)));
  uint64_t* to = from + kWords;
  uint64_t sum = 0;
  for (unsigned pass = 0; pass < size.stream_passes; ++pass) {
    for (size_t i = 0; i < kWords; ++i) from[i] = i * (pass + 3);
    memcpy(to, from, kWords * sizeof(uint64_t));
    for (size_t i = 0; i < kWords; ++i) sum = sum * 5 + to[i];
  }
  munmap(from, 2 * kWords * sizeof(uint64_t));
  Hash hash;
  hash.add(sum);
  return hash.value();
}

uint64_t chase_phase(const Size& size) {
  constexpr unsigned kNodes = (1u << 20) / 64;  // one node a cache line
  struct Node {
    uint32_t next;
    char rest[60];
  };
  Node* nodes = reinterpret_cast<Node*>(fresh_memory(kNodes * sizeof(Node)));
  for (uint32_t i = 0; i < kNodes; ++i) nodes[i].next = i;
  uint64_t state = 42;
  for (uint32_t i = kNodes - 1; i > 0; --i) {  // Sattolo's shuffle: one cycle through all nodes
    const uint32_t other = static_cast<uint32_t>(next_random(state) >> 32) % i;
    const uint32_t kept = nodes[i].next;
    nodes[i].next = nodes[other].next;
    nodes[other].next = kept;
  }
  uint32_t at = 0;
  Hash hash;
  for (unsigned step = 0; step < size.chase_steps; ++step) {
    at = nodes[at].next;
    if (step % 1024 == 0) hash.add(at);
  }
  hash.add(at);
  munmap(nodes, kNodes * sizeof(Node));
  return hash.value();
}

}  // namespace workload
