// Calls on open files. Bytes go through a buffer of the kernel's, so that no file is locked while a program's
// memory is looked up, which may itself have to read a file.
#include "hv-models/kernel/console.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/process.hpp"
#include "hv-models/kernel/system_calls.hpp"

namespace hvlab::kernel {
namespace {

constexpr unsigned kBufferOrder = 2;
constexpr size_t kBufferBytes = kPageBytes << kBufferOrder;

// Small transfers (a word through a pipe) do without an allocation.
class Buffer {
 public:
  explicit Buffer(size_t bytes) : size_(bytes < kBufferBytes ? bytes : kBufferBytes) {
    if (size_ > sizeof small_) large_ = static_cast<u8*>(allocate_pages(kBufferOrder));
  }
  ~Buffer() { free_pages(large_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  u8* bytes() { return size_ > sizeof small_ ? large_ : small_; }
  size_t size() const { return size_; }

 private:
  u8 small_[128];
  u8* large_ = nullptr;
  size_t size_;
};

// What one part of a transfer does with the file: offset of the part, buffer, bytes.
template <typename Part>
i64 read_parts(const Arguments& c, OpenFile& file, u64 to, size_t bytes, Part part) {
  Buffer buffer(bytes);
  if (buffer.bytes() == nullptr) return kNoMemory;
  size_t done = 0;
  do {
    const size_t want = bytes - done < buffer.size() ? bytes - done : buffer.size();
    const i64 got = part(done, buffer.bytes(), want);
    if (got < 0) return done > 0 ? static_cast<i64>(done) : got;
    if (c.process.space->copy_out(to + done, buffer.bytes(), static_cast<size_t>(got)) < 0) return kFault;
    done += static_cast<size_t>(got);
    if (static_cast<size_t>(got) < want || file.is_stream()) break;
  } while (done < bytes);
  return static_cast<i64>(done);
}

template <typename Part>
i64 write_parts(const Arguments& c, u64 from, size_t bytes, Part part) {
  Buffer buffer(bytes);
  if (buffer.bytes() == nullptr) return kNoMemory;
  size_t done = 0;
  do {
    const size_t want = bytes - done < buffer.size() ? bytes - done : buffer.size();
    if (c.process.space->copy_in(buffer.bytes(), from + done, want) < 0) return kFault;
    const i64 put = part(done, buffer.bytes(), want);
    if (put < 0) return done > 0 ? static_cast<i64>(done) : put;
    done += static_cast<size_t>(put);
    if (static_cast<size_t>(put) < want) break;
  } while (done < bytes);
  return static_cast<i64>(done);
}

i64 add_pipe(const Arguments& c, bool close_on_exec) {
  Ref<OpenFile> ends[2];
  if (const int result = make_pipe(ends[0], ends[1]); result < 0) return result;
  int numbers[2];
  for (int i = 0; i < 2; ++i) {
    numbers[i] = c.process.files.add(ends[i], close_on_exec);
    if (numbers[i] < 0) {
      if (i == 1) c.process.files.take(numbers[0]);
      return numbers[i];
    }
  }
  return c.process.space->copy_out(c.a[0], numbers, sizeof numbers);
}

}  // namespace

i64 call_read(const Arguments& c) {
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  if (!file) return kBadFile;
  return read_parts(c, *file, c.a[1], c.a[2],
                    [&](size_t, u8* to, size_t bytes) { return file->read(to, bytes); });
}

i64 call_write(const Arguments& c) {
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  if (!file) return kBadFile;
  return write_parts(c, c.a[1], c.a[2],
                     [&](size_t, const u8* from, size_t bytes) { return file->write(from, bytes); });
}

i64 call_pread64(const Arguments& c) {
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  if (!file) return kBadFile;
  if (static_cast<i64>(c.a[3]) < 0) return kInvalid;
  return read_parts(c, *file, c.a[1], c.a[2],
                    [&](size_t at, u8* to, size_t bytes) { return file->read_at(c.a[3] + at, to, bytes); });
}

i64 call_pwrite64(const Arguments& c) {
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  if (!file) return kBadFile;
  if (static_cast<i64>(c.a[3]) < 0) return kInvalid;
  return write_parts(c, c.a[1], c.a[2], [&](size_t at, const u8* from, size_t bytes) {
    return file->write_at(c.a[3] + at, from, bytes);
  });
}

// writev(file, pairs of address and length, count)
i64 call_writev(const Arguments& c) {
  constexpr u64 kMostPairs = 16;
  if (c.a[2] > kMostPairs) return kInvalid;
  i64 total = 0;
  for (u64 i = 0; i < c.a[2]; ++i) {
    u64 pair[2];
    if (c.process.space->copy_in(pair, c.a[1] + i * sizeof pair, sizeof pair) < 0) return kFault;
    if (pair[1] == 0) continue;
    const i64 put = call_write({{c.a[0], pair[0], pair[1], 0, 0, 0}, c.frame, c.process});
    if (put < 0) return total > 0 ? total : put;
    total += put;
    if (static_cast<u64>(put) < pair[1]) break;
  }
  return total;
}

i64 call_lseek(const Arguments& c) {
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  return file ? file->seek(static_cast<i64>(c.a[1]), c.number(2)) : i64{kBadFile};
}

i64 call_close(const Arguments& c) { return c.process.files.take(c.number(0)) ? 0 : i64{kBadFile}; }

i64 call_dup(const Arguments& c) {
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  return file ? c.process.files.add(file) : int{kBadFile};
}

i64 call_dup2(const Arguments& c) {
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  if (!file) return kBadFile;
  return c.number(0) == c.number(1) ? c.number(1) : c.process.files.set(c.number(1), file);
}

i64 call_pipe(const Arguments& c) { return add_pipe(c, false); }
i64 call_pipe2(const Arguments& c) {
  constexpr u64 kCloseOnExec = 02000000;
  return (c.a[1] & ~kCloseOnExec) == 0 ? add_pipe(c, c.a[1] != 0) : i64{kInvalid};
}

namespace {

i64 tell_bytes_waiting(const Arguments& c, OpenFile& file) {
  const i64 bytes = file.bytes_waiting();
  if (bytes < 0) return kNotTerminal;
  const int told = static_cast<int>(bytes);
  return c.process.space->copy_out(c.a[2], &told, sizeof told);
}

}  // namespace

i64 call_ioctl(const Arguments& c) {
  constexpr u64 kBytesWaiting = 0x541b;  // FIONREAD
  constexpr u64 kDrain = 0x5409;         // TCSBRK with an argument other than 0: tcdrain()
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  if (!file) return kBadFile;
  if (c.a[1] == kBytesWaiting) return tell_bytes_waiting(c, *file);
  if (file->socket() != nullptr) return control_interface(c, *file->socket());
  if (!file->is_terminal() || c.a[1] != kDrain || c.a[2] == 0) return kNotTerminal;
  drain_console();
  return 0;
}

i64 call_fsync(const Arguments& c) {
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  return file ? file->sync() : int{kBadFile};
}

}  // namespace hvlab::kernel
