// A ring of requests and responses in one page that two virtual machines share: the front end asks, the back
// end answers, each in the entry of a request that has been taken. Neither trusts the other: each keeps its
// own indices to itself, reads the other's once, and looks at no entry again after it has copied it.
//
// Indices run on for ever; an entry's number is the index modulo the ring's size. Each side says in `wake_at`
// at which index of the other it wants to be told next, so that a busy pair exchanges few events.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::interdomain {

template <typename Request, typename Response>
struct RingPage {
  static constexpr u32 kEntries = 64;
  union Entry {
    Request request;
    Response response;
  };
  u32 requests;      // that the front end has put here
  u32 request_wake;  // the back end wants an event with the request of this index
  u32 responses;     // that the back end has put here
  u32 response_wake;
  u32 reserved[12];
  Entry entries[kEntries];
};

namespace ring_words {
inline u32 read(const u32& word) { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }
inline void write(u32& word, u32 value) { __atomic_store_n(&word, value, __ATOMIC_RELEASE); }
/// What was written is seen by the other before what is read from now on.
inline void fence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
/// True if going from `before` to `now` passes the index `wake` of whose entry the other wants to be told.
inline bool passes(u32 before, u32 now, u32 wake) { return now - wake - 1 < now - before; }
}  // namespace ring_words

template <typename Request, typename Response>
class FrontRing {
 public:
  using Page = RingPage<Request, Response>;
  /// Takes a page of zeros, which the back end will be told of.
  void set_up(Page* page) { page_ = page; }

  /// False if as many requests are under way as there are entries.
  bool put(const Request& request) {
    if (put_ - taken_ == Page::kEntries) return false;
    page_->entries[put_++ % Page::kEntries].request = request;
    return true;
  }
  /// Gives what was put to the back end; true if it has to be told.
  bool publish() {
    const u32 before = published_;
    published_ = put_;
    ring_words::write(page_->requests, put_);
    ring_words::fence();
    return ring_words::passes(before, put_, ring_words::read(page_->request_wake));
  }
  /// False if there is no further response.
  bool take(Response& response) {
    if (ring_words::read(page_->responses) == taken_ || taken_ == published_) return false;
    response = page_->entries[taken_++ % Page::kEntries].response;
    return true;
  }
  /// Asks to be told of the next response. True if one has come meanwhile: take it first.
  bool wait() {
    ring_words::write(page_->response_wake, taken_);
    ring_words::fence();
    return ring_words::read(page_->responses) != taken_ && taken_ != published_;
  }
  bool is_full() const { return room() == 0; }
  /// How many requests may be put.
  u32 room() const { return Page::kEntries - (put_ - taken_); }

 private:
  Page* page_ = nullptr;
  u32 put_ = 0, published_ = 0, taken_ = 0;
};

template <typename Request, typename Response>
class BackRing {
 public:
  using Page = RingPage<Request, Response>;
  void set_up(Page* page) { page_ = page; }

  /// False if there is no further request. An index beyond what the ring can hold is the front end's fault,
  /// and as good as none.
  bool take(Request& request) {
    if (!more()) return false;
    request = page_->entries[taken_++ % Page::kEntries].request;
    return true;
  }
  /// As FrontRing::wait(), of requests.
  bool wait() {
    ring_words::write(page_->request_wake, taken_);
    ring_words::fence();
    return more();
  }
  /// Answers one of the requests that were taken, in any order: a response says which. True if the front end
  /// has to be told.
  bool answer(const Response& response) {
    page_->entries[answered_ % Page::kEntries].response = response;
    const u32 before = answered_++;
    ring_words::write(page_->responses, answered_);
    ring_words::fence();
    return ring_words::passes(before, answered_, ring_words::read(page_->response_wake));
  }

 private:
  bool more() const {
    const u32 waiting = ring_words::read(page_->requests) - taken_;
    return waiting != 0 && waiting <= Page::kEntries - (taken_ - answered_);
  }

  Page* page_ = nullptr;
  u32 taken_ = 0, answered_ = 0;
};

}  // namespace hvlab::interdomain
