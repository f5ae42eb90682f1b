// Calls on sockets: UDP and TCP over IPv4, and pings. Structures are those of Linux.
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/process.hpp"
#include "hv-models/kernel/socket.hpp"
#include "hv-models/kernel/stream.hpp"
#include "hv-models/kernel/system_calls.hpp"
#include "hv-models/kernel/user_time.hpp"
#include "hv-models/runtime/mark.hpp"

namespace hvlab::kernel {
namespace {

using Mark = arch::mark::Kind;
using arch::mark::frame_way;
using arch::mark::FrameWay;

constexpr u16 kInternet = 2;  // AF_INET
constexpr size_t kLargestDatagram = 65507;

struct SocketAddress {  // struct sockaddr_in, port and address big-endian
  u16 family, port;
  u32 address;
  u8 zero[8];
};

SocketAddress encode(const Endpoint& e) {
  return {kInternet, __builtin_bswap16(e.port), __builtin_bswap32(e.address), {}};
}

int get_endpoint(const Arguments& c, u64 from, u64 bytes, Endpoint& to) {
  SocketAddress address;
  if (bytes < sizeof address) return kInvalid;
  if (c.process.space->copy_in(&address, from, sizeof address) < 0) return kFault;
  if (address.family != kInternet) return kNotSupported;
  to = {__builtin_bswap32(address.address), __builtin_bswap16(address.port)};
  return 0;
}

// To a buffer whose length stands at `length_at` and is set to what there was.
int put_endpoint(const Arguments& c, u64 to, u64 length_at, const Endpoint& e) {
  if (to == 0) return 0;
  u32 length = 0;
  if (c.process.space->copy_in(&length, length_at, sizeof length) < 0) return kFault;
  const SocketAddress address = encode(e);
  const size_t part = length < sizeof address ? length : sizeof address;
  length = sizeof address;
  if (c.process.space->copy_out(to, &address, part) < 0) return kFault;
  return c.process.space->copy_out(length_at, &length, sizeof length);
}

struct Found {
  Ref<OpenFile> file;
  Socket* socket = nullptr;
  StreamSocket* stream = nullptr;  // one of the two, or neither
  int error = kBadFile;
};

Found find_socket(const Arguments& c) {
  Found found{c.process.files.get(c.number(0))};
  if (!found.file) return found;
  found.socket = found.file->socket();
  found.stream = found.file->stream();
  found.error = kNotSocket;
  return found;
}

}  // namespace

i64 call_socket(const Arguments& c) {
  constexpr u64 kStream = 1, kDatagram = 2, kCloseOnExec = 02000000, kIcmp = 1;
  const u64 type = c.a[1] & ~kCloseOnExec;
  if (c.a[0] != kInternet || (type != kDatagram && type != kStream)) return kNotSupported;
  if (type == kStream) {
    if (c.a[2] != 0 && c.a[2] != kProtocolTcp) return kNotSupported;
    const Ref<OpenFile> stream = make_stream_socket(c.process.container->network);
    return stream ? c.process.files.add(stream, (c.a[1] & kCloseOnExec) != 0) : int{kNoMemory};
  }
  if (c.a[2] != 0 && c.a[2] != kIcmp && c.a[2] != kProtocolUdp) return kNotSupported;
  const SocketKind kind = c.a[2] == kIcmp ? SocketKind::Ping : SocketKind::Datagram;
  const Ref<OpenFile> socket =
      Ref<OpenFile>::take(new (std::nothrow) Socket(c.process.container->network, kind));
  return socket ? c.process.files.add(socket, (c.a[1] & kCloseOnExec) != 0) : int{kNoMemory};
}

i64 call_bind(const Arguments& c) {
  const Found found = find_socket(c);
  if (found.socket == nullptr) return found.error;
  Endpoint endpoint;
  const int result = get_endpoint(c, c.a[1], c.a[2], endpoint);
  return result < 0 ? result : found.socket->bind(endpoint);
}

i64 call_connect(const Arguments& c) {
  const Found found = find_socket(c);
  if (found.socket == nullptr && found.stream == nullptr) return found.error;
  Endpoint endpoint;
  const int result = get_endpoint(c, c.a[1], c.a[2], endpoint);
  if (result < 0) return result;
  return found.stream != nullptr ? found.stream->connect(endpoint) : found.socket->connect(endpoint);
}

i64 call_getsockname(const Arguments& c) {
  const Found found = find_socket(c);
  if (found.socket == nullptr && found.stream == nullptr) return found.error;
  const Endpoint local = found.stream != nullptr ? found.stream->local() : found.socket->local();
  return put_endpoint(c, c.a[1], c.a[2], local);
}

// sendto(socket, from, bytes, flags, address, its length)
i64 call_sendto(const Arguments& c) {
  const Found found = find_socket(c);
  if (found.stream != nullptr) return call_write(c);
  if (found.socket == nullptr) return found.error;
  Endpoint to;
  if (c.a[4] != 0) {
    if (const int result = get_endpoint(c, c.a[4], c.a[5], to); result < 0) return result;
    if (to.address == 0) return kInvalid;
  }
  if (c.a[2] > kLargestDatagram) return kMessageSize;
  Packet* packet = make_packet(c.a[2]);
  if (packet == nullptr) return kNoMemory;
  packet->bytes = c.a[2];
  if (c.process.space->copy_in(packet->data(), c.a[1], c.a[2]) < 0) {
    free_packet(packet);
    return kFault;
  }
  packet->copied = static_cast<u32>(c.a[2]);
  return found.socket->send(packet, to);
}

constexpr u64 kDontWait = 0x40, kWaitForAll = 0x100;  // MSG_DONTWAIT, MSG_WAITALL

namespace {

i64 receive_stream(const Arguments& c, StreamSocket& stream) {
  if ((c.a[3] & kDontWait) != 0 && stream.would_wait()) return kAgain;
  u64 done = 0;
  do {
    const i64 got = call_read({{c.a[0], c.a[1] + done, c.a[2] - done, 0, 0, 0}, c.frame, c.process});
    if (got <= 0) return done > 0 ? static_cast<i64>(done) : got;
    done += static_cast<u64>(got);
  } while (done < c.a[2] && (c.a[3] & kWaitForAll) != 0);
  return static_cast<i64>(done);
}

}  // namespace

// recvfrom(socket, to, bytes, flags, address, place of its length)
i64 call_recvfrom(const Arguments& c) {
  const Found found = find_socket(c);
  if (found.stream != nullptr) return receive_stream(c, *found.stream);
  if (found.socket == nullptr) return found.error;
  int error = 0;
  Packet* packet = found.socket->receive((c.a[3] & kDontWait) == 0, error);
  if (packet == nullptr) return error;
  const size_t part = packet->bytes < c.a[2] ? packet->bytes : c.a[2];
  error = c.process.space->copy_out(c.a[1], packet->data(), part);
  runtime::mark<Mark::FrameCopy>(found.socket->frame_bytes(packet->bytes), part, frame_way(FrameWay::Take));
  const Endpoint from{packet->from, packet->from_port};
  free_packet(packet);
  if (error == 0) error = put_endpoint(c, c.a[4], c.a[5], from);
  return error < 0 ? error : static_cast<i64>(part);
}

i64 call_setsockopt(const Arguments& c) {
  constexpr u64 kSocketLevel = 1, kReceiveTimeout = 20;
  const Found found = find_socket(c);
  if (found.socket == nullptr && found.stream == nullptr) return found.error;
  if (c.a[1] != kSocketLevel || c.a[2] != kReceiveTimeout || c.a[4] < 16) return kNotSupported;
  u64 time[2];  // struct timeval: seconds, microseconds
  if (c.process.space->copy_in(time, c.a[3], sizeof time) < 0) return kFault;
  if (time[0] > 1'000'000 || time[1] > 999'999) return kInvalid;
  const u64 nanoseconds = time[0] * 1'000'000'000 + time[1] * 1000;
  found.stream != nullptr ? found.stream->set_timeout(nanoseconds) : found.socket->set_timeout(nanoseconds);
  return 0;
}

// Interfaces: struct ifreq is a name of 16 bytes and 24 of which the first two are flags.
i64 control_interface(const Arguments& c, Socket& socket) {
  constexpr u64 kGetFlags = 0x8913, kSetFlags = 0x8914;
  constexpr u16 kUp = 1, kIsLoopback = 8, kRunning = 0x40;
  struct {
    char name[16];
    u16 flags;
    u8 rest[22];
  } request;
  if (c.process.space->copy_in(&request, c.a[2], sizeof request) < 0) return kFault;
  request.name[15] = 0;
  if (strcmp(request.name, "lo") != 0) return kNoDevice;
  if (c.a[1] == kSetFlags) {
    socket.space().loopback_up = (request.flags & kUp) != 0;
    return 0;
  }
  if (c.a[1] != kGetFlags) return kNotSupported;
  request.flags = static_cast<u16>(kIsLoopback | (socket.space().loopback_up ? kUp | kRunning : 0));
  return c.process.space->copy_out(c.a[2], &request, sizeof request);
}

}  // namespace hvlab::kernel
