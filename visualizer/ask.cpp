#include "visualizer/ask.hpp"

#include <algorithm>

#include "sim/base/user_error.hpp"

namespace hvlab::visualizer {

namespace {

// What a program of ours says of a mistake, without the name that it puts in front.
std::string first_line(const std::string& errors, int status) {
  const std::string line = errors.substr(0, errors.find('\n'));
  return line.empty() ? "hvlab ended with status " + std::to_string(status) : line;
}

}  // namespace

const Answer& Asker::ask(const std::vector<std::string>& arguments) {
  const auto [found, is_new] = answers_.try_emplace(arguments);
  if (is_new) {
    waiting_.push_back(arguments);
    start_next();
  }
  return found->second;
}

const Answer& Asker::ask_again(const std::vector<std::string>& arguments) {
  forget(arguments);
  return ask(arguments);
}

void Asker::forget() {
  waiting_.clear();
  running_.clear();
  answers_.clear();
}

void Asker::forget(const std::vector<std::string>& arguments) {
  std::erase(waiting_, arguments);
  for (size_t i = running_.size(); i-- > 0;) {
    if (running_[i].key == arguments) {
      // Child has no assignment: the rest is moved to a new list.
      std::vector<Running> rest;
      for (size_t j = 0; j < running_.size(); ++j)
        if (j != i) rest.push_back(std::move(running_[j]));
      running_.swap(rest);
    }
  }
  answers_.erase(arguments);
}

void Asker::start_next() {
  while (running_.size() < kAtOnce && !waiting_.empty()) {
    const Key key = waiting_.front();
    waiting_.pop_front();
    std::vector<std::string> words{program_};
    words.insert(words.end(), key.begin(), key.end());
    try {
      running_.push_back({key, Child(words, false)});
    } catch (const UserError& error) {
      answers_[key].state = Answer::State::Failed;
      answers_[key].error = error.what();
    }
  }
}

bool Asker::take(Running& running) {
  const size_t before = running.child.output().size();
  bool more = true;
  for (int i = 0; i < 256 && more; ++i) {  // a pipe's worth at a time
    const size_t size = running.child.output().size() + running.child.errors().size();
    more = running.child.read_some();
    if (running.child.output().size() + running.child.errors().size() == size) break;
  }
  Answer& answer = answers_[running.key];
  if (running.child.output().size() != before) answer.text = running.child.output();
  if (more) return false;
  const int status = running.child.wait();
  answer.document = nlohmann::ordered_json::parse(answer.text, nullptr, false);
  if (answer.document.is_discarded()) answer.document = nullptr;
  // Some commands say by their status that things differ, and print all the same.
  const bool done = status == 0 || (status == 1 && !answer.document.is_null());
  answer.state = done ? Answer::State::Done : Answer::State::Failed;
  answer.error = done ? "" : first_line(running.child.errors(), status);
  return true;
}

bool Asker::poll() {
  bool changed = false;
  std::vector<Running> rest;
  std::vector<Running> all = std::move(running_);
  running_.clear();
  for (Running& running : all) {
    const size_t before = answers_[running.key].text.size();
    const bool ended = take(running);
    changed |= ended || answers_[running.key].text.size() != before;
    if (!ended) rest.push_back(std::move(running));
  }
  running_ = std::move(rest);
  start_next();
  return changed;
}

}  // namespace hvlab::visualizer
