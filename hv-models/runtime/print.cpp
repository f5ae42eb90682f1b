#include "hv-models/runtime/print.hpp"

#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/ioapic.hpp"
#include "hv-models/runtime/serial_port.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::runtime {
namespace {

SpinLock console_lock;
bool seized = false;

constexpr u64 kLook = 500'000;  // ns

// What the port has not taken yet, if it is to wait here.
bool buffered = false;
void (*all_sent)() = nullptr;
u8 ring[16384];
unsigned taken = 0, stored = 0;

unsigned waiting() { return stored - taken; }
u8 take() { return ring[taken++ % sizeof ring]; }

void put(u8 byte) {
  if (!buffered) return serial::write(byte);
  while (waiting() > 0 && serial::has_room()) serial::write(take());
  if (waiting() == 0 && serial::has_room()) return serial::write(byte);
  if (waiting() == sizeof ring) serial::write(take());
  ring[stored++ % sizeof ring] = byte;
}

void send_more(void*) {
  {
    const Hold hold(console_lock);
    while (waiting() > 0 && serial::has_room()) serial::write(take());
    if (waiting() > 0) return;
    serial::enable_interrupts(false, false);
  }
  all_sent();
}

struct Output {
  char* to;
  size_t size, length;
  void put(char c) {
    if (length + 1 < size) to[length++] = c;
  }
};

struct Field {
  unsigned width = 0;
  bool zeros = false, is_long = false;
};

void put_padded(Output& out, const char* text, size_t length, const Field& field) {
  for (size_t i = length; i < field.width; ++i) out.put(field.zeros ? '0' : ' ');
  for (size_t i = 0; i < length; ++i) out.put(text[i]);
}

void put_number(Output& out, u64 value, unsigned base, bool negative, const Field& field) {
  char digits[24];
  size_t at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  if (negative) digits[--at] = '-';
  put_padded(out, digits + at, sizeof digits - at, field);
}

void put_signed(Output& out, i64 value, const Field& field) {
  const u64 size = value < 0 ? ~static_cast<u64>(value) + 1 : static_cast<u64>(value);
  put_number(out, size, 10, value < 0, field);
}

const char* read_field(const char* at, Field& field) {
  if (*at == '0') field.zeros = true;
  for (; *at >= '0' && *at <= '9'; ++at) field.width = field.width * 10 + static_cast<unsigned>(*at - '0');
  for (; *at == 'l'; ++at) field.is_long = true;
  return at;
}

void put_text(Output& out, const char* text, const Field& field) {
  size_t length = 0;
  while (text[length] != 0) ++length;
  put_padded(out, text, length, field);
}

}  // namespace

size_t format_text(char* to, size_t size, const char* format, std::va_list arguments) {
  Output out{to, size, 0};
  for (const char* at = format; *at != 0; ++at) {
    if (*at != '%') {
      out.put(*at);
      continue;
    }
    Field field;
    at = read_field(at + 1, field);
    switch (*at) {
      case 'c': out.put(static_cast<char>(va_arg(arguments, int))); break;
      case 's': put_text(out, va_arg(arguments, const char*), field); break;
      case 'd':
        put_signed(out, field.is_long ? va_arg(arguments, long) : va_arg(arguments, int), field);
        break;
      case 'u':
      case 'x':
        put_number(out, field.is_long ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned),
                   *at == 'u' ? 10 : 16, false, field);
        break;
      case 'p':
        put_number(out, reinterpret_cast<u64>(va_arg(arguments, void*)), 16, false, {16, true});
        break;
      case 0: --at; break;
      default: out.put(*at); break;
    }
  }
  to[out.length] = 0;
  return out.length;
}

size_t format_text(char* to, size_t size, const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  const size_t length = format_text(to, size, format, arguments);
  va_end(arguments);
  return length;
}

void write_console(const char* bytes, size_t count) {
  const bool locked = !seized;
  if (locked) console_lock.lock();
  for (size_t i = 0; i < count; ++i) {
    if (bytes[i] == '\n') put('\r');
    put(static_cast<u8>(bytes[i]));
  }
  if (locked && waiting() > 0) serial::enable_interrupts(false, true);
  if (locked) console_lock.unlock();
}

void buffer_console(void (*sent)()) {
  const Hold hold(console_lock);
  all_sent = sent;
  buffered = ioapic::connect(serial::kIrq, send_more, nullptr);
}

bool console_is_behind() { return __atomic_load_n(&stored, __ATOMIC_ACQUIRE) != taken; }

void drain_console() {
  // The first processor's interrupt sends it; another one only looks now and then.
  while (!seized && console_is_behind()) {
    clock::interrupt_at(clock::now() + kLook);
    wait_for_interrupt();
    interrupts_off();
  }
  const bool locked = !seized;
  if (locked) console_lock.lock();
  while (waiting() > 0) serial::write(take());
  if (locked) console_lock.unlock();
  serial::drain();
}

size_t offer_console(const char* bytes, size_t count) {
  const Hold hold(console_lock);
  size_t done = 0;
  for (; done < count && serial::has_room(); ++done) {
    if (bytes[done] == '\n') serial::write('\r');
    serial::write(static_cast<u8>(bytes[done]));
  }
  return done;
}

void print(const char* format, ...) {
  char line[512];
  std::va_list arguments;
  va_start(arguments, format);
  const size_t length = format_text(line, sizeof line, format, arguments);
  va_end(arguments);
  write_console(line, length);
}

void seize_console() { seized = true; }

}  // namespace hvlab::runtime
