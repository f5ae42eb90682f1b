#include "sim/lab/terminal.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace hvlab::lab {

namespace {

constexpr u8 kControlA = 1;
constexpr size_t kBuffer = 4096;

bool input_ready(int milliseconds) {
  pollfd descriptor{STDIN_FILENO, POLLIN, 0};
  return ::poll(&descriptor, 1, milliseconds) > 0;
}

}  // namespace

Terminal::Terminal(bool reads_input) : reads_input_(reads_input) {
  if (!reads_input_ || ::isatty(STDIN_FILENO) == 0 || ::tcgetattr(STDIN_FILENO, &saved_) != 0) return;
  termios raw = saved_;
  raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ECHONL | IEXTEN);  // ISIG stays: Ctrl-C ends the run
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  raw_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

Terminal::~Terminal() {
  flush();
  if (raw_) ::tcsetattr(STDIN_FILENO, TCSANOW, &saved_);
}

void Terminal::output(u8 byte) {
  pending_.push_back(static_cast<char>(byte));
  if (byte == '\n' || pending_.size() >= kBuffer || raw_) flush();
}

void Terminal::flush() {
  const char* from = pending_.data();
  size_t left = pending_.size();
  while (left != 0) {
    const ssize_t written = ::write(STDOUT_FILENO, from, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      pollfd descriptor{STDOUT_FILENO, POLLOUT, 0};
      ::poll(&descriptor, 1, -1);
      continue;
    }
    if (written <= 0) break;  // nobody reads any more: the guest goes on, as with a cable pulled
    from += written;
    left -= static_cast<size_t>(written);
  }
  pending_.clear();
}

int Terminal::input() {
  if (!reads_input_) return kEnd;
  if (!input_ready(0)) return kNothing;
  u8 byte = 0;
  const ssize_t count = ::read(STDIN_FILENO, &byte, 1);
  if (count == 1) {
    const int given = raw_ ? take(byte) : byte;
    if (given >= 0) ++typed_;
    return given;
  }
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return kNothing;
  reads_input_ = false;
  return kEnd;
}

int Terminal::take(u8 byte) {
  if (escape_) {
    escape_ = false;
    if (byte == 'x' || byte == 'X') {
      quit_ = true;
      return kNothing;
    }
    return byte == kControlA ? kControlA : kNothing;
  }
  escape_ = byte == kControlA;
  return escape_ ? kNothing : byte;
}

void Terminal::wait(Picoseconds span) {
  flush();
  input_ready(static_cast<int>(std::clamp<Picoseconds>(span / kMillisecond, 1, 1000)));
}

}  // namespace hvlab::lab
