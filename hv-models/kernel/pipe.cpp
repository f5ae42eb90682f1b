// A pipe: a ring of bytes with two ends.
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/open_file.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;

class Pipe : public Counted {
 public:
  ~Pipe() { free_pages(ring_); }
  bool set_up() {
    ring_ = static_cast<u8*>(allocate_pages());
    return ring_ != nullptr;
  }
  i64 read(u8* to, size_t bytes);
  i64 write(const u8* from, size_t bytes);
  void close(bool& end) {
    const Hold hold(lock_);
    end = false;
    changed_.wake_all();
  }
  bool has_reader = true, has_writer = true;

 private:
  size_t stored() const { return static_cast<size_t>(written_ - read_); }
  runtime::SpinLock lock_;
  WaitQueue changed_;
  u8* ring_ = nullptr;  // one page
  u64 read_ = 0, written_ = 0;
};

i64 Pipe::read(u8* to, size_t bytes) {
  const Hold hold(lock_);
  while (stored() == 0) {
    if (!has_writer || bytes == 0) return 0;
    if (changed_.wait(lock_) == WaitResult::Killed) return kInterrupted;
  }
  size_t done = 0;
  while (done < bytes && stored() > 0) to[done++] = ring_[read_++ % kPageBytes];
  changed_.wake_all();
  return static_cast<i64>(done);
}

i64 Pipe::write(const u8* from, size_t bytes) {
  const Hold hold(lock_);
  size_t done = 0;
  while (done < bytes) {
    if (!has_reader) return kBrokenPipe;
    if (stored() == kPageBytes) {
      changed_.wake_all();
      if (changed_.wait(lock_) == WaitResult::Killed) return kInterrupted;
      continue;
    }
    ring_[written_++ % kPageBytes] = from[done++];
  }
  changed_.wake_all();
  return static_cast<i64>(done);
}

class PipeEnd final : public OpenFile {
 public:
  PipeEnd(const Ref<Pipe>& pipe, bool reads) : pipe_(pipe), reads_(reads) {}
  ~PipeEnd() override { pipe_->close(reads_ ? pipe_->has_reader : pipe_->has_writer); }
  i64 read(void* to, size_t bytes) override {
    return reads_ ? pipe_->read(static_cast<u8*>(to), bytes) : i64{kBadFile};
  }
  i64 write(const void* from, size_t bytes) override {
    return reads_ ? i64{kBadFile} : pipe_->write(static_cast<const u8*>(from), bytes);
  }

 private:
  Ref<Pipe> pipe_;
  const bool reads_;
};

}  // namespace

int make_pipe(Ref<OpenFile>& read_end, Ref<OpenFile>& write_end) {
  Ref<Pipe> pipe = Ref<Pipe>::take(new (std::nothrow) Pipe);
  if (!pipe || !pipe->set_up()) return kNoMemory;
  read_end = Ref<OpenFile>::take(new (std::nothrow) PipeEnd(pipe, true));
  write_end = Ref<OpenFile>::take(new (std::nothrow) PipeEnd(pipe, false));
  return read_end && write_end ? 0 : kNoMemory;
}

}  // namespace hvlab::kernel
