// Text for people, on the console.
#pragma once

#include <cstdarg>

#include "sim/base/types.hpp"

namespace hvlab::runtime {

/// printf's %c %s %d %u %x %p %%, with l, width and leading zeros. Whole calls of different processors do not
/// mix.
[[gnu::format(printf, 1, 2)]] void print(const char* format, ...);

/// The same into `to` of `size` bytes (at least 1), always ended by 0; the length without it.
[[gnu::format(printf, 3, 4)]] size_t format_text(char* to, size_t size, const char* format, ...);
size_t format_text(char* to, size_t size, const char* format, std::va_list arguments);

/// Console bytes as they are, for what programs write. Not mixed with print()'s.
void write_console(const char* bytes, size_t count);

/// The first of the same bytes, as many as the port takes without waiting: how many those are.
size_t offer_console(const char* bytes, size_t count);

/// From now on, text that the port does not take at once waits in memory (up to 16 KiB, then as before), and
/// the port's interrupt sends it: a hypervisor's processors have better to do than to wait for it. That
/// interrupt's handler calls `sent` when nothing waits any more.
void buffer_console(void (*sent)());
/// Whether text waits in memory.
bool console_is_behind();

/// Waits until all text is on the wire.
void drain_console();

/// From now on nobody else prints (a panic).
void seize_console();

}  // namespace hvlab::runtime
