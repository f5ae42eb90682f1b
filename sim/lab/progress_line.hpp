// The line on standard error that says what is booting.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

/// What `hvlab boot --progress` said last on its standard error, shortened: "0.26 s simulated at 251 MIPS".
/// Empty if nothing.
std::string last_progress(const std::string& errors);

/// One line, rewritten in place on a terminal; nothing elsewhere.
class ProgressLine {
 public:
  ProgressLine();
  /// Shows these texts, cut to the terminal's width. Rate-limited unless the count of texts changed.
  void show(const std::vector<std::string>& texts);
  /// Prints a line that stays.
  void note(const std::string& text);
  void clear();

 private:
  bool terminal_;
  double shown_ = 0;
  size_t count_ = 0;
};

/// Seconds of the host's clock: for what a person waits, never for what is simulated.
double host_seconds();

}  // namespace hvlab::lab
