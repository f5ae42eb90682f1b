// What systems say of their requests and threads by marks (docs/marks.md), for the tracker of requests: the
// other source of what IoTracker is told, besides the functions of Linux (linux_io.hpp).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>

#include "sim/observe/io_tracker.hpp"
#include "sim/observe/mark.hpp"

namespace hvlab::observe {

class MarkedIo final : public Observer {
 public:
  /// The machine's address of the physical page at `page` of the system that `core` runs; nothing if it has
  /// none now.
  using Resolve = std::function<std::optional<u64>(unsigned core, u64 page)>;

  MarkedIo(IoTracker& tracker, Resolve resolve) : tracker_(tracker), resolve_(std::move(resolve)) {}

  /// Takes every event, after the tracker has.
  void on_event(const Event& event) override;

 private:
  struct Pending {  // a request that has not gone to a driver yet
    u64 thread = 0;
    std::vector<u64> pages;
    bool known = true;  // where all its memory is
  };
  void take(const Mark& mark);
  void take_of_system(const Mark& mark);
  void switched(const Mark& mark);
  void memory(const Mark& mark);
  void start(const Mark& mark);
  void depart(const Mark& mark);
  void arrive(const Mark& mark);
  void send(const Mark& mark);
  void copy(const Mark& mark);
  void vcpu_state(const Mark& mark);
  u64 place(u8 core) const;
  u64 thread(u8 core) const;

  IoTracker& tracker_;
  Resolve resolve_;
  MarkReader reader_;
  std::map<u64, u64> threads_;  // by place: a processor of the machine itself, or a virtual one
  std::set<unsigned> marking_;  // systems that mark their threads
  std::map<std::pair<unsigned, u64>, Pending> pending_;  // by system and request
};

}  // namespace hvlab::observe
