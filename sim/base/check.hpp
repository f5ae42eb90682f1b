// HVLAB_CHECK: a condition that only a bug of HVLab itself can break. Never for what a guest or a user does.
#pragma once

namespace hvlab {

/// Prints the broken condition with its place and aborts. Defined in check.cpp for hosted builds; a
/// freestanding program defines its own.
[[noreturn, gnu::cold]] void check_failed(const char* condition, const char* file, int line);

}  // namespace hvlab

#define HVLAB_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::hvlab::check_failed(#condition, __FILE__, __LINE__))
