#include "hv-models/kernel/tcp_connection.hpp"

namespace hvlab::kernel {
namespace {

// Sequence numbers run round (3.4).
bool is_after(u32 a, u32 b) { return static_cast<i32>(a - b) > 0; }
u32 smaller(u32 a, u32 b) { return a < b ? a : b; }

// `bytes` bytes of a ring from `at` on, in the one or two pieces that they are.
void put_into_ring(u8* ring, u32 at, const u8* from, u32 bytes) {
  at %= TcpConnection::kRing;
  const u32 first = smaller(bytes, TcpConnection::kRing - at);
  __builtin_memcpy(ring + at, from, first);
  __builtin_memcpy(ring, from + first, bytes - first);
}
void get_from_ring(const u8* ring, u32 at, u8* to, u32 bytes) {
  at %= TcpConnection::kRing;
  const u32 first = smaller(bytes, TcpConnection::kRing - at);
  __builtin_memcpy(to, ring + at, first);
  __builtin_memcpy(to + first, ring, bytes - first);
}

}  // namespace

void TcpConnection::open(u32 initial) {
  initial_ = oldest_ = next_ = highest_ = initial;
  state_ = State::SynSent;
}

u32 TcpConnection::write(const u8* from, u32 bytes) {
  const u32 part = smaller(bytes, room());
  put_into_ring(send_ring_, send_at_ + buffered_, from, part);
  buffered_ += part;
  return part;
}

u32 TcpConnection::read(u8* to, u32 bytes) {
  const u32 part = smaller(bytes, received_);
  get_from_ring(receive_ring_, receive_at_, to, part);
  receive_at_ = (receive_at_ + part) % kRing;
  received_ -= part;
  // A window that was nearly closed has opened: the other side may wait for that (3.8.6.2.2).
  if (state_ == State::Open && !peer_closed_ && window_now() >= told_window_ + 2 * kSegment)
    must_answer_ = true;
  return part;
}

u32 TcpConnection::window_now() const { return smaller(kRing - received_, 0xffff); }

// ---- In

void TcpConnection::input(const TcpHeader& header, const u8* payload, u32 bytes, u64 now) {
  if (state_ == State::Closed || state_ == State::Ended) return;
  if (state_ == State::SynSent) {
    input_first(header);
    if (state_ != State::Open && state_ != State::SynReceived) return;
    deadline_ = kNoDeadline;
    tries_ = 0;
    if (state_ == State::Open) acknowledged(header, now, bytes == 0);
    return;
  }
  if ((header.flags & kTcpReset) != 0) {
    if (header.sequence - expected_ <= window_now()) end(Fate::Reset);
    return;
  }
  if ((header.flags & kTcpSyn) != 0) {  // ours was not seen, or its answer was lost
    must_answer_ = true;
    if ((header.flags & kTcpAck) == 0) return;
  }
  if ((header.flags & kTcpAck) == 0) return;
  acknowledged(header, now, bytes == 0);
  if (state_ == State::SynReceived && oldest_ != initial_) state_ = State::Open;
  if (state_ == State::Open && (header.flags & kTcpSyn) == 0) take(header, payload, bytes);
}

// 3.10.7.3, with simultaneous opening.
void TcpConnection::input_first(const TcpHeader& header) {
  const bool answers = (header.flags & kTcpAck) != 0;
  if (answers && header.acknowledged != initial_ + 1) return;
  if ((header.flags & kTcpReset) != 0) {
    if (answers) end(Fate::Refused);
    return;
  }
  if ((header.flags & kTcpSyn) == 0) return;
  expected_ = header.sequence + 1;
  segment_ = header.segment != 0 ? smaller(header.segment, kSegment) : 536;  // 3.7.1
  window_ = header.window;
  must_answer_ = true;
  state_ = answers ? State::Open : State::SynReceived;
  if (!answers) next_ = initial_;  // again, as an answer
}

void TcpConnection::acknowledged(const TcpHeader& header, u64 now, bool alone) {
  const u32 number = header.acknowledged;
  if (is_after(number, highest_)) {
    must_answer_ = true;
    return;
  }
  if (is_after(oldest_, number)) return;
  const bool same_window = window_ == header.window;
  window_ = header.window;
  if (number == oldest_) {
    if (window_ == 0) tries_ = 0;  // it lives, but takes nothing
    // RFC 5681, 3.2: what comes behind a lost segment is acknowledged thrice with the number before it.
    if (alone && same_window && sent() > 0 && ++duplicates_ == 3) next_ = oldest_;
    return;
  }
  duplicates_ = 0;
  u32 bytes = number - first_data();
  if (oldest_ == initial_ && number == initial_ + 1) bytes = 0;
  if (bytes > buffered_) bytes = buffered_;  // the FIN's number is behind the last byte
  send_at_ = (send_at_ + bytes) % kRing;
  buffered_ -= bytes;
  oldest_ = number;
  if (is_after(oldest_, next_)) next_ = oldest_;
  tries_ = 0;
  deadline_ = kNoDeadline;
  if (next_ != oldest_) arm(now);
  finished_ = fin_sent_ && oldest_ == highest_;
  if (finished_ && peer_closed_) end(Fate::Well);
}

void TcpConnection::take(const TcpHeader& header, const u8* payload, u32 bytes) {
  const bool fin = (header.flags & kTcpFin) != 0;
  if (bytes > 0 || fin) must_answer_ = true;
  const u32 known = expected_ - header.sequence;  // of it already
  if (known > bytes) return;                      // too early, or all of it known
  const u32 part = smaller(bytes - known, kRing - received_);
  put_into_ring(receive_ring_, receive_at_ + received_, payload + known, part);
  received_ += part;
  expected_ += part;
  if (!fin || peer_closed_ || known + part != bytes) return;
  ++expected_;
  peer_closed_ = true;
}

// ---- Out

// The SYN, also as an answer to the other side's.
bool TcpConnection::put_opening(TcpHeader& header, u64 now) {
  if (next_ != initial_) return false;
  header.flags = static_cast<u8>(kTcpSyn | (state_ == State::SynReceived ? kTcpAck : 0));
  header.segment = kSegment;
  highest_ = ++next_;
  arm(now);
  return true;
}

// As much as segment and window allow. A part of a segment that only the window makes small waits for an
// acknowledgement (3.8.6.2.1); so does what is small beside what somebody else would cut up (RFC
// 9293, 3.7.4).
u32 TcpConnection::sendable() const {
  if (state_ != State::Open) return 0;
  const u32 unsent = sent() < buffered_ ? buffered_ - sent() : 0;
  u32 room = window_ > sent() ? window_ - sent() : 0;
  if (probing_ && sent() == 0 && room == 0) room = 1;
  const u32 part = smaller(smaller(unsent, large_ ? kMostAtOnce : segment_), room);
  if (sent() == 0 || (large_ && closing_)) return part;
  if (large_) return part < kWorthwhile ? 0 : part - part % segment_;
  return part < unsent && part < segment_ ? 0 : part;
}

u32 TcpConnection::put_data(u8* payload) {
  const u32 part = sendable();
  get_from_ring(send_ring_, send_at_ + sent(), payload, part);
  return part;
}

bool TcpConnection::output(TcpHeader& header, u8* payload, u32& bytes, u64 now) {
  bytes = 0;
  if (state_ == State::Closed || state_ == State::Ended) return false;
  header = {0, 0, next_, expected_, kTcpAck, static_cast<u16>(window_now()), 0, 0};
  if (state_ != State::Open) return put_opening(header, now);
  bytes = put_data(payload);
  next_ += bytes;
  if (bytes > 0 && sent() == buffered_) header.flags |= kTcpPush;
  if (may_finish()) {
    header.flags |= kTcpFin;
    ++next_;
    fin_sent_ = true;
  }
  const bool sends = next_ != header.sequence;
  if (is_after(next_, highest_)) highest_ = next_;
  const bool stuck = !sends && buffered_ > sent() && sent() == 0;  // by a closed window
  if ((sends || stuck) && deadline_ == kNoDeadline) arm(now);
  if (!sends && !must_answer_) return false;
  if (sends) probing_ = false;
  must_answer_ = false;
  told_window_ = header.window;
  return true;
}

void TcpConnection::arm(u64 now) { deadline_ = now + (kFirstTimeout << tries_); }

void TcpConnection::time_out() {
  deadline_ = kNoDeadline;
  if (++tries_ == kMostTries) return end(Fate::TimedOut);
  probing_ = window_ == 0;
  next_ = oldest_;  // all of it again
}

}  // namespace hvlab::kernel
