// Work that takes longer than a frame, done by a thread of its own.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "sim/views/progress.hpp"

namespace hvlab::visualizer {

/// One result at a time, told apart by a key: a run's name and generation, what was asked of it.
template <class Result>
class Background {
 public:
  using Work = std::function<Result(views::Progress&)>;

  Background() = default;
  ~Background() { end(); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// What `work` made for `key`; null while it is at it, and if it failed. Another key than the last time
  /// stops what is under way and starts anew. `work` must not use what the window's thread uses, and has to
  /// heed Progress::stop.
  const Result* get(const std::string& key, Work work) {
    if (!key_ || *key_ != key) {
      end();
      key_ = key;
      progress_.emplace();
      ended_ = false;
      thread_ = std::thread([this, work = std::move(work)] { run(work); });
    }
    return ended_ && result_ ? &*result_ : nullptr;
  }

  bool busy() const { return key_ && !ended_; }
  double fraction() const { return progress_ ? progress_->fraction() : 0; }
  /// Why there is no result; empty if there is, or while it is being made.
  const std::string& error() const {
    static const std::string kNone;
    return ended_ ? error_ : kNone;
  }

 private:
  void run(const Work& work) {
    try {
      result_.emplace(work(*progress_));
    } catch (const std::exception& problem) {
      error_ = problem.what();
    }
    ended_ = true;
  }

  void end() {
    if (progress_) progress_->stop = true;
    if (thread_.joinable()) thread_.join();
    result_.reset();
    error_.clear();
    key_.reset();
  }

  std::optional<std::string> key_;
  std::optional<views::Progress> progress_;
  std::atomic<bool> ended_{false};  // what follows is the window's thread's from then on
  std::optional<Result> result_;
  std::string error_;
  std::thread thread_;
};

}  // namespace hvlab::visualizer
