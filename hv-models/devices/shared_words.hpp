// Words that several may change at once: each access is one, and none goes before another.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::devices {

inline u32 load(const u32& word) { return __atomic_load_n(&word, __ATOMIC_SEQ_CST); }
/// The word, which is 0 from then on.
inline u32 take(u32& word) { return __atomic_exchange_n(&word, 0, __ATOMIC_SEQ_CST); }
inline void put(u32& word, u32 value) { __atomic_store_n(&word, value, __ATOMIC_SEQ_CST); }
inline void set_bits(u32& word, u32 bits) { __atomic_fetch_or(&word, bits, __ATOMIC_SEQ_CST); }
inline void clear_bits(u32& word, u32 bits) { __atomic_fetch_and(&word, ~bits, __ATOMIC_SEQ_CST); }

}  // namespace hvlab::devices
