// Stream sockets: TCP connections that this system opens. There is no listening.
#pragma once

#include "hv-models/kernel/network_space.hpp"
#include "hv-models/kernel/open_file.hpp"
#include "hv-models/kernel/socket.hpp"
#include "hv-models/kernel/tcp_connection.hpp"

namespace hvlab::kernel {

struct StreamTag {};

/// A connection with its place in the network. It outlives its socket until what was written has arrived.
struct Stream : Counted, Link<StreamTag> {
  explicit Stream(u8* rings) : tcp(rings), memory(rings) {}
  ~Stream();
  TcpConnection tcp;
  u8* const memory;
  Ref<NetworkSpace> space;
  Endpoint local, peer;
  bool abandoned = false;  // its socket is closed
  WaitQueue changed;
};

class StreamSocket final : public OpenFile {
 public:
  explicit StreamSocket(const Ref<Stream>& stream) : stream_(stream) {}
  ~StreamSocket() override;

  /// Waits until the connection is open.
  int connect(const Endpoint& peer);
  Endpoint local() const { return stream_->local; }
  void set_timeout(u64 nanoseconds) { timeout_ = nanoseconds; }
  /// True if read() would not return at once.
  bool would_wait();

  /// Up to `bytes` bytes; waits for the first one.
  i64 read(void* to, size_t bytes) override;
  /// Waits until all are taken.
  i64 write(const void* from, size_t bytes) override;
  StreamSocket* stream() override { return this; }

 private:
  Ref<Stream> stream_;
  u64 timeout_ = 0;
};

/// A new one, not connected; empty without memory.
Ref<OpenFile> make_stream_socket(const Ref<NetworkSpace>& space);
/// Network lock held. A segment came for an address of `space`'s; the packet is the callee's.
void receive_tcp(NetworkSpace& space, Packet* packet, const Ipv4Header& ip);

}  // namespace hvlab::kernel
