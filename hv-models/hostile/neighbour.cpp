#include "hv-models/hostile/attacks.hpp"
#include "hv-models/hostile/attempt.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/print.hpp"

namespace hvlab::hostile {
namespace {

constexpr unsigned kBlocks = 8, kOrder = 8;  // of 1 MiB
constexpr u64 kWords = (u64{4096} << kOrder) / sizeof(u64);

}  // namespace

bool be_neighbour() {
  constexpr runtime::clock::Nanoseconds kTime = 60'000'000;
  u64* blocks[kBlocks];
  const u64 value = secret();
  runtime::clock::Nanoseconds longest = 0;
  for (u64*& block : blocks) {
    block = static_cast<u64*>(runtime::allocate_pages(kOrder));
    if (block == nullptr) return false;
    for (u64 i = 0; i < kWords; ++i) block[i] = value;
  }
  const auto end = runtime::clock::now() + kTime;
  for (auto now = runtime::clock::now(), last = now; now < end;) {
    for (const u64* block : blocks) {
      for (u64 i = 0; i < kWords; i += 64) {
        if (block[i] != value) return false;
      }
      now = runtime::clock::now();
      if (now - last > longest) longest = now - last;
      last = now;
    }
  }
  runtime::print("neighbour: at most %lu us without a processor\n", longest / 1000);
  for (const u64* block : blocks) {
    for (u64 i = 0; i < kWords; ++i) {
      if (block[i] != value) return false;
    }
  }
  return true;
}

}  // namespace hvlab::hostile
