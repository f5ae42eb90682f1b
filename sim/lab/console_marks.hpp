// When the guest's software said something on its console: the lines that start with a word, with their time.
#pragma once

#include <string>
#include <vector>

#include "sim/observe/event.hpp"

namespace hvlab::lab {

class ConsoleMarks final : public observe::Observer {
 public:
  struct Mark {
    Picoseconds time;  // of the line's first byte
    std::string text;
  };

  /// Notes lines that start with "HVLAB ".
  void on_event(const observe::Event& event) override;

  const std::vector<Mark>& marks() const { return marks_; }

 private:
  void take(u8 byte, Picoseconds time);

  std::vector<Mark> marks_;
  std::string line_;
  Picoseconds started_ = 0;
};

}  // namespace hvlab::lab
