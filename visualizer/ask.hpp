// Documents that `hvlab` makes (compare --json, explain --json, ...), asked for in the background.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/base/child.hpp"
#include "sim/base/types.hpp"

namespace hvlab::visualizer {

/// What became of a question.
struct Answer {
  enum class State : u8 { Waiting, Done, Failed };
  State state = State::Waiting;
  nlohmann::ordered_json document;  // of Done: what stood on standard output; null if that was no JSON
  std::string text;                 // the same as it came
  std::string error;                // of Failed: what the program said
};

class Asker {
 public:
  /// `program` is the hvlab to start.
  explicit Asker(std::string program) : program_(std::move(program)) {}

  /// The answer to `hvlab ARGUMENTS`; the first time it is asked, the program is started. An answer is kept
  /// until forget().
  const Answer& ask(const std::vector<std::string>& arguments);

  /// Starts a program whose answer is wanted for its effect, as ask(), even if it was asked before.
  const Answer& ask_again(const std::vector<std::string>& arguments);

  /// Drops all answers, or the one; a program that still works on it is stopped.
  void forget();
  void forget(const std::vector<std::string>& arguments);

  /// Takes what programs have written. True if an answer has come or, of one that was started with
  /// ask_again(), some of its text. To be called often while busy().
  bool poll();
  bool busy() const { return !running_.empty() || !waiting_.empty(); }
  const std::string& program() const { return program_; }

 private:
  using Key = std::vector<std::string>;
  struct Running {
    Key key;
    Child child;
  };
  void start_next();
  bool take(Running& running);

  static constexpr size_t kAtOnce = 2;
  std::string program_;
  std::map<Key, Answer> answers_;  // references to its elements stay good
  std::deque<Key> waiting_;
  std::vector<Running> running_;
};

}  // namespace hvlab::visualizer
