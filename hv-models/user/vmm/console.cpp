#include "hv-models/user/vmm/console.hpp"

#include "hv-models/user/library/text.hpp"

namespace vmm {
namespace {

constexpr char kMark[] = "HVLAB ";
constexpr size_t kMarkLength = sizeof kMark - 1;

}  // namespace

void Console::put(char byte) {
  if (byte == '\r') return;
  if (byte == '\n') return print_line();
  if (length_ == sizeof line_ - 1) print_line();
  line_[length_++] = byte;
}

void Console::flush() {
  if (length_ > 0) print_line();
}

// The workload's lines name the instance as they do in every way of running several
// (docs/teaching-hypervisors.md).
void Console::print_line() {
  line_[length_] = 0;
  length_ = 0;
  if (alone_) {
    user::print("%s\n", line_);
  } else if (memcmp(line_, kMark, kMarkLength) == 0) {
    user::print("HVLAB instance=%ld %s\n", long{number_}, line_);
  } else {
    user::print("vm%ld: %s\n", long{number_}, line_);
  }
}

}  // namespace vmm
