// One run that goes on and can be attached to (docs/live.md): how it stands, and what it is asked to do.
// Nothing here waits: what a run does not answer, the window does without.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/record/live_client.hpp"
#include "sim/record/trace_tail.hpp"

namespace hvlab::visualizer {

struct LiveVcpu {
  unsigned vm = 0, vcpu = 0;
  u64 exits = 0;
  bool operator==(const LiveVcpu&) const = default;
};

/// How a run stands, as it last said.
struct LiveStatus {
  Picoseconds time = 0;
  bool paused = false;
  std::string why;                 // it is paused
  std::optional<u64> processor{};  // at whose instruction it is paused
  Picoseconds processor_time = 0;  // of that one
  u64 instructions = 0;
  double speed = 0;               // simulated seconds in one of the host's; 0: as fast as it can
  std::vector<LiveVcpu> vcpus{};  // that have run

  bool operator==(const LiveStatus&) const = default;
  /// Where it stands: of the processor at whose instruction it is paused, else of the machine.
  Picoseconds here() const { return paused && processor ? processor_time : time; }
};

/// What `body` says of a run; what is missing or of another type is left at its default.
LiveStatus live_status_of(const record::Json& body);

/// The machine's document of a paused run, or why there is none.
struct LiveState {
  const record::Json* document = nullptr;  // good until the next poll()
  u64 number = 0;                          // of the document among all that have come, from 1
  bool busy = false;                       // it has been asked for
  std::string problem{};
};

class LiveRun {
 public:
  /// Attaches to the run at `socket`; problem() says if that was not possible.
  explicit LiveRun(std::string socket);

  const std::string& socket() const { return socket_; }
  bool attached() const { return client_ && client_->connected(); }
  /// Why it is not attached, or what it last refused; empty: nothing is wrong.
  const std::string& problem() const { return problem_; }
  /// Nothing until it has answered for the first time.
  const std::optional<LiveStatus>& status() const { return status_; }

  /// Takes what has come, and asks how it stands if that has not been asked for a while. `now`: the host's
  /// seconds. True if there is something new.
  bool poll(double now);

  void pause();
  void go();
  /// To the next exit, of any virtual processor or of this one. A run that goes on is paused by it.
  void step_exit(std::optional<LiveVcpu> of);
  /// One instruction of the processor at which it is paused, else of the first.
  void step_instruction();
  /// Simulated seconds in one of the host's; 0: as fast as it can.
  void set_speed(double speed);

  /// Where it paused since the last time that this was asked.
  std::optional<Picoseconds> take_stop() { return std::exchange(stop_, std::nullopt); }
  /// What its trace's file does not have yet, if it has said so since the last time.
  std::optional<record::TraceTail> take_tail() { return std::exchange(tail_, std::nullopt); }
  /// Asks for the tail again: the file had other records than the tail goes on from.
  void ask_tail();

  /// The machine where it is paused, with `address` (of a text "0x...", or empty) walked.
  LiveState state(const std::string& address);

 private:
  enum class Wish : u8 { Status, Deed, Tail, State };
  static constexpr size_t kMostOpen = 16;  // requests that wait for an answer

  bool ask(Wish wish, record::Json request);
  bool waits_for(Wish wish) const;
  void watch_tail(double now);
  void take_answer(Wish wish, record::Json body);
  void take_news(const record::Json& body);
  void stopped(LiveStatus status);
  void lost();

  std::string socket_, problem_;
  std::unique_ptr<record::LiveClient> client_;  // null: nobody was there
  std::map<u64, Wish> open_;
  std::optional<LiveStatus> status_;
  std::optional<Picoseconds> stop_;
  std::optional<record::TraceTail> tail_;
  double asked_ = -1;       // when it was last asked how it stands
  double tail_asked_ = -1;  // and for its tail while it goes on
  bool no_tail_ = false;    // it has none
  bool changed_ = false;

  record::Json document_;                   // null: none
  u64 documents_ = 0;                       // that have come
  std::optional<std::string> document_of_;  // the address that it is of, or is asked for with
  std::string document_problem_;
};

}  // namespace hvlab::visualizer
