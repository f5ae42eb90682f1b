// The kernel's calls as functions. Each returns what the kernel does: a value, or a negative error number.
#pragma once

#include <cstddef>
#include <cstdint>

namespace user {

inline long call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

inline long to_word(const void* pointer) { return reinterpret_cast<long>(pointer); }

inline long read(int file, void* to, size_t bytes) {
  return call(0, file, to_word(to), static_cast<long>(bytes));
}
inline long write(int file, const void* from, size_t bytes) {
  return call(1, file, to_word(from), static_cast<long>(bytes));
}
inline long open(const char* path, int flags) { return call(2, to_word(path), flags, 0600); }
inline constexpr int kReadOnly = 0, kReadWrite = 2, kCreate = 0100, kTruncate = 01000;
/// That read() would give without waiting (FIONREAD).
inline long bytes_waiting(int file) {
  int bytes = 0;
  const long result = call(16, file, 0x541b, to_word(&bytes));
  return result < 0 ? result : bytes;
}
inline long close(int file) { return call(3, file); }
inline long pread(int file, void* to, size_t bytes, long at) {
  return call(17, file, to_word(to), static_cast<long>(bytes), at);
}
inline long pwrite(int file, const void* from, size_t bytes, long at) {
  return call(18, file, to_word(from), static_cast<long>(bytes), at);
}
inline long seek_end(int file) { return call(8, file, 0, 2); }
inline long fsync(int file) { return call(74, file); }
inline long unlink(const char* path) { return call(87, to_word(path)); }
inline long mkdir(const char* path) { return call(83, to_word(path), 0755); }
inline long rmdir(const char* path) { return call(84, to_word(path)); }
inline long chroot(const char* path) { return call(161, to_word(path)); }
inline long mount(const char* device, const char* folder, const char* type, const char* options) {
  return call(165, to_word(device), to_word(folder), to_word(type), 0, to_word(options));
}
/// What is at `source`, a file or a folder, is seen at `target` of the same kind too (MS_BIND); to be read only
/// (MS_RDONLY), unless `to_write`.
inline long bind(const char* source, const char* target, bool to_write) {
  return call(165, to_word(source), to_word(target), 0, to_write ? 0x1000 : 0x1001, 0);
}
inline long unmount(const char* folder) { return call(166, to_word(folder)); }
inline long map_memory(size_t bytes) { return call(9, 0, static_cast<long>(bytes), 3, 0x22, -1, 0); }
/// The same of blocks of 2 MiB, each of which lies in a row in the machine's memory (MAP_HUGETLB).
inline long map_blocks(size_t bytes) { return call(9, 0, static_cast<long>(bytes), 3, 0x40022, -1, 0); }
inline long yield() { return call(24); }
inline long getpid() { return call(39); }
inline long fork() { return call(57); }
inline long execve(const char* path, char** arguments, char** environment) {
  return call(59, to_word(path), to_word(static_cast<void*>(arguments)),
              to_word(static_cast<void*>(environment)));
}
[[noreturn]] inline void exit(int status) {
  for (;;) call(231, status);
}
inline long wait(long id, int* status) { return call(61, id, to_word(status)); }
inline long kill(long id, int signal) { return call(62, id, signal); }

struct Time {
  long seconds, nanoseconds;
};
inline long now(Time* to) { return call(228, 1, to_word(to)); }
/// Since the system's start.
inline long nanoseconds() {
  Time time{};
  now(&time);
  return time.seconds * 1'000'000'000 + time.nanoseconds;
}
inline void sleep_milliseconds(long time) {
  const Time span{time / 1000, time % 1000 * 1'000'000};
  call(35, to_word(&span));
}

/// hv-models/kernel/container.hpp
struct Limits {
  uint64_t weight = 1024, quota = 0, pages = 0, processes = 0;
};
inline constexpr long kOwnNetwork = 1, kSameNumbers = 2;
/// `address`, unless 0: of a card on the bridge, in the processor's order.
inline long contain(const Limits& limits, long flags, uint32_t address = 0) {
  return call(500, to_word(&limits), flags, static_cast<long>(address));
}

/// Bytes that the container of the caller's children had at once, at most.
inline long most_memory() { return call(510); }
inline long pipe(int* ends) { return call(22, to_word(ends)); }
inline long duplicate(int file, int as) { return call(33, file, as); }

struct SocketAddress {
  uint16_t family = 2, port = 0;
  uint32_t address = 0;
  uint8_t zero[8] = {};
};
inline constexpr int kUdp = 17, kIcmp = 1;
inline long socket(int protocol) { return call(41, 2, 2, protocol); }
inline long stream_socket() { return call(41, 2, 1, 6); }  // TCP
inline long bind(int file, const SocketAddress& address) {
  return call(49, file, to_word(&address), sizeof address);
}
inline long send_to(int file, const void* bytes, size_t count, const SocketAddress& to) {
  return call(44, file, to_word(bytes), static_cast<long>(count), 0, to_word(&to), sizeof to);
}
inline long receive_from(int file, void* bytes, size_t count, SocketAddress& from) {
  int size = sizeof from;
  return call(45, file, to_word(bytes), static_cast<long>(count), 0, to_word(&from), to_word(&size));
}
inline long connect(int file, const SocketAddress& address) {
  return call(42, file, to_word(&address), sizeof address);
}
/// Receiving gives up after this time.
inline long set_timeout(int file, long milliseconds) {
  const long time[2] = {milliseconds / 1000, milliseconds % 1000 * 1000};
  return call(54, file, 1, 20, to_word(time), sizeof time);
}

}  // namespace user
