// What a program's file number stands for, and the table of them.
#pragma once

#include "hv-models/kernel/mutex.hpp"
#include "hv-models/kernel/node.hpp"

namespace hvlab::kernel {

class Socket;
class StreamSocket;
class Tap;
class VmFile;

class OpenFile : public Counted {
 public:
  OpenFile() = default;
  virtual ~OpenFile() = default;
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  // At the file's own position, which moves; streams have none. Buffers are the kernel's.
  virtual i64 read(void*, size_t) { return kInvalid; }
  virtual i64 write(const void*, size_t) { return kInvalid; }
  virtual i64 read_at(u64, void*, size_t) { return kNotSeekable; }
  virtual i64 write_at(u64, const void*, size_t) { return kNotSeekable; }
  virtual i64 seek(i64, int) { return kNotSeekable; }
  virtual int sync() { return kInvalid; }
  /// What read() would give now without waiting, where that can be said; else an Error.
  virtual i64 bytes_waiting() { return kInvalid; }
  /// True if a read that got some bytes should not wait for more.
  virtual bool is_stream() const { return true; }
  virtual bool is_terminal() const { return false; }
  virtual Node* node() { return nullptr; }
  virtual Socket* socket() { return nullptr; }
  virtual StreamSocket* stream() { return nullptr; }
  virtual VmFile* vm() { return nullptr; }
  virtual Tap* tap() { return nullptr; }
};

/// A file or device with a position.
class NodeFile final : public OpenFile {
 public:
  NodeFile(const Ref<Node>& node, bool may_read, bool may_write, bool append)
      : node_(node), may_read_(may_read), may_write_(may_write), append_(append) {}
  i64 read(void* to, size_t bytes) override;
  i64 write(const void* from, size_t bytes) override;
  i64 read_at(u64 offset, void* to, size_t bytes) override;
  i64 write_at(u64 offset, const void* from, size_t bytes) override;
  i64 seek(i64 offset, int whence) override;
  int sync() override { return node_->sync(); }
  bool is_stream() const override { return false; }
  Node* node() override { return node_.get(); }
  /// For reading a folder entry by entry.
  u64 position() const { return position_; }
  void set_position(u64 position) { position_ = position; }

 private:
  Ref<Node> node_;
  const bool may_read_, may_write_, append_;
  Mutex mutex_;
  u64 position_ = 0;
};

class FileTable {
 public:
  static constexpr int kFiles = 64;

  /// The lowest free number for `file`, or kTooManyFiles.
  int add(const Ref<OpenFile>& file, bool close_on_exec = false);
  /// At that number, closing what is there.
  int set(int number, const Ref<OpenFile>& file);
  Ref<OpenFile> get(int number);
  /// Takes it out; empty if there is none.
  Ref<OpenFile> take(int number);
  void copy_from(FileTable& other);
  void close_all();
  /// Those that a new program does not get.
  void close_on_exec();

 private:
  runtime::SpinLock lock_;
  u64 close_on_exec_ = 0;  // by number
  Ref<OpenFile> files_[kFiles];
};

/// Two ends of a pipe; kNoMemory without memory.
int make_pipe(Ref<OpenFile>& read_end, Ref<OpenFile>& write_end);

}  // namespace hvlab::kernel
