// The back end of a split card: a port of the bridge. What the guest sends is copied out of its page, what it
// gets the hypervisor copies into one of its empty pages: frames may go to several ports, and no page of one
// machine stays with another.
#include "hv-models/drivers/channels.hpp"
#include "hv-models/kernel/back_ends.hpp"
#include "hv-models/kernel/bridge.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/scheduler.hpp"

namespace hvlab::kernel {
namespace {

using namespace interdomain;
using runtime::Hold;

constexpr size_t kShortest = 14, kLongest = 1518;
constexpr unsigned kMostQueued = 256;

class BackCard final : public BridgePort {
 public:
  explicit BackCard(unsigned machine) : machine_(machine) {}
  bool begin();
  void deliver(Packet* frame) override;

 private:
  void run();
  bool connect();
  bool send_frames();
  bool give_frames();
  void send(const FrameRing::Request& r, bool& failed);
  bool copy(const FrameRing::Request& r, void* memory, size_t bytes, bool into) const;

  unsigned machine_;
  bool connected_ = false;
  MappedGrant pages_[2];
  FrameRing::Back transmit_, receive_;
  WaitQueue work_;  // guarded by the network lock, as what follows
  bool told_ = true;
  PacketList waiting_;
  unsigned queued_ = 0;
};

bool BackCard::begin() {
  drivers::connect_channel(
      channel_of(machine_, Split::Network),
      [](void* self) {
        BackCard& card = *static_cast<BackCard*>(self);
        const Hold hold(network_lock);
        card.told_ = true;
        card.work_.wake_one();
      },
      this);
  Thread* thread = create_thread([](void* self) { static_cast<BackCard*>(self)->run(); }, this);
  if (thread == nullptr) return false;
  const Hold hold(network_lock);
  if (connect_port(*this) < 0) return false;
  make_ready(*thread);
  return true;
}

// Network lock held.
void BackCard::deliver(Packet* frame) {
  if (queued_ == kMostQueued) return free_packet(frame);
  ++queued_;
  waiting_.push_back(*frame);
  told_ = true;
  work_.wake_one();
}

void BackCard::run() {
  for (;;) {
    {
      const Hold hold(network_lock);
      while (!told_) work_.wait(network_lock, Waiting::UntilDone);
      told_ = false;
    }
    if (!connected_ && !connect()) continue;
    bool notify = false;
    do {
      notify = send_frames() || notify;
      notify = give_frames() || notify;
    } while (transmit_.wait());
    if (notify) drivers::notify_channel(channel_of(machine_, Split::Network));
  }
}

bool BackCard::connect() {
  FrontOffer offer = {};
  if (!read_front(machine_, Split::Network, offer)) return false;
  if (!pages_[0].map(machine_, offer.rings[0], true) || !pages_[1].map(machine_, offer.rings[1], true))
    return false;
  transmit_.set_up(runtime::direct<FrameRing::Page>(pages_[0].physical()));
  receive_.set_up(runtime::direct<FrameRing::Page>(pages_[1].physical()));
  connected_ = true;
  return true;
}

bool BackCard::copy(const FrameRing::Request& r, void* memory, size_t bytes, bool into) const {
  const GrantCopy copy{physical(memory), machine_, r.grant, r.offset, static_cast<u16>(bytes), into, {}};
  return ask_hypervisor(Call::CopyGrant, physical(&copy)) == 0;
}

bool BackCard::send_frames() {
  bool notify = false;
  FrameRing::Request request = {};
  while (transmit_.take(request)) {
    bool failed = true;
    send(request, failed);
    notify = transmit_.answer({request.id, 0, 0, static_cast<u16>(failed ? 1 : 0)}) || notify;
  }
  return notify;
}

void BackCard::send(const FrameRing::Request& r, bool& failed) {
  if (r.bytes < kShortest || r.bytes > kLongest || r.offset >= kPageBytes || r.offset + r.bytes > kPageBytes)
    return;
  Packet* frame = make_packet(r.bytes);
  if (frame == nullptr) return;
  if (!copy(r, frame->data(), r.bytes, false)) return free_packet(frame);
  frame->bytes = r.bytes;
  failed = false;
  const Hold hold(network_lock);
  forward_frame(*this, frame);
}

// As long as there are frames, and empty pages for them; the others wait.
bool BackCard::give_frames() {
  bool notify = false;
  for (;;) {
    {
      const Hold hold(network_lock);
      if (waiting_.empty()) break;
    }
    FrameRing::Request request = {};
    if (!receive_.take(request)) {
      if (receive_.wait()) continue;
      break;  // the front end will say when it has offered more
    }
    Packet* frame = nullptr;
    {
      const Hold hold(network_lock);
      frame = waiting_.pop_front();
      --queued_;
    }
    const bool fits = frame->bytes <= request.bytes && request.offset < kPageBytes &&
                      request.offset + frame->bytes <= kPageBytes;
    const bool done = fits && copy(request, frame->data(), frame->bytes, true);
    const u16 bytes = static_cast<u16>(done ? frame->bytes : 0);
    notify = receive_.answer({request.id, request.offset, bytes, static_cast<u16>(done ? 0 : 1)}) || notify;
    free_packet(frame);
  }
  return notify;
}

}  // namespace

void serve_card(unsigned machine) {
  BackCard* card = new (std::nothrow) BackCard(machine);
  if (card == nullptr || !card->begin()) return;
  const BackOffer offer{0, {0x52, 0x54, 0x00, 0x12, 0x35, static_cast<u8>(machine)}, 1, 0};
  make_offer(machine, Split::Network, offer);
}

}  // namespace hvlab::kernel
