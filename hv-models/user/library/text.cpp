#include "hv-models/user/library/text.hpp"

#include <cstdarg>

#include "hv-models/user/library/calls.hpp"

namespace user {
namespace {

struct Line {
  char text[256];
  size_t length = 0;
  void put(char c) {
    if (length < sizeof text) text[length++] = c;
  }
};

void put_number(Line& line, unsigned long value, unsigned base) {
  char digits[24];
  size_t at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  while (at < sizeof digits) line.put(digits[at++]);
}

}  // namespace

void print(const char* format, ...) {
  Line line;
  std::va_list arguments;
  va_start(arguments, format);
  for (const char* at = format; *at != 0; ++at) {
    if (*at != '%') {
      line.put(*at);
      continue;
    }
    ++at;
    if (*at == 's') {
      for (const char* s = va_arg(arguments, const char*); *s != 0; ++s) line.put(*s);
    } else if (at[0] == 'l' && at[1] == 'd') {
      ++at;
      const long value = va_arg(arguments, long);
      if (value < 0) line.put('-');
      put_number(line, value < 0 ? 0 - static_cast<unsigned long>(value) : static_cast<unsigned long>(value),
                 10);
    } else if (at[0] == 'l' && at[1] == 'x') {
      ++at;
      put_number(line, va_arg(arguments, unsigned long), 16);
    }
  }
  va_end(arguments);
  write(1, line.text, line.length);
}

long parse_number(const char* text) {
  long value = 0;
  if (*text == 0) return -1;
  for (; *text != 0; ++text) {
    if (*text < '0' || *text > '9' || value > 1'000'000'000'000) return -1;
    value = value * 10 + (*text - '0');
  }
  return value;
}

uint32_t parse_address(const char* text) {
  uint32_t address = 0;
  for (unsigned part = 0; part < 4; ++part) {
    uint32_t number = 0;
    if (*text < '0' || *text > '9') return 0;
    for (; *text >= '0' && *text <= '9'; ++text) {
      number = number * 10 + static_cast<uint32_t>(*text - '0');
      if (number > 255) return 0;
    }
    if (*text++ != (part < 3 ? '.' : 0)) return 0;
    address = address << 8 | number;
  }
  return address;
}

uint64_t next_random(uint64_t& state) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1d;
}

}  // namespace user
