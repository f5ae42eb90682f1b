// Text on standard output, and a few functions on strings.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {
void* memcpy(void* to, const void* from, size_t bytes);
void* memset(void* to, int value, size_t bytes);
int memcmp(const void* left, const void* right, size_t bytes);
size_t strlen(const char* text);
int strcmp(const char* left, const char* right);
}

namespace user {

/// %s, %ld and %lx; each call is one write.
[[gnu::format(printf, 1, 2)]] void print(const char* format, ...);

/// A number in decimal; -1 if it is none.
long parse_number(const char* text);
/// "A.B.C.D" in the processor's order; 0 if it is none.
uint32_t parse_address(const char* text);

/// Pseudo-random numbers, the same for the same start (xorshift64*).
uint64_t next_random(uint64_t& state);

}  // namespace user
