#include "sim/lab/progress_line.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace hvlab::lab {

namespace {

size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 80;
  return size.ws_col;
}

}  // namespace

std::string last_progress(const std::string& errors) {
  const size_t start = errors.rfind("\r\033[K");
  if (start == std::string::npos) return "";
  double simulated = 0, instructions = 0, speed = 0;
  const int read =
      std::sscanf(errors.c_str() + start + 4, "%lf s simulated, %lf million instructions, %lf million",
                  &simulated, &instructions, &speed);
  if (read == 3) return fmt::format("{:.2f} s simulated at {:.0f} MIPS", simulated, speed);
  // A cluster's cell says it as it is to be read.
  const size_t begin = start + 4, end = errors.find_first_of("\r\n", begin);
  const std::string line = errors.substr(begin, end == std::string::npos ? end : end - begin);
  return line.ends_with(" simulated") ? line : "";
}

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) != 0) {}

void ProgressLine::show(const std::vector<std::string>& texts) {
  const double now = host_seconds();
  if (!terminal_ || (now - shown_ < 0.25 && count_ == texts.size())) return;
  shown_ = now;
  count_ = texts.size();
  std::string line;
  for (const std::string& text : texts) line += (line.empty() ? "" : " | ") + text;
  std::fprintf(stderr, "\r\033[K%s", line.substr(0, terminal_width() - 1).c_str());
}

void ProgressLine::note(const std::string& text) {
  clear();
  std::fprintf(stderr, "%s\n", text.c_str());
}

void ProgressLine::clear() {
  if (terminal_) std::fputs("\r\033[K", stderr);
}

double host_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace hvlab::lab
