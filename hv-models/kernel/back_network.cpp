// The back end of a split card: a port of the bridge, and a thread.
#include "hv-models/drivers/channels.hpp"
#include "hv-models/kernel/back_card.hpp"
#include "hv-models/kernel/exchange_pages.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/scheduler.hpp"

namespace hvlab::kernel {
namespace {

using namespace interdomain;
using runtime::Hold;

class BackCard final : public BridgePort {
 public:
  BackCard(unsigned machine, u8 manner)
      : machine_(machine), transmit_(machine, manner, *this, tell, this), receive_(machine, manner) {}
  bool begin();
  void deliver(Packet* frame) override;

 private:
  static void tell(void* self);
  void run();
  bool connect();

  unsigned machine_;
  bool connected_ = false;
  BackTransmit transmit_;
  BackReceive receive_;
  runtime::SpinLock lock_;  // of what follows; taken with any other lock held
  WaitQueue work_;
  bool told_ = true;
};

// Somebody has something for the thread: the guest, the bridge, a card that is done with a packet.
void BackCard::tell(void* self) {
  BackCard& card = *static_cast<BackCard*>(self);
  const Hold hold(card.lock_);
  card.told_ = true;
  card.work_.wake_one();
}

bool BackCard::begin() {
  drivers::connect_channel(channel_of(machine_, Split::Network), tell, this);
  Thread* thread = create_thread([](void* self) { static_cast<BackCard*>(self)->run(); }, this);
  if (thread == nullptr) return false;
  const Hold hold(network_lock);
  if (connect_port(*this) < 0) return false;
  make_ready(*thread);
  return true;
}

void BackCard::deliver(Packet* frame) {
  if (!receive_.add(frame)) return free_packet(frame);
  tell(this);
}

void BackCard::run() {
  for (;;) {
    {
      const Hold hold(lock_);
      while (!told_) work_.wait(lock_, Waiting::UntilDone);
      told_ = false;
    }
    if (!connected_ && !connect()) continue;
    bool notify = false;
    do {
      notify = transmit_.serve() || notify;
      notify = receive_.serve() || notify;
    } while (transmit_.wait());
    if (notify) drivers::notify_channel(channel_of(machine_, Split::Network));
  }
}

bool BackCard::connect() {
  FrontOffer offer = {};
  connected_ =
      read_front(machine_, Split::Network, offer) && transmit_.connect(offer) && receive_.connect(offer);
  return connected_;
}

}  // namespace

void serve_card(unsigned machine) {
  const i64 said = ask_hypervisor(Call::Manner, machine);
  const u8 manner = said < 0 ? u8{0} : static_cast<u8>(said);
  BackCard* card = new (std::nothrow) BackCard(machine, manner);
  if (card == nullptr || !card->begin()) return;
  if ((manner & kReceiveFlip) != 0) drivers::set_receive_pages(make_exchange_packet);
  const BackOffer offer{0, {0x52, 0x54, 0x00, 0x12, 0x35, static_cast<u8>(machine)}, 1, manner};
  make_offer(machine, Split::Network, offer);
}

}  // namespace hvlab::kernel
