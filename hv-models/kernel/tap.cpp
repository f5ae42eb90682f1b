// Taps: ports of the bridge that a program is at, for virtual machines' cards.
#include "hv-models/kernel/tap.hpp"
#include "hv-models/kernel/bridge.hpp"
#include "hv-models/kernel/device_files.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/wait_queue.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/print.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;
using Mark = arch::mark::Kind;
using arch::mark::frame_way;
using arch::mark::FrameWay;

constexpr size_t kShortest = 14, kLongest = 1518;  // with a VLAN's tag, without the checksum
constexpr unsigned kMostQueued = 256;
constexpr u64 kCopies = 2;  // calls on files go through a buffer of their own besides

class TapFile final : public OpenFile, public BridgePort, public Tap {
 public:
  explicit TapFile(bool& in_use) : in_use_(in_use) {}
  ~TapFile() override;
  i64 read(void* to, size_t bytes) override;
  i64 write(const void* from, size_t bytes) override;
  i64 bytes_waiting() override;
  void deliver(Packet* frame) override;
  Tap* tap() override { return this; }
  bool listen(const Listener& listener) override;

 private:
  void count(unsigned waiting);
  bool& in_use_;  // the device file's
  PacketList received_;
  unsigned queued_ = 0;
  WaitQueue arrival_;
  Listener listener_;
};

TapFile::~TapFile() {
  const Hold hold(network_lock);
  disconnect_port(*this);
  while (Packet* frame = received_.pop_front()) free_packet(frame);
  in_use_ = false;
}

bool TapFile::listen(const Listener& listener) {
  const Hold hold(network_lock);
  if (listener.changed != nullptr && listener_.changed != nullptr) return false;
  listener_ = listener;
  count(queued_);
  return true;
}

// Network lock held.
void TapFile::count(unsigned waiting) {
  queued_ = waiting;
  if (listener_.changed != nullptr) listener_.changed(listener_.context, waiting);
}

void TapFile::deliver(Packet* frame) {
  if (queued_ == kMostQueued) return free_packet(frame);
  received_.push_back(*frame);
  count(queued_ + 1);
  arrival_.wake_one();
}

// The next frame; waits for one. What does not fit is lost.
i64 TapFile::read(void* to, size_t bytes) {
  Packet* frame = nullptr;
  {
    const Hold hold(network_lock);
    while (received_.empty()) {
      if (arrival_.wait(network_lock) == WaitResult::Killed) return kInterrupted;
    }
    frame = received_.pop_front();
    count(queued_ - 1);
  }
  const size_t part = frame->bytes < bytes ? frame->bytes : bytes;
  memcpy(to, frame->data(), part);
  runtime::mark<Mark::FrameCopy>(frame->bytes, kCopies * part, frame_way(FrameWay::In));
  free_packet(frame);
  return static_cast<i64>(part);
}

i64 TapFile::bytes_waiting() {
  const Hold hold(network_lock);
  return received_.empty() ? 0 : static_cast<i64>(received_.front()->bytes);
}

i64 TapFile::write(const void* from, size_t bytes) {
  if (bytes < kShortest || bytes > kLongest) return kMessageSize;
  Packet* frame = make_packet(bytes);
  if (frame == nullptr) return kNoMemory;
  memcpy(frame->data(), from, bytes);
  runtime::mark<Mark::FrameCopy>(bytes, kCopies * bytes, frame_way(FrameWay::Out));
  frame->bytes = bytes;
  const Hold hold(network_lock);
  forward_frame(*this, frame);
  return static_cast<i64>(bytes);
}

class TapNode final : public Node {
 public:
  TapNode() : Node(NodeKind::CharacterDevice) {}
  int open(Ref<OpenFile>& file) override;

 private:
  bool in_use_ = false;
};

int TapNode::open(Ref<OpenFile>& file) {
  {
    const Hold hold(network_lock);
    if (in_use_) return kBusy;
    in_use_ = true;
  }
  TapFile* tap = new (std::nothrow) TapFile(in_use_);
  const Hold hold(network_lock);
  const int result = tap == nullptr ? int{kNoMemory} : connect_port(*tap);
  if (result < 0) in_use_ = false;
  if (result == 0) file = Ref<OpenFile>::take(tap);
  return result;
}

}  // namespace

void make_taps() {
  constexpr unsigned kTaps = 8;
  for (unsigned i = 1; i <= kTaps; ++i) {
    char name[8];
    runtime::format_text(name, sizeof name, "tap%u", i);
    add_device_file(name, Ref<Node>::take(new (std::nothrow) TapNode));
  }
}

}  // namespace hvlab::kernel
