// One end of a TCP connection (RFC 9293): segments and bytes in, segments and bytes out. No locks, no
// waiting, no network: the owner has the rings' memory, the time and the wire, so that a test can be the
// owner too. Without options but the segment size, without selective or delayed acknowledgements, and without
// congestion control: what is lost is sent again after three duplicate acknowledgements or a time-out, and
// the window is all that limits the sender.
#pragma once

#include "hv-models/kernel/wire.hpp"

namespace hvlab::kernel {

class TcpConnection {
 public:
  static constexpr u32 kRing = 65536;  // bytes of each of the two rings
  static constexpr u16 kSegment = 1460;
  static constexpr u32 kMostAtOnce = 64000;  // with headers less than an IPv4 packet can have
  static constexpr u32 kWorthwhile = kRing / 4;
  static constexpr u64 kFirstTimeout = 200'000'000;  // ns; doubles each time
  static constexpr unsigned kMostTries = 6;
  enum class State : u8 { Closed, SynSent, SynReceived, Open, Ended };
  enum class Fate : u8 { Well, Refused, Reset, TimedOut };

  /// `rings`: 2 * kRing bytes.
  explicit TcpConnection(u8* rings) : send_ring_(rings), receive_ring_(rings + kRing) {}

  /// Begins to connect; `initial` is the first sequence number.
  void open(u32 initial);
  /// Bytes taken to be sent, as many as there is room for.
  u32 write(const u8* from, u32 bytes);
  u32 read(u8* to, u32 bytes);
  /// Nothing more will be written.
  void close() { closing_ = true; }
  /// Forgets everything: the other side gets no more answers.
  void end(Fate fate) { state_ = State::Ended, fate_ = fate, deadline_ = kNoDeadline; }

  /// A segment for this connection came.
  void input(const TcpHeader& header, const u8* payload, u32 bytes, u64 now);
  /// Somebody behind output() cuts what is larger than a segment() into several.
  void set_large(bool large) { large_ = large; }
  u16 segment() const { return static_cast<u16>(segment_); }
  /// How much payload the next output() has, up to kMostAtOnce.
  u32 sendable() const;
  /// The next segment to send: `payload` has room for sendable() bytes. False if there is none now. Ports are
  /// the owner's.
  bool output(TcpHeader& header, u8* payload, u32& bytes, u64 now);
  /// When time_out() wants to be called.
  static constexpr u64 kNoDeadline = ~u64{0};
  u64 deadline() const { return deadline_; }
  void time_out();

  State state() const { return state_; }
  Fate fate() const { return fate_; }
  u32 readable() const { return received_; }
  /// No more than readable() will ever come.
  bool at_end() const { return peer_closed_ || state_ == State::Ended; }
  u32 room() const { return closing_ ? 0 : kRing - buffered_; }

 private:
  u32 sent() const { return next_ - oldest_; }  // and not acknowledged, SYN and FIN included
  u32 first_data() const { return oldest_ == initial_ ? initial_ + 1 : oldest_; }
  u32 window_now() const;
  bool put_opening(TcpHeader& header, u64 now);
  u32 put_data(u8* payload);
  bool may_finish() const { return closing_ && !finished_ && sent() == buffered_; }
  void input_first(const TcpHeader& header);
  void acknowledged(const TcpHeader& header, u64 now, bool alone);  // alone: without data
  void take(const TcpHeader& header, const u8* payload, u32 bytes);
  void arm(u64 now);

  State state_ = State::Closed;
  Fate fate_ = Fate::Well;
  bool large_ = false;
  bool closing_ = false, peer_closed_ = false, must_answer_ = false, probing_ = false;
  bool fin_sent_ = false, finished_ = false;               // finished: the FIN is acknowledged
  u32 initial_ = 0, oldest_ = 0, next_ = 0, highest_ = 0;  // sequence numbers of what is sent (3.3.1)
  u32 window_ = 0, segment_ = kSegment;
  u8* send_ring_;
  u32 send_at_ = 0, buffered_ = 0;
  u32 expected_ = 0;  // of what is received
  u8* receive_ring_;
  u32 receive_at_ = 0, received_ = 0, told_window_ = 0;
  u64 deadline_ = kNoDeadline;
  unsigned tries_ = 0, duplicates_ = 0;
};

}  // namespace hvlab::kernel
