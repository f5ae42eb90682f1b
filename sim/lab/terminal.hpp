// The guest's serial port on the user's terminal, pipe or file.
#pragma once

#include <termios.h>

#include <string>

#include "sim/board/console_host.hpp"

namespace hvlab::lab {

/// Standard output takes what the guest prints; standard input is what it reads. A terminal is put in raw
/// mode while this lives: keys go to the guest, except Ctrl-C (a signal) and Ctrl-A, which asks for a
/// command: X ends the run, another Ctrl-A sends one to the guest.
class Terminal final : public board::ConsoleHost {
 public:
  /// Without `reads_input` the guest never gets a character.
  explicit Terminal(bool reads_input);
  ~Terminal() override;
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // ConsoleHost
  void output(u8 byte) override;
  int input() override;

  /// Writes out what is buffered.
  void flush();

  /// True if a person is typing, so that an idle guest should wait for them in the host's time.
  bool interactive() const { return raw_; }
  /// Waits at most `span` of the host's time, less if a key is pressed.
  void wait(Picoseconds span);

  /// Characters that the guest was given, and whether there can be no more.
  u64 typed() const { return typed_; }
  bool input_ended() const { return !reads_input_; }

  /// True once the user has typed Ctrl-A X.
  bool quit() const { return quit_; }

 private:
  int take(u8 byte);

  bool reads_input_;
  u64 typed_ = 0;
  bool raw_ = false;
  bool escape_ = false;  // Ctrl-A was the last key
  bool quit_ = false;
  std::string pending_;
  termios saved_{};
};

}  // namespace hvlab::lab
