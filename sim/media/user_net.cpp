#include "sim/media/user_net.hpp"

#include <poll.h>
#include <slirp/libslirp.h>

#include <map>
#include <vector>

#include "sim/base/user_error.hpp"

namespace hvlab::media {

/// libslirp keeps time in the machine's clock: its timers are simulated, its sockets are the host's.
struct UserNet::Slirp {
  struct Timer {
    SlirpTimerCb call = nullptr;
    void* opaque = nullptr;
    Picoseconds at = kNever;
  };

  FrameLink& link;
  Clock& clock;
  ::Slirp* instance = nullptr;
  u64 next_id = 1;
  std::map<u64, Timer> timers;  // by number; slirp holds the number as its handle
  u64 next_timer = 1;
  std::vector<pollfd> sockets;

  Slirp(FrameLink& l, Clock& c) : link(l), clock(c) {}

  static Slirp& self(void* opaque) { return *static_cast<Slirp*>(opaque); }
  static ssize_t send_packet(const void* bytes, size_t length, void* opaque) {
    const u8* first = static_cast<const u8*>(bytes);
    self(opaque).link.send(self(opaque).next_id++, std::vector<u8>(first, first + length));
    return static_cast<ssize_t>(length);
  }
  static void guest_error(const char*, void*) {}
  static int64_t clock_ns(void* opaque) {
    return static_cast<int64_t>(self(opaque).clock.now() / kNanosecond);
  }
  static void* timer_new(SlirpTimerCb call, void* timer_opaque, void* opaque) {
    Slirp& own = self(opaque);
    own.timers[own.next_timer] = {call, timer_opaque, kNever};
    return reinterpret_cast<void*>(own.next_timer++);
  }
  static void timer_free(void* timer, void* opaque) {
    self(opaque).timers.erase(reinterpret_cast<u64>(timer));
  }
  static void timer_mod(void* timer, int64_t milliseconds, void* opaque) {
    const auto found = self(opaque).timers.find(reinterpret_cast<u64>(timer));
    if (found != self(opaque).timers.end()) found->second.at = static_cast<u64>(milliseconds) * kMillisecond;
  }
  static void ignore_fd(int, void*) {}
  static void notify(void*) {}

  static int add_poll(int fd, int events, void* opaque) {
    const int wanted = ((events & SLIRP_POLL_IN) != 0 ? POLLIN : 0) |
                       ((events & SLIRP_POLL_OUT) != 0 ? POLLOUT : 0) |
                       ((events & SLIRP_POLL_PRI) != 0 ? POLLPRI : 0);
    self(opaque).sockets.push_back({fd, static_cast<short>(wanted), 0});
    return static_cast<int>(self(opaque).sockets.size()) - 1;
  }
  static int got_events(int index, void* opaque) {
    const int got = self(opaque).sockets[static_cast<size_t>(index)].revents;
    return ((got & POLLIN) != 0 ? SLIRP_POLL_IN : 0) | ((got & POLLOUT) != 0 ? SLIRP_POLL_OUT : 0) |
           ((got & POLLPRI) != 0 ? SLIRP_POLL_PRI : 0) | ((got & POLLERR) != 0 ? SLIRP_POLL_ERR : 0) |
           ((got & POLLHUP) != 0 ? SLIRP_POLL_HUP : 0);
  }

  void fire_timers() {
    for (bool fired = true; fired;) {
      fired = false;
      for (auto& [number, timer] : timers) {
        if (timer.at > clock.now()) continue;
        timer.at = kNever;
        timer.call(timer.opaque);  // may change the map
        fired = true;
        break;
      }
    }
  }
};

UserNet::UserNet(FrameLink& link, Clock& clock) : slirp_(std::make_unique<Slirp>(link, clock)) {
  static const SlirpCb kCallbacks = [] {
    SlirpCb calls{};
    calls.send_packet = Slirp::send_packet;
    calls.guest_error = Slirp::guest_error;
    calls.clock_get_ns = Slirp::clock_ns;
    calls.timer_new = Slirp::timer_new;
    calls.timer_free = Slirp::timer_free;
    calls.timer_mod = Slirp::timer_mod;
    calls.register_poll_fd = Slirp::ignore_fd;
    calls.unregister_poll_fd = Slirp::ignore_fd;
    calls.notify = Slirp::notify;
    return calls;
  }();
  SlirpConfig config{};
  config.version = 1;
  config.in_enabled = true;
  config.vnetwork.s_addr = htonl(0x0a00'0200);
  config.vnetmask.s_addr = htonl(0xffff'ff00);
  config.vhost.s_addr = htonl(0x0a00'0202);
  config.vnameserver.s_addr = htonl(0x0a00'0203);
  config.vdhcp_start.s_addr = htonl(0x0a00'020f);
  config.vhostname = "guest";
  slirp_->instance = slirp_new(&config, &kCallbacks, slirp_.get());
  if (slirp_->instance == nullptr)
    throw UserError("--net user: libslirp cannot start; use --net peer or --net none");
  link.attach(*this);
}

UserNet::~UserNet() { slirp_cleanup(slirp_->instance); }

void UserNet::frame_received(std::span<const u8> frame) {
  slirp_input(slirp_->instance, frame.data(), static_cast<int>(frame.size()));
}

void UserNet::poll() {
  slirp_->fire_timers();
  slirp_->sockets.clear();
  uint32_t timeout = 0;
  slirp_pollfds_fill(slirp_->instance, &timeout, Slirp::add_poll, slirp_.get());
  const int result = ::poll(slirp_->sockets.data(), slirp_->sockets.size(), 0);
  slirp_pollfds_poll(slirp_->instance, result < 0 ? 1 : 0, Slirp::got_events, slirp_.get());
}

}  // namespace hvlab::media
