// A program started by HVLab (hosted programs only): its output read through pipes, ended with HVLab.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace hvlab {

class Child {
 public:
  /// Starts `arguments[0]` (looked for in PATH) with standard input empty. What it prints is kept; with
  /// `errors_to_terminal` its standard error goes where ours goes. Throws UserError if it cannot be started.
  Child(const std::vector<std::string>& arguments, bool errors_to_terminal);
  /// Stops it if it still runs.
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;

  int output_descriptor() const { return output_; }
  int errors_descriptor() const { return errors_; }

  /// Reads what there is to read; false once both streams have ended.
  bool read_some();

  const std::string& output() const { return text_; }
  const std::string& errors() const { return error_text_; }

  /// Asks it to stop (SIGTERM).
  void stop();

  /// Waits for its end: the exit status, or 128 + the signal that ended it.
  int wait();

 private:
  pid_t id_ = -1;
  int output_ = -1, errors_ = -1;
  std::string text_, error_text_;
};

/// Runs a program to its end and returns what it printed on standard output. Throws UserError, with its exit
/// status, if that is not 0; what it said on standard error has reached the user's.
std::string run_program(const std::vector<std::string>& arguments);

}  // namespace hvlab
