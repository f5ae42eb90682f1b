#include "sim/lab/console_marks.hpp"

namespace hvlab::lab {

namespace {

constexpr size_t kLongest = 256;  // of a line; the rest of a longer one is passed over
constexpr size_t kMost = 4096;    // marks

}  // namespace

void ConsoleMarks::on_event(const observe::Event& event) {
  if (event.kind == observe::EventKind::Console) take(static_cast<u8>(event.a), event.time);
}

void ConsoleMarks::take(u8 byte, Picoseconds time) {
  if (byte == '\n') {
    if (line_.starts_with("HVLAB ") && marks_.size() < kMost) marks_.push_back({started_, line_});
    line_.clear();
  } else if (byte >= ' ' && byte < 0x7F && line_.size() < kLongest) {
    if (line_.empty()) started_ = time;
    line_ += static_cast<char>(byte);
  }
}

}  // namespace hvlab::lab
