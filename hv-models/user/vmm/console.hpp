// What a guest prints, in whole lines on standard output.
#pragma once

#include <cstddef>

namespace vmm {

class Console {
 public:
  /// `alone`: the only machine, whose lines are as they are.
  Console(unsigned number, bool alone) : number_(number), alone_(alone) {}
  void put(char byte);
  /// A line that has not been ended.
  void flush();

 private:
  void print_line();
  const unsigned number_;
  const bool alone_;
  char line_[512] = {};
  size_t length_ = 0;
};

}  // namespace vmm
