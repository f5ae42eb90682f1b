// Any bytes as code, in every mode: decoding them into a block reads nothing beyond its pages and finds
// handlers for all of it.
#include <algorithm>
#include <cstdlib>

#include "fuzz.hpp"
#include "sim/base/check.hpp"
#include "sim/execute/code_cache.hpp"

using namespace hvlab;
using namespace hvlab::execute;

extern "C" int LLVMFuzzerTestOneInput(const u8* data, size_t size) {
  static u8* const pages = static_cast<u8*>(std::aligned_alloc(4096, 2 * 4096));
  static CodeCache cache(2);
  if (size < 2) return 0;
  CodeCache::Rules rules;
  rules.cost.fill(1);
  rules.features.set();
  cache.set_rules(rules);
  const unsigned offset = (data[0] & 1) ? 4096u - data[1] % 64 - 1 : 0;
  const unsigned count = static_cast<unsigned>(std::min<size_t>(size - 2, 256));
  std::memset(pages, 0x90, 2 * 4096);
  std::memcpy(pages + offset, data + 2, count);
  static constexpr u8 kBytes[4] = {2, 4, 8, 8};
  const u8 code = kBytes[(data[0] >> 1) & 3];
  const u8 stack = code == 8 ? 8 : (data[0] & 8) ? 2 : 4;
  Block* block = cache.build(pages + offset, 0, {code, stack, true}, pages + 4096, 1);
  HVLAB_CHECK(block != nullptr && block->operations > 0);
  for (unsigned i = 0; i < block->operations; ++i)
    HVLAB_CHECK(block->ops()[i].handler != nullptr && block->ops()[i].step != nullptr);
  cache.written(0, 2 * 4096);
  return 0;
}
