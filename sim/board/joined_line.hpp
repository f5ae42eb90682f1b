// An interrupt wire with several sources and several receivers: asserted while any source asserts it.
#pragma once

#include <deque>
#include <vector>

#include "sim/ports/interrupt_line.hpp"

namespace hvlab::board {

class JoinedLine {
 public:
  JoinedLine() = default;
  JoinedLine(const JoinedLine&) = delete;
  JoinedLine& operator=(const JoinedLine&) = delete;

  /// A new source's end of the wire.
  InterruptLine& add_source() { return sources_.emplace_back(*this); }
  /// A receiver; while the machine is built.
  void add_receiver(InterruptLine& receiver) { receivers_.push_back(&receiver); }

  bool asserted() const { return asserting_ != 0; }

 private:
  class Source final : public InterruptLine {
   public:
    explicit Source(JoinedLine& line) : line_(line) {}
    void set(bool asserted) override {
      if (asserted == level_) return;
      level_ = asserted;
      line_.changed(asserted);
    }

   private:
    JoinedLine& line_;
    bool level_ = false;
  };

  void changed(bool asserted) {
    const bool before = asserting_ != 0;
    asserting_ += asserted ? 1 : -1;
    if (before == (asserting_ != 0)) return;
    for (InterruptLine* receiver : receivers_) receiver->set(asserting_ != 0);
  }

  std::deque<Source> sources_;
  std::vector<InterruptLine*> receivers_;
  int asserting_ = 0;  // sources that assert the wire
};

}  // namespace hvlab::board
