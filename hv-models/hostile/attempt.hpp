// Doing what may go wrong: an exception ends the attempt, not the attacker.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hostile {

struct Attempt {
  void* buffer[5];  // of __builtin_setjmp
  volatile bool on;
  volatile u64 vector;
};

/// The calling processor's.
Attempt& attempt_here();
/// Exceptions come back to attempt() from now on.
void catch_exceptions();

constexpr u64 kWell = ~u64{0};

/// Calls `what`; the vector of the exception that ended it, or kWell.
template <typename What>
[[gnu::noinline]] u64 attempt(What what) {
  Attempt& here = attempt_here();
  here.vector = kWell;
  if (__builtin_setjmp(here.buffer) == 0) {
    here.on = true;
    what();
  }
  here.on = false;
  return here.vector;
}

/// Numbers by chance, the same each time.
u64 chance();
void set_chance(u64 seed);

/// Looks at a value that an attack has read: true, and says so, if it is a neighbour's secret.
bool is_secret(u64 value);
/// What neighbours have in their memory. It is computed: nowhere in this image does it stand.
u64 secret();

}  // namespace hvlab::hostile
