#include "hv-models/kernel/open_file.hpp"

namespace hvlab::kernel {

using runtime::Hold;

i64 NodeFile::read_at(u64 offset, void* to, size_t bytes) {
  return may_read_ ? node_->read_at(offset, to, bytes) : i64{kBadFile};
}

i64 NodeFile::write_at(u64 offset, const void* from, size_t bytes) {
  return may_write_ ? node_->write_at(offset, from, bytes) : i64{kBadFile};
}

i64 NodeFile::read(void* to, size_t bytes) {
  const Hold hold(mutex_);
  const i64 got = read_at(position_, to, bytes);
  if (got > 0) position_ += static_cast<u64>(got);
  return got;
}

i64 NodeFile::write(const void* from, size_t bytes) {
  const Hold hold(mutex_);
  if (append_) position_ = node_->size();
  const i64 put = write_at(position_, from, bytes);
  if (put > 0) position_ += static_cast<u64>(put);
  return put;
}

i64 NodeFile::seek(i64 offset, int whence) {
  constexpr int kFromStart = 0, kFromHere = 1, kFromEnd = 2;
  const Hold hold(mutex_);
  i64 base = 0;
  if (whence == kFromHere) {
    base = static_cast<i64>(position_);
  } else if (whence == kFromEnd) {
    base = static_cast<i64>(node_->size());
  } else if (whence != kFromStart) {
    return kInvalid;
  }
  i64 result;
  if (__builtin_add_overflow(base, offset, &result) || result < 0) return kInvalid;
  position_ = static_cast<u64>(result);
  return result;
}

int FileTable::add(const Ref<OpenFile>& file, bool close_on_exec) {
  const Hold hold(lock_);
  for (int i = 0; i < kFiles; ++i) {
    if (files_[i]) continue;
    files_[i] = file;
    close_on_exec_ = (close_on_exec_ & ~(u64{1} << i)) | u64{close_on_exec} << i;
    return i;
  }
  return kTooManyFiles;
}

// What leaves the table may sleep while it is closed: never with the lock held.
int FileTable::set(int number, const Ref<OpenFile>& file) {
  if (number < 0 || number >= kFiles) return kBadFile;
  const Ref<OpenFile> old = take(number);
  const Hold hold(lock_);
  if (files_[number]) return kBusy;  // another thread was faster
  files_[number] = file;
  close_on_exec_ &= ~(u64{1} << number);
  return number;
}

Ref<OpenFile> FileTable::get(int number) {
  const Hold hold(lock_);
  return number >= 0 && number < kFiles ? files_[number] : Ref<OpenFile>();
}

Ref<OpenFile> FileTable::take(int number) {
  if (number < 0 || number >= kFiles) return {};
  const Hold hold(lock_);
  return static_cast<Ref<OpenFile>&&>(files_[number]);
}

void FileTable::copy_from(FileTable& other) {
  const Hold hold(other.lock_);
  for (int i = 0; i < kFiles; ++i) files_[i] = other.files_[i];
  close_on_exec_ = other.close_on_exec_;
}

void FileTable::close_on_exec() {
  for (int i = 0; i < kFiles; ++i) {
    if ((close_on_exec_ >> i & 1) != 0) take(i);
  }
}

void FileTable::close_all() {
  for (int i = 0; i < kFiles; ++i) take(i);
}

}  // namespace hvlab::kernel
