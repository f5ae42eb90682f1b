#include "hv-models/kernel/stream.hpp"

#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/scheduler.hpp"
#include "hv-models/kernel/segments.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/memory_layout.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;
namespace clock = runtime::clock;
using State = TcpConnection::State;
using Mark = arch::mark::Kind;
using arch::mark::frame_way;
using arch::mark::FrameWay;

constexpr unsigned kRingsOrder = 5;
static_assert(kPageBytes << kRingsOrder == 2 * TcpConnection::kRing);

// ---- All under the network lock.
List<Stream, StreamTag> streams;  // that are known by their addresses; each has one more user
WaitQueue timer_queue;
bool timer_runs = false;

int error_of(TcpConnection::Fate fate) {
  constexpr int kErrors[] = {kNotConnected, kRefused, kReset, kTimedOut};
  return kErrors[static_cast<unsigned>(fate)];
}

Packet* next_segment(Stream& stream, Ipv4Header& ip) {
  constexpr size_t kHeaders = kTcpBytes + kTcpOptionBytes;
  const u8 can = card_can(*stream.space, stream.peer.address);
  stream.tcp.set_large((can & drivers::kSegments) != 0 && stream.tcp.segment() >= kShortestSegment);
  Packet* packet = make_packet(stream.tcp.sendable() + kHeaders);
  if (packet == nullptr) return nullptr;
  packet->begin += kHeaders;  // the payload's place; the header goes before it
  TcpHeader header;
  u32 bytes = 0;
  if (!stream.tcp.output(header, packet->data(), bytes, clock::now())) {
    free_packet(packet);
    return nullptr;
  }
  packet->bytes = bytes;
  header.from = stream.local.port;
  header.to = stream.peer.port;
  ip = {kProtocolTcp, stream.local.address, stream.peer.address, kIpv4Bytes, 0};
  packet->unchecked = (can & drivers::kChecksums) != 0;
  if (bytes > stream.tcp.segment()) packet->segment = stream.tcp.segment();
  put_tcp(packet->push(kTcpBytes + (header.segment != 0 ? kTcpOptionBytes : 0)), header, ip, bytes,
          !packet->unchecked);
  packet->copied = bytes;
  return packet;
}

// Sends what there is to send.
void send_segments(Stream& stream) {
  Ipv4Header ip;
  while (Packet* packet = next_segment(stream, ip)) {
    send_ipv4(*stream.space, packet, kProtocolTcp, ip.from, ip.to);
  }
  if (stream.tcp.deadline() != TcpConnection::kNoDeadline) timer_queue.wake_all();
}

// ---- The thread that sends again what is not acknowledged, and lets go of what has ended.

// The first abandoned stream that has ended, no longer in the list.
Stream* take_ended() {
  for (Stream* s = streams.front(); s != nullptr; s = streams.after(*s)) {
    if (!s->abandoned || s->tcp.state() != State::Ended) continue;
    streams.remove(*s);
    return s;
  }
  return nullptr;
}

u64 next_deadline() {
  u64 first = clock::kNever;
  for (Stream* s = streams.front(); s != nullptr; s = streams.after(*s)) {
    if (s->tcp.deadline() < first) first = s->tcp.deadline();
  }
  return first;
}

void expire(u64 now) {
  for (Stream* s = streams.front(); s != nullptr; s = streams.after(*s)) {
    if (s->tcp.deadline() > now) continue;
    s->tcp.time_out();
    send_segments(*s);
    s->changed.wake_all();
  }
}

void run_timer(void*) {
  for (;;) {
    Ref<Stream> ended;  // let go of without the lock
    const Hold hold(network_lock);
    ended = Ref<Stream>::take(take_ended());
    if (ended) continue;
    expire(clock::now());
    timer_queue.wait(network_lock, Waiting::UntilDone, next_deadline());
  }
}

// The list's use, and the thread's start with the first stream.
void remember(Stream& stream) {
  stream.keep();
  streams.push_back(stream);
  if (timer_runs) return;
  Thread* thread = create_thread(run_timer, nullptr);
  if (thread == nullptr) return;
  timer_runs = true;
  make_ready(*thread);
}

u16 choose_port(NetworkSpace& space) {
  constexpr u16 kFirst = 49152;
  const u16 port = space.next_port;
  space.next_port = port == 0xffff ? kFirst : static_cast<u16>(port + 1);
  return port;
}

Stream* find(const NetworkSpace& space, const Ipv4Header& ip, const TcpHeader& tcp) {
  for (Stream* s = streams.front(); s != nullptr; s = streams.after(*s)) {
    if (s->space.get() == &space && s->local.port == tcp.to && s->local.address == ip.to &&
        s->peer.port == tcp.from && s->peer.address == ip.from)
      return s;
  }
  return nullptr;
}

}  // namespace

Stream::~Stream() { free_pages(memory); }

Ref<OpenFile> make_stream_socket(const Ref<NetworkSpace>& space) {
  u8* rings = static_cast<u8*>(allocate_pages(kRingsOrder));
  if (rings == nullptr) return {};
  Ref<Stream> stream = Ref<Stream>::take(new (std::nothrow) Stream(rings));
  if (!stream) {
    free_pages(rings);
    return {};
  }
  stream->space = space;
  return Ref<OpenFile>::take(new (std::nothrow) StreamSocket(stream));
}

StreamSocket::~StreamSocket() {
  const Hold hold(network_lock);
  stream_->abandoned = true;
  stream_->tcp.close();
  send_segments(*stream_);
  timer_queue.wake_all();
}

int StreamSocket::connect(const Endpoint& peer) {
  const Hold hold(network_lock);
  if (stream_->tcp.state() != State::Closed) return kInvalid;
  const u32 source = source_for(*stream_->space, peer.address);
  if (source == 0) return kNetworkDown;
  stream_->local = {source, choose_port(*stream_->space)};
  stream_->peer = peer;
  remember(*stream_);
  stream_->tcp.open(static_cast<u32>(clock::now() / 4000));  // 3.4.1: four microseconds a number
  send_segments(*stream_);
  while (stream_->tcp.state() == State::SynSent) {
    if (stream_->changed.wait(network_lock) == WaitResult::Killed) return kInterrupted;
  }
  return stream_->tcp.state() == State::Open ? 0 : error_of(stream_->tcp.fate());
}

bool StreamSocket::would_wait() {
  const Hold hold(network_lock);
  return stream_->tcp.readable() == 0 && !stream_->tcp.at_end();
}

i64 StreamSocket::read(void* to, size_t bytes) {
  const u64 deadline = timeout_ != 0 ? clock::now() + timeout_ : clock::kNever;
  const Hold hold(network_lock);
  TcpConnection& tcp = stream_->tcp;
  while (tcp.readable() == 0 && bytes > 0) {
    if (tcp.fate() != TcpConnection::Fate::Well) return error_of(tcp.fate());
    if (tcp.state() == State::Closed) return kNotConnected;
    if (tcp.at_end()) return 0;
    const WaitResult result = stream_->changed.wait(network_lock, Waiting::Killable, deadline);
    if (result == WaitResult::Killed) return kInterrupted;
    if (result == WaitResult::TimedOut && tcp.readable() == 0) return kAgain;
  }
  const u32 got = tcp.read(static_cast<u8*>(to), static_cast<u32>(bytes));
  send_segments(*stream_);  // the window may have opened
  return got;
}

i64 StreamSocket::write(const void* from, size_t bytes) {
  const Hold hold(network_lock);
  TcpConnection& tcp = stream_->tcp;
  size_t done = 0;
  while (done < bytes) {
    if (tcp.state() != State::Open) return done > 0 ? static_cast<i64>(done) : i64{error_of(tcp.fate())};
    done += tcp.write(static_cast<const u8*>(from) + done, static_cast<u32>(bytes - done));
    send_segments(*stream_);
    if (done < bytes && stream_->changed.wait(network_lock) == WaitResult::Killed) return kInterrupted;
  }
  return static_cast<i64>(done);
}

namespace {

// 3.10.7.1: what belongs to no connection is told so.
void refuse(NetworkSpace& space, const Ipv4Header& ip, const TcpHeader& header, u32 bytes) {
  if ((header.flags & kTcpReset) != 0) return;
  Packet* packet = make_packet(kTcpBytes);
  if (packet == nullptr) return;
  packet->bytes = kTcpBytes;
  TcpHeader answer{header.to, header.from, header.acknowledged, 0, kTcpReset, 0, 0, 0};
  if ((header.flags & kTcpAck) == 0) {
    answer.sequence = 0;
    answer.acknowledged = header.sequence + bytes + ((header.flags & (kTcpSyn | kTcpFin)) != 0 ? 1 : 0);
    answer.flags = kTcpReset | kTcpAck;
  }
  put_tcp(packet->data(), answer, {kProtocolTcp, ip.to, ip.from, kIpv4Bytes, 0}, 0);
  send_ipv4(space, packet, kProtocolTcp, ip.to, ip.from);
}

}  // namespace

namespace {

// Nothing but a little more room to write, for which nobody has to be woken.
bool only_room(const Stream& stream, State before) {
  const TcpConnection& tcp = stream.tcp;
  return before == State::Open && tcp.state() == State::Open && tcp.readable() == 0 && !tcp.at_end() &&
         tcp.room() < TcpConnection::kRing / 4;
}

}  // namespace

void receive_tcp(NetworkSpace& space, Packet* packet, const Ipv4Header& ip) {
  TcpHeader header;
  if (!get_tcp(packet->data(), packet->bytes, ip, header, packet->checked)) return free_packet(packet);
  Stream* stream = find(space, ip, header);
  if (stream == nullptr) {
    if (packet->from_card)
      runtime::mark<Mark::DatagramReceived>(nullptr, packet->bytes + ip.header_bytes + kEthernetBytes);
    refuse(space, ip, header, static_cast<u32>(packet->bytes - header.header_bytes));
  } else {
    const u64 frame = packet->bytes + ip.header_bytes + kEthernetBytes;
    const u32 before = stream->tcp.readable();
    packet->pull(header.header_bytes);
    const State state = stream->tcp.state();
    stream->tcp.input(header, packet->data(), static_cast<u32>(packet->bytes), clock::now());
    if (packet->from_card) {
      runtime::mark<Mark::FrameCopy>(frame, stream->tcp.readable() - before, frame_way(FrameWay::In));
      runtime::mark<Mark::DatagramReceived>(stream, frame);
    }
    if (stream->abandoned) {  // nobody reads: what comes is taken and forgotten
      u8 rest[64];
      while (stream->tcp.read(rest, sizeof rest) > 0) {
      }
    }
    send_segments(*stream);
    if (!only_room(*stream, state)) stream->changed.wake_all();
    if (stream->abandoned && stream->tcp.state() == State::Ended) timer_queue.wake_all();
  }
  free_packet(packet);
}

}  // namespace hvlab::kernel
