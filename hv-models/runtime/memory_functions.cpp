// What the compiler expects to exist even where there is no C library (GCC manual, "Standards"). One REP
// string instruction each: short to read and, on processors with fast strings, as fast as anything.
#include "hv-models/runtime/memory_functions.hpp"

extern "C" {

void* memcpy(void* to, const void* from, std::size_t bytes) {
  void* at = to;
  std::size_t words = bytes / 8, rest = bytes % 8;
  asm volatile("rep movsq" : "+D"(at), "+S"(from), "+c"(words)::"memory");
  asm volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(rest)::"memory");
  return to;
}

void* memmove(void* to, const void* from, std::size_t bytes) {
  char* target = static_cast<char*>(to);
  const char* source = static_cast<const char*>(from);
  if (target <= source || target >= source + bytes) return memcpy(to, from, bytes);
  for (std::size_t i = bytes; i > 0; --i) {
    target[i - 1] = source[i - 1];
    asm volatile("" ::: "memory");  // or the compiler would make a call of memmove out of this loop
  }
  return to;
}

void* memset(void* to, int value, std::size_t bytes) {
  void* at = to;
  const std::uint64_t word = std::uint64_t{0x0101'0101'0101'0101} * static_cast<unsigned char>(value);
  std::size_t words = bytes / 8, rest = bytes % 8;
  asm volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(word) : "memory");
  asm volatile("rep stosb" : "+D"(at), "+c"(rest) : "a"(word) : "memory");
  return to;
}

int memcmp(const void* left, const void* right, std::size_t bytes) {
  const unsigned char* a = static_cast<const unsigned char*>(left);
  const unsigned char* b = static_cast<const unsigned char*>(right);
  for (std::size_t i = 0; i < bytes; ++i) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

std::size_t strlen(const char* text) {
  std::size_t length = 0;
  while (text[length] != 0) {
    ++length;
    asm volatile("");  // or the compiler would make a call of strlen out of this loop
  }
  return length;
}

int strcmp(const char* left, const char* right) {
  while (*left != 0 && *left == *right) ++left, ++right;
  return static_cast<unsigned char>(*left) - static_cast<unsigned char>(*right);
}
}

// Registers the destructor of a static object: an image of ours never ends in a way that would call it.
extern "C" int atexit(void (*)()) { return 0; }
